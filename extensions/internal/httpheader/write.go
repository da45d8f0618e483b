package httpheader

// Writer changes headers at the host, one at a time. Its functions are those of the ABI for requests or for responses.
type Writer struct {
	Remove       func(name string) error
	Replace, Add func(name, value string) error
}

// Set gives a header these values and no others; without values it is removed. It stops at the host's first error.
func (w *Writer) Set(name string, values []string) error {
	if len(values) == 0 {
		return w.Remove(name)
	}
	if err := w.Replace(name, values[0]); err != nil {
		return err
	}
	for _, value := range values[1:] {
		if err := w.Add(name, value); err != nil {
			return err
		}
	}
	return nil
}
