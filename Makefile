SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
# Packages tested at a time; each may use the database heavily.
PARALLEL ?= 2
# Tests of one package at a time: those with servers wait more than they compute.
TESTS ?= 3
# Packages tested first, those that take the longest: the others are done beside them.
LONGEST ?= ./test/e2e ./store
# Build tags of `make test`: "temporal" has the tests of package workflows that need
# a server; "e2e,chaos" has more.
TEST_TAGS ?= temporal
# More flags for every go test, such as "-run Start -v".
TEST_FLAGS ?=
# Servers of `make databases`, such as "mysql,mariadb"; empty for all.
ONLY ?=
# What `make databases` tests: all that talks to a server.
PACKAGES ?= ./store/... ./records/... ./joget/schema/... ./test/simulator/... ./activities/... ./test/conformance/... ./test/e2e/...
# Not empty: `make bench` measures the sizes that the budgets name, which takes longer.
FULL ?=
# Parts of `make bench`, such as "rows,files", which are printed only; empty for all.
PARTS ?=
# How long each fuzz test runs.
FUZZTIME ?= 20s
# Sizes of `make scale`: instances that are planned, those of each wave, how many workers,
# and entries of the ledger that is filled by SQL. 0 planned or 0 entries leaves that out.
PLANNED ?= 100000
INSTANCES ?= 20000
WORKERS ?= 1,2,3
ENTRIES ?= 1000000
# What a release calls itself.
VERSION ?= $(shell git describe --tags --always --dirty)

TOOL := $(GO) tool -modfile=tools/go.mod
TEMPORAL_CLI := github.com/temporalio/cli/cmd/temporal
# The end-to-end tests of one package take longer than Go waits by itself.
# The target vet has vetted what is tested, with more analyzers; symbols for debuggers take
# a third of the time to link, and stacks need none.
GO_TEST := $(GO) test -vet=off -ldflags='-s -w' -p $(PARALLEL) -parallel $(TESTS) -timeout 60m $(TEST_FLAGS)
# Runs a command with one MariaDB for all test processes, stopped at its end.
WITH_MYSQL := bin/withmysql

export PATH := $(PATH):/usr/sbin

##@ Everyday

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9\/-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build worker, starter and simulator into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/ ./worker ./starter ./test/simulator

release: ## Build the archives of a release and their checksums into out/release
	rm -rf out/release
	$(GO) run ./internal/release --version $(VERSION) --time $(shell git log -1 --format=%ct) --out out/release

demo: deps bin/temporal ## Migrate 40 instances between two simulated servers; KEEP=1 leaves all up, DOCS=1 writes it into the docs
	$(GO) build -o bin/demo ./test/demo
	bin/demo $(if $(KEEP),--keep) $(if $(DOCS),--write-docs)

fmt: ## Format the code
	$(TOOL) golangci-lint fmt ./...

tidy: ## Bring go.mod in line with the imports
	$(GO) mod tidy

##@ Tests (what they need is installed or built first)

test: deps bin/temporal bin/withmysql vet ## Run all tests; CI calls this
	$(WITH_MYSQL) $(GO_TEST) $(if $(TEST_TAGS),-tags $(TEST_TAGS)) $(LONGEST) ./...

race: deps bin/temporal bin/withmysql ## Run all tests with the race detector
	$(WITH_MYSQL) $(GO_TEST) -tags temporal -race ./...

e2e: deps bin/temporal bin/withmysql ## Run the end-to-end tests, with 500 instances continued on two servers
	$(WITH_MYSQL) $(GO_TEST) -tags e2e ./test/e2e/...

chaos: deps bin/temporal bin/withmysql ## Kill, cut and restart everything in the middle of migrations
	$(WITH_MYSQL) $(GO_TEST) -tags chaos -run Chaos ./test/e2e/...

databases: deps bin/temporal bin/databases ## Test on the system's server, MySQL 9.7 and MariaDB 11.8; ONLY=mysql PACKAGES=./store/... for less
	tools/install-mysql out/databases/mysql mysql-server-core
	tools/install-mysql out/databases/mariadb mariadb-server-core
	bin/databases -p $(PARALLEL) -only '$(ONLY)' $(PACKAGES)

histories: bin/temporal ## Act out every shape of the workflows on a Temporal server, and replay what came of it
	$(GO_TEST) -tags temporal -run RecordedShapes ./workflows

replay: ## Replay recorded workflow histories
	$(GO_TEST) -run Replay ./workflows/...

golden: deps bin/temporal bin/withmysql ## Rewrite golden files; review the difference like an API change
	$(WITH_MYSQL) $(GO) test -tags temporal $$(grep -rlE 'flag\.Bool\("update"' --include='*_test.go' . | xargs -r dirname | sort -u) -update

fuzz: ## Run each fuzz test for FUZZTIME
	for package in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -r dirname | sort -u); do \
		for name in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$package/*_test.go | cut -d' ' -f2); do \
			$(GO) test -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) $$package; \
		done; \
	done

bench: deps rivals bin/temporal ## Measure the budgets beside what people would use, into docs/benchmarks.md; FULL=1 for their own sizes, PARTS=rows for less
	FERRY_TEST_BENCH='$(if $(FULL),full,usual)' FERRY_TEST_BENCH_PARTS='$(PARTS)' \
		$(GO) test -run '^$$' -bench Budgets -benchtime 1x -timeout 3h $(TEST_FLAGS) ./test/bench

microbench: deps bin/temporal bin/withmysql ## Run the benchmarks of each package
	$(WITH_MYSQL) $(GO_TEST) -p 1 -run '^$$' -bench . -benchmem $$($(GO) list ./... | grep -v '/test/bench$$')

scale: deps bin/temporal build ## Measure waves of INSTANCES of PLANNED with WORKERS, and a ledger of ENTRIES, into docs/scale.md; hours
	$(GO) build -o bin/scale ./test/scale
	bin/scale -planned $(PLANNED) -instances $(INSTANCES) -workers $(WORKERS) -entries $(ENTRIES) -page docs/scale.md

##@ Checks

vet:
	$(GO) vet $(if $(TEST_TAGS),-tags $(TEST_TAGS)) ./...

lint: ## Run the linters and Temporal's determinism checker, and look for dead code
	$(TOOL) golangci-lint run ./...
	$(TOOL) workflowcheck -config tools/workflowcheck.yaml ./workflows/...
	dead=$$($(TOOL) deadcode -test ./...); if [ -n "$$dead" ]; then echo "$$dead" >&2; exit 1; fi

vuln: ## Look for known vulnerabilities in what is reachable
	$(TOOL) govulncheck ./...

check: lint test vuln ## Everything a change must pass
	$(GO) mod tidy -diff
	$(GO) mod verify

##@ Tools

deps: ## Install MariaDB's server with apt where it is missing, and unpack OpenSSH's
	@if [ -z "$${FERRY_TEST_MYSQL:-}" ] && ! command -v mariadbd >/dev/null; then tools/install-mariadb; fi
	@if ! [ -x /usr/sbin/sshd ]; then tools/install-sshd bin/sshd; fi

rivals: ## Unpack what `make bench` measures against, where the system lacks it and apt has it
	@for tool in mydumper rclone rsync; do \
		command -v $$tool >/dev/null || tools/unpack-debian bin/rivals/$$tool $$tool || echo "rivals: no $$tool; its rows will say so" >&2; \
	done

bin/temporal: tools/temporal/go.mod ## Build the Temporal CLI with its development server
	cd tools/temporal && $(GO) build -trimpath -ldflags='-s -w' -o ../../$@ $(TEMPORAL_CLI)

bin/databases: $(wildcard test/mysqltest/*.go test/mysqltest/databases/*.go test/child/*.go)
	$(GO) build -o $@ ./test/mysqltest/databases

bin/withmysql: $(wildcard test/mysqltest/*.go test/mysqltest/withmysql/*.go test/child/*.go)
	$(GO) build -o $@ ./test/mysqltest/withmysql

clean: ## Remove what was built
	rm -rf bin out

.PHONY: help build release demo fmt tidy test race e2e chaos databases histories replay golden fuzz bench microbench scale vet lint vuln check deps rivals clean
