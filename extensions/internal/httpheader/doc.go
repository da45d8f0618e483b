// Package httpheader reads headers as hosts list them, and tells what a header's name and value can be. Look-ups take the
// headers of a request or response in their order, pseudo headers among them, with names in lower case.
package httpheader
