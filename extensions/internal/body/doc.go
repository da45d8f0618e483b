// Package body says which bodies a plugin may read or edit, what an edit does to the headers, and edits JSON without
// touching the bytes around the edit.
package body
