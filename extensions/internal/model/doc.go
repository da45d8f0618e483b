// Package model finds and edits the name of the model in requests to language models: the member of a JSON body, or the
// field of a multipart form. Where a name is repeated the last one counts, and an edit makes all of them equal, so that no
// backend reads another name than the gateway.
package model
