SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
FUZZTIME ?= 20s
STATICCHECK_VERSION := v0.8.2
STATICCHECK := .cache/bin/staticcheck-$(STATICCHECK_VERSION)

.PHONY: help
help: ## this text
	@echo 'make TARGET [NAME=value]'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/setpoint and bin/demo; with npm here the page gets its scripts
	@mkdir -p bin
	@if command -v npm >/dev/null; then scripts/parts ui || echo 'the page is built without scripts: it does all but refresh itself'; fi
	@go build -v -buildvcs=false -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/setpoint ./cmd/demo 2>&1 | scripts/progress building

.PHONY: parts
parts: ## find or fetch what tests need: PostgreSQL, Prometheus 2 and 3, VictoriaMetrics, Chromium
	@scripts/parts postgres prometheus victoria-metrics prometheus-3 alertmanager chromium ui

# What starts no goroutine has no race to be found; the detector makes it five times slower. arch_test.go sees to it.
ALONE := ./slo ./slo/sloth ./slo/pyrra ./slo/slogenerator ./slo/nobl9 ./slo/rules ./sli ./budget ./loop/plant

.PHONY: test test-race test-alone
test: test-race test-alone ## run all tests with real parts, with the race detector where anything runs at once; ARGS='-run Name'

test-race: parts
	@# One package more at once than processors, since many wait for servers; without what debuggers read, and
	@# without vet, which check does.
	CGO_ENABLED=1 go test -race -shuffle=on -vet=off -p $$(($$(nproc) + 1)) -ldflags=-w -gcflags=all=-dwarf=false $(ARGS) \
		./web/browser ./cmd/setpoint ./web ./ledger $$(go list ./... | grep -vxF "$$(go list $(ALONE))")

test-alone: parts
	go test -shuffle=on -vet=off $(ARGS) $(ALONE)

.PHONY: pipelines
pipelines: ## ask the gate with the code of delivery tools; fetches much
	@scripts/parts datadog-ci
	cd web/pipelinetest && go test ./...

.PHONY: formats
formats: ## hold definitions, rules and the dashboard against the libraries of OpenSLO and Sloth, VictoriaMetrics' parser, Prometheus' rule groups and Grafana's schema
	cd slo/formatstest && go test ./...
	cd slo/slothtest && go test ./...

.PHONY: mistakes
mistakes: ## make every mistake that tests know of in every example, and see each refused in its line
	go test ./slo -run 'Mistakes|Indentation|Missing' -every-mistake

.PHONY: check
check: $(STATICCHECK) ## formatting, go vet, staticcheck, and who may import whom
	@unformatted=$$(find . -name '*.go' -not -path './.*' -exec gofmt -l {} +); \
		if [[ -n $$unformatted ]]; then printf 'not formatted by gofmt:\n%s\n' "$$unformatted"; exit 1; fi
	go mod verify
	go vet ./...
	$(STATICCHECK) ./...
	go test -run TestArch .

.PHONY: bench
bench: ## run all benchmarks; BENCH=name
	go test -run - -bench '$(or $(BENCH),.)' -benchmem ./...

.PHONY: bench-gate
bench-gate: parts ## measure durable answers of the gate beside bare pgx (2 minutes), write docs/gate.md
	go test -count=1 -v -run TestGateBench ./cmd/setpoint -bench-gate 10s

.PHONY: disk-full
disk-full: parts ## fill the file system that the gate's answers are on; root only, it mounts
	go test -count=1 -v -run 'TestDiskFull$$' ./ledger -disk-full

.PHONY: bench-verify
bench-verify: parts ## measure verification of a ledger of a million rows (5 minutes); ROWS=1000000
	go test -count=1 -timeout 60m -v -run 'TestVerifyMany$$' ./ledger -bench-verify $(or $(ROWS),1000000)

.PHONY: bench-takeover
bench-takeover: parts ## measure how long nobody leads after a leader was killed, frozen or cut off (2 minutes)
	go test -count=1 -timeout 20m -v -run 'TestTakeover$$' ./ledger -bench-takeover 3

.PHONY: bench-control
bench-control: parts ## measure loops on real plants against static settings (2 hours), write docs/control.md; PLANT=pool SEEDS=3 ONLY='the loop'
	go test -count=1 -timeout 180m -v -run TestControlBench ./cmd/setpoint -bench-control $(or $(PLANT),all) -bench-seeds $(or $(SEEDS),3) -bench-only '$(ONLY)'

.PHONY: chaos
chaos: parts ## random faults under load for DURATION (10m), write docs/chaos.md; SEED=1, BREAK=chain or blind takes a safeguard away
	go test -race -count=1 -timeout 60m -v -run 'TestChaos$$' ./cmd/setpoint -chaos $(or $(DURATION),10m) -chaos-seed $(or $(SEED),1) -chaos-break '$(BREAK)'

.PHONY: accuracy
accuracy: parts ## measure counts of 30 days on real backends (half an hour), write docs/accuracy.md; SEED=1 DAYS=30
	go test -count=1 -timeout 60m -v -run TestAccuracy ./sli/promql/accuracy -full -update -seed $(or $(SEED),1) -days $(or $(DAYS),30)

.PHONY: cost
cost: parts ## measure what budgets cost against rules (25 minutes), write it into docs/benchmarks.md; PARTS='windows|restart' for some
	go test -count=1 -timeout 60m -v -run '$(if $(PARTS),TestReport,TestCostAgainstRules|TestReport)' ./loop/cost -full -update -parts '$(or $(PARTS),.)'

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (20s) in turn, readers of definitions within 256 MB; FUZZ='./slo ' for some
	@grep -roE '^func Fuzz[A-Za-z0-9_]+' --include='*_test.go' --exclude-dir='.?*' . | \
		sed -E 's|/[^/]*:func | |' | sort | grep -E '$(or $(FUZZ),.)' | \
		while read -r package name; do \
			echo "$$package $$name"; \
			go test -run - -fuzz "^$$name$$" -fuzztime $(FUZZTIME) -exec 'env GOMEMLIMIT=200MiB' "$$package"; \
		done

.PHONY: demo
demo: build ## an incident that heals, with a page to watch; DURATION=120s ends by itself
	@scripts/parts postgres prometheus
	@bin/demo $(if $(DURATION),--duration=$(DURATION))

.PHONY: picture
picture: build ## take the pictures of README and docs from the demo anew
	@scripts/parts postgres prometheus
	@scripts/picture

.PHONY: clean
clean: ## remove what was built and fetched
	rm -rf bin .cache

$(STATICCHECK):
	@mkdir -p $(@D)
	@GOBIN=$(CURDIR)/$(@D) go install -v honnef.co/go/tools/cmd/staticcheck@$(STATICCHECK_VERSION) 2>&1 | scripts/progress 'building staticcheck'
	@mv $(@D)/staticcheck $@

.PHONY: fused
fused: ## show that counts and decisions come out alike on amd64 and arm64: no multiplication is fused with an addition
	@! GOARCH=arm64 go build -gcflags=-S ./loop ./budget ./sli 2>&1 | grep -E 'FN?M(ADD|SUB)' || { echo "a fused multiply-add is another number: write float64(x*y)"; exit 1; }

.PHONY: mutate
mutate: ## take each guard and each branch of a law away in turn; a scenario has to miss it (10 minutes); WORD=verify
	scripts/mutate $(WORD)

.PHONY: unguard
unguard: parts ## take each protection of docs/security.md away in turn; a test has to miss it (15 minutes); WORD=login
	go test -count=1 -timeout 120m -v -run 'TestGuardsAreThere$$' . -unguard '$(or $(WORD),.)'
