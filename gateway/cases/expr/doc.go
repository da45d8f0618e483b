// Package expr evaluates the expressions that stand between "${{" and "}}" in the texts of a cases.yaml: times relative to
// now, digests, signatures, encodings, names of values. docs/cases.md is its reference.
//
// An expression is a literal (a text in single or double quotes, an integer, a duration such as 5m), a name, a call
// such as base64(x), or several of those joined by + and -. Values are texts (any bytes), integers, times, durations,
// keys, and Unknown.
package expr
