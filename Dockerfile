# A plugin's image for those who have Docker: the bytes of `make build PLUGIN_NAME=…` in an image of one file.
#
#   docker build --build-arg PLUGIN_NAME=key-auth -t registry.example.com/plugins/key-auth:1.0.0 .
#
# `make build-image` and `make build-push` make an image without Docker. See docs/images.md.

# Any image with a Go toolchain. go.work names the release that compiles: another one fetches it.
ARG BUILDER=golang:1.26.8
ARG PLUGIN_NAME=hello-world

FROM ${BUILDER} AS build
ARG PLUGIN_NAME
# Build tags besides those of plugin.yaml, separated by commas or spaces.
ARG EXTRA_TAGS=
ARG GOPROXY=https://proxy.golang.org,direct
# The images of golang say local, and would compile with whatever they have.
ENV GOTOOLCHAIN=auto
WORKDIR /src
COPY . .
# The tool does what `make build` does: it compiles with the flags and tags of the plugin and links.
RUN --mount=type=cache,target=/root/.cache/go-build --mount=type=cache,target=/go/pkg/mod \
    go build -buildvcs=false -o /usr/local/bin/wasmplane ./gateway/cmd/wasmplane && \
    wasmplane build "${PLUGIN_NAME}" --tags "${EXTRA_TAGS}"

FROM scratch
ARG PLUGIN_NAME
# plugin.envoy.wasm is the module of a plugin with Redis for stock Envoy and Istio.
ARG MODULE=plugin.wasm
LABEL org.opencontainers.image.title="${PLUGIN_NAME}" \
      org.opencontainers.image.source="https://github.com/wasmplane/wasmplane" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build "/src/extensions/${PLUGIN_NAME}/${MODULE}" /plugin.wasm
