package wrapper

// SetContext stores a value for the life of the stream.
func (s *stream) SetContext(key string, value interface{}) {
	if s.values == nil {
		s.values = map[string]interface{}{}
	}
	s.values[key] = value
}

// GetContext returns a stored value, or nil.
func (s *stream) GetContext(key string) interface{} { return s.values[key] }

// GetBoolContext returns a stored bool, or the default if there is none.
func (s *stream) GetBoolContext(key string, defaultValue bool) bool {
	return valueOr(s.values, key, defaultValue)
}

// GetStringContext returns a stored string, or the default if there is none.
func (s *stream) GetStringContext(key, defaultValue string) string {
	return valueOr(s.values, key, defaultValue)
}

// GetByteSliceContext returns a stored []byte, or the default if there is none.
func (s *stream) GetByteSliceContext(key string, defaultValue []byte) []byte {
	return valueOr(s.values, key, defaultValue)
}

// GetIntContext returns a stored int, or the default if there is none.
func (s *stream) GetIntContext(key string, defaultValue int) int {
	return valueOr(s.values, key, defaultValue)
}

func valueOr[T any](values map[string]interface{}, key string, defaultValue T) T {
	if v, ok := values[key].(T); ok {
		return v
	}
	return defaultValue
}

// SetUserAttribute stores an attribute for logs and traces.
func (s *stream) SetUserAttribute(key string, value interface{}) {
	if s.attributes == nil {
		s.attributes = map[string]interface{}{}
	}
	s.attributes[key] = value
}

// GetUserAttribute returns an attribute, or nil.
func (s *stream) GetUserAttribute(key string) interface{} { return s.attributes[key] }

// SetUserAttributeMap makes kvmap itself the stream's attributes.
func (s *stream) SetUserAttributeMap(kvmap map[string]interface{}) { s.attributes = kvmap }

// GetUserAttributeMap returns the stream's attributes; writes to it count.
func (s *stream) GetUserAttributeMap() map[string]interface{} {
	if s.attributes == nil {
		s.attributes = map[string]interface{}{}
	}
	return s.attributes
}
