package model

import "unsafe"

// bytesOf shows a string as bytes, which must not be written to.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }
