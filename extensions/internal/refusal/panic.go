package refusal

// PanicText describes what recover has returned, for the log. It holds the text of an error or of a string, nothing of
// other values: formatting them would link package fmt.
func PanicText(cause any) string {
	switch cause := cause.(type) {
	case error:
		return "recovered from panic " + cause.Error()
	case string:
		return "recovered from panic " + cause
	}
	return "recovered from a panic"
}
