// Package schema validates JSON against JSON Schema, drafts 4, 6 and 7 (https://json-schema.org/specification-links).
// It is made for documents that come from anybody:
//   - a document becomes one list without pointers, 20 bytes a value; numbers keep all their digits;
//   - objects in which a name comes twice are refused, because readers of JSON disagree about their meaning;
//   - validation stops at the first violation, allocates next to nothing until then, and is over after a number of steps
//     that grows with the document's size, whatever the schema; no number, no list and no pattern takes more than linear
//     time;
//   - a violation says where and which keyword, but holds no value of the document.
//
// Everything that a schema needs is compiled by Compile; nothing is fetched, so a $ref leads to the schema itself. What
// other libraries offer and cost is in the plugin's README.
package schema
