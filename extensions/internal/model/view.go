package model

import "unsafe"

// Text shows bytes as a string. A body may be a hundred megabytes, and the guest's memory is not to hold it a fourth time;
// so the bytes must stay as they are as long as the string is used.
func Text(data []byte) string { return unsafe.String(unsafe.SliceData(data), len(data)) }

// bytesOf shows a string as bytes, which must not be written to.
func bytesOf(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }
