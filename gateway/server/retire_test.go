package server

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/wasmplane/wasmplane/gateway/manifest"
)

func TestStreamsOutliveTheirCluster(t *testing.T) {
	for _, protocol := range []string{"http", "http2"} {
		t.Run(protocol, func(t *testing.T) {
			proceed := make(chan struct{})
			slow := backend(t, func(w http.ResponseWriter, _ *http.Request) {
				io.WriteString(w, "begin ")
				http.NewResponseController(w).Flush()
				<-proceed
				io.WriteString(w, "end")
			})
			other := backend(t, marked)
			f := start(t, Config{}, services("up", protocol, slow), route("r", "/", "up.static:80"))
			res, err := f.h1.Do(f.request("GET", "/", nil))
			require.NoError(t, err)
			defer res.Body.Close()
			require.NoError(t, f.ReloadWith(context.Background(), []manifest.File{services("up", protocol, other), route("r", "/", "up.static:80")}, nil))
			assert.Equal(t, " ", f.get("/").body, "new streams go to the new endpoints")
			close(proceed)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, "begin end", string(body))
		})
	}
}
