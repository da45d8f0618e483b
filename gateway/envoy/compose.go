package envoy

// Compose is a docker-compose.yaml that runs an Envoy on the envoy.yaml beside it, which must listen on port 10000 and
// have its admin endpoints on 15000, and an upstream echo:8080 that answers with what it received.
func Compose() []byte {
	return []byte(`# Requests go to http://127.0.0.1:10000, Envoy's admin endpoints are on http://127.0.0.1:15000.
services:
  envoy:
    image: envoyproxy/envoy:v` + Version + `
    command: [--config-path, /etc/envoy/envoy.yaml, --component-log-level, "wasm:info"]
    volumes: [".:/etc/envoy:ro"]
    ports: ["127.0.0.1:10000:10000", "127.0.0.1:15000:15000"]
    depends_on: [echo]
  echo:
    image: mendhak/http-https-echo:37
`)
}
