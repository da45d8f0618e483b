package redislogin

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
)

func TestLoginsAreTexts(t *testing.T) {
	tests := []struct{ config, user, password, err string }{
		{`{}`, "", "", ""},
		{`{"username": null, "password": ""}`, "", "", ""},
		{`{"username": "u", "password": "0123"}`, "u", "0123", ""},
		{`{"username": 42, "password": 12345678901234567890}`, "42", "12345678901234567890", ""},
		{`{"username": 1.5, "password": true}`, "1.5", "true", ""},
		{`{"username": ["u"]}`, "", "", "username: must be a string"},
		{`{"username": "u", "password": {"s3cret": 1}}`, "", "", "password: must be a string"},
	}
	for _, tt := range tests {
		user, password, err := Of(field.Of(gjson.Parse(tt.config)))
		if tt.err != "" {
			assert.EqualError(t, err, tt.err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, [2]string{tt.user, tt.password}, [2]string{user, password}, tt.config)
	}
}
