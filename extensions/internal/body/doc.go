// Package body says which bodies a plugin may read or edit, what an edit does to the headers, and edits JSON and forms
// without touching the bytes around the edit.
//
// For one or two JSON values that plain names lead to, Last, Replace and Set are enough. A Document takes any number of
// edits, at any place that sjson knows, within twice the memory of the text. Fields are a form's, urlencoded or multipart.
package body
