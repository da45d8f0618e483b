package refusal

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"

	"github.com/wasmplane/wasmplane/extensions/internal/field"
	"github.com/wasmplane/wasmplane/pkg/log"
)

// errors keeps what is logged as an error; nothing else is.
type errors struct {
	log.Log
	lines []string
}

func (e *errors) Error(line string) { e.lines = append(e.lines, line) }

func TestStatus(t *testing.T) {
	tests := []struct {
		value string
		want  uint32
		said  []string
	}{
		{`451`, 451, nil},
		{`"429"`, 429, nil},
		{`200`, 200, nil},
		{`null`, 403, nil},
		{`0`, 403, nil},
		{`1`, 403, nil},
		{`100`, 403, []string{"status: must be between 200 and 599, 403 is used"}},
		{`600`, 403, []string{"status: must be between 200 and 599, 403 is used"}},
		{`-5`, 403, []string{"status: must be between 200 and 599, 403 is used"}},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			logged := &errors{}
			log.SetPluginLog(logged)
			status, err := Status(field.Of(gjson.Parse(`{"status": `+tt.value+`}`)), "status", 403)
			assert.NoError(t, err)
			assert.Equal(t, tt.want, status)
			assert.Equal(t, tt.said, logged.lines)
		})
	}
	_, err := Status(field.Of(gjson.Parse(`{"status": "x"}`)), "status", 403)
	assert.EqualError(t, err, `status: must be a whole number, not "x"`)
}
