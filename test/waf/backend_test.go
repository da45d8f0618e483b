package waf

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

// reflect is the backend that the tests of response rules expect: POST /reflect answers as its body says. Everything else
// is answered with 200.
func reflect(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain")
	if !strings.HasPrefix(r.URL.Path, "/reflect") {
		return
	}
	var answer struct {
		Status      int               `json:"status"`
		Headers     map[string]string `json:"headers"`
		Body        string            `json:"body"`
		EncodedBody string            `json:"encodedBody"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	text := []byte(answer.Body)
	if answer.EncodedBody != "" {
		if text, err = base64.StdEncoding.DecodeString(answer.EncodedBody); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	if answer.Status > 0 {
		w.WriteHeader(answer.Status)
	}
	_, _ = w.Write(text)
}
