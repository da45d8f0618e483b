// Package cases holds the declarative cases of plugins: the format of cases.yaml, the runner, and the comparison of what
// came with what must come. docs/cases.md is the format's reference.
//
// It drives any Engine through HTTP alone. Requests leave, and reach the upstreams that it provides, byte for byte as
// written: header lines, duplicates and targets such as "/%zz?x" included.
package cases
