# What there is to run. `make` alone lists it.
PYTHON ?= python3
PORT ?= 3000
VENV := .venv
BIN := $(VENV)/bin
export PORT PARAMETERS

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/run.ok ## serve the whole stack on http://localhost:3000 (PORT=, PARAMETERS="Name=value ...")
	@PYTHONPATH=tools:layers/rescind exec $(BIN)/python -m rescind_local

test: $(VENV)/dev.ok ## every test that needs neither Docker nor SAM nor a browser
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

check: lint types template test ## lint, types, template, tests

lint: $(VENV)/dev.ok ## ruff: the linter with all rules, and the formatter
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(VENV)/dev.ok ## mypy, strict
	@$(BIN)/mypy

template: $(VENV)/dev.ok ## cfn-lint on the template as written and as SAM translates it
	@$(BIN)/python tools/lint_template.py

format: $(VENV)/dev.ok ## let ruff write what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

validate: $(VENV)-sam/sam.ok ## SAM's own validation; installs SAM CLI into an environment of its own
	@SAM_CLI_TELEMETRY=0 $(VENV)-sam/bin/sam validate --lint --region us-east-1

requirements: $(VENV)/dev.ok ## pin the newest versions, with hashes
	@tools/pin-requirements $(BIN)/uv

clean: ## forget the environments and caches
	@rm -rf $(VENV) $(VENV)-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis .aws-sam

$(VENV)/run.ok: requirements-run.txt
	@$(PYTHON) tools/set_up.py $(VENV) $<
	@touch $@

$(VENV)/dev.ok: requirements-dev.txt
	@$(PYTHON) tools/set_up.py $(VENV) $<
	@touch $@ $(VENV)/run.ok

$(VENV)-sam/sam.ok: requirements-sam.txt
	@$(PYTHON) tools/set_up.py $(VENV)-sam $<
	@touch $@

.PHONY: help run test check lint types template format validate requirements clean
