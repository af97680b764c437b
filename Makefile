# What there is to run. `make` alone lists it.
PYTHON ?= python3
PORT ?= 3000
RUNS ?= 1
VENV := .venv
BIN := $(VENV)/bin
# Nothing leaves the machine, and nothing is written to a home directory.
SCAN := $(abspath $(VENV)-scan)
SEMGREP := SEMGREP_SETTINGS_FILE=$(SCAN)/semgrep.yml SEMGREP_LOG_FILE=$(SCAN)/semgrep.log \
	$(SCAN)/bin/semgrep scan --quiet --strict --metrics=off --disable-version-check
# What runs in Lambda is built, and tried, with Lambda's Python, which is looked for once, and only where it is needed.
LAMBDA_PYTHON ?= $(eval LAMBDA_PYTHON := $(shell tools/find-python 3.13))$(LAMBDA_PYTHON)
SAM = $(VENV)-sam/bin/sam
WITH_SAM = SAM_CLI_TELEMETRY=0 PATH="$(dir $(LAMBDA_PYTHON)):$$PATH"
BANDIT := $(SCAN)/bin/bandit --quiet --configfile pyproject.toml --recursive
export PORT PARAMETERS

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: $(VENV)/requirements-run.txt.ok ## serve the whole stack on http://localhost:3000 (PORT=, PARAMETERS="Name=value ...")
	@PYTHONPATH=tools:layers/rescind exec $(BIN)/python -m rescind_local

cognito: $(VENV)/requirements-run.txt.ok ## a Cognito user pool on this machine, and its tokens beside Rescind's: no AWS account
	@PYTHONPATH=tools:layers/rescind $(BIN)/python tools/try_cognito.py

test: $(VENV)/requirements-dev.txt.ok ## the tests of every change; they need neither Docker nor SAM nor node nor a browser
	@$(BIN)/python -m pytest --numprocesses auto --dist loadfile

# The conftest.py of a folder is read before the workers start only where the folder is named.
proof: npm $(VENV)/requirements-dev.txt.ok ## what takes minutes: the fault matrix, each edge of the API's document, an OpenID provider of others, longer races and model runs; needs node and npm
	@cd tests/providers/js && npm ci --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/python -m pytest -m "proof and not soak" --numprocesses 4 tests/faults # Half of it is waiting.
	@$(BIN)/python -m pytest -m "proof and not soak" --numprocesses auto --dist loadfile --ignore tests/faults --ignore tests/examples # make examples runs those

peers: npm $(VENV)/requirements-dev.txt.ok ## third-party clients in JavaScript; needs node and npm
	@cd tests/peers/js && npm ci --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/python -m pytest -m node tests/peers

build: $(VENV)-sam/requirements-sam.txt.ok lambda-python ## what `sam deploy` uploads, in .aws-sam/build; needs Python 3.13 (ARCHITECTURE=arm64)
	@$(WITH_SAM) $(LAMBDA_PYTHON) tools/sam_build.py $(SAM) $(if $(ARCHITECTURE),--parameter-overrides Architecture=$(ARCHITECTURE))

sam: build $(VENV)/requirements-dev.txt.ok $(VENV)-lambda/requirements-lambda.txt.ok ## what was built: opened, started, and deployed onto an emulator of AWS
	@$(BIN)/python -m pytest -m sam tests/built tests/snapstart tests/journeys tests/deployed tests/examples tests/prove_on_aws

examples: npm $(VENV)/requirements-dev.txt.ok ## your own API attached, but for what is deployed; needs node and npm
	@cd examples/cdk && npm ci --ignore-scripts --no-audit --no-fund --silent
	@$(BIN)/python -m pytest -m "not soak and not sam" examples tests/examples

docker: build $(VENV)/requirements-dev.txt.ok $(VENV)-lambda/requirements-lambda.txt.ok ## `sam local` with what was built; needs a Docker engine
	@$(BIN)/python -m pytest -m docker tests/sam_local tests/journeys

bench: npm $(VENV)/requirements-dev.txt.ok $(VENV)-sam/requirements-sam.txt.ok $(VENV)-bench/requirements-bench.txt.ok ## how fast it is, beside a naive one, the physical floor and what others use; some minutes (RUNS=5, PAGE=write, PARTS="warm feed cold cold_routes peers operations growth")
	@cd bench/js && npm ci --ignore-scripts --no-audit --no-fund --silent
	@PYTHONPATH=.:layers/rescind:tools $(BIN)/python -m bench --runs $(RUNS) $(if $(PAGE),--page) $(PARTS)

mutation: $(VENV)/requirements-dev.txt.ok ## small mistakes in the modules that decide, each caught by a test (MODULES=)
	@PYTHONPATH=tools $(BIN)/python -m mutation $(MODULES)

soak: mutation $(VENV)-bench/requirements-bench.txt.ok ## mutation, fuzzing, the longest races, schedules, model runs and load: an hour or so
	@$(BIN)/python -c "import atheris" 2>/dev/null || \
		echo "The fuzzing is left out: there is atheris only for Linux on x86_64, with Python below 3.14."
	@$(BIN)/python -m pytest -m soak --numprocesses auto --dist loadfile --ignore tests/load --ignore tests/speed
	@$(BIN)/python -m pytest -m soak tests/load tests/speed # By themselves: they measure, and say how they come along.

check: lint types template checkov scan test ## lint, types, template, checkov, scan, tests

lint: $(VENV)/requirements-dev.txt.ok ## ruff: the linter with all rules, and the formatter
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check

types: $(VENV)/requirements-dev.txt.ok ## mypy, strict
	@$(BIN)/mypy

checkov: $(VENV)/requirements-dev.txt.ok $(VENV)-checkov/requirements-checkov.txt.ok ## checkov on the template as written and as SAM translates it, offline; each skip has its reason in infra/checkov.yaml
	@$(BIN)/python tools/checkov_template.py $(VENV)-checkov/bin/checkov

template: $(VENV)/requirements-dev.txt.ok ## cfn-lint on the template as written and as SAM translates it
	@$(BIN)/python tools/lint_template.py

scan: $(VENV)-scan/requirements-scan.txt.ok ## bandit, and our own rules for semgrep (.semgrep), offline; in an environment of their own
	@$(BANDIT) functions layers
	@$(BANDIT) --skip B102,B404,B603,B606 tools # They start programs, and one runs changed code; ruff's S102, S603 and S606 have a reason for each.
	@cd .semgrep && $(SEMGREP) --test .
	@$(SEMGREP) --error --disable-nosem --config .semgrep functions layers

rescind: $(BIN)/rescind ## the operator's command, as .venv/bin/rescind

$(BIN)/rescind: $(VENV)/requirements-run.txt.ok
	@printf '#!/bin/sh\nPYTHONPATH="%s" exec "%s" -m rescind_cli "$$@"\n' "$(abspath tools)" "$(abspath $(BIN))/python" > $@.new
	@chmod +x $@.new && mv $@.new $@
	@echo "Made $@. Try: $@ --local users --help"

format: $(VENV)/requirements-dev.txt.ok ## let ruff write what it can
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

validate: $(VENV)-sam/requirements-sam.txt.ok ## SAM's own validation; installs SAM CLI into an environment of its own
	@$(WITH_SAM) $(SAM) validate --lint --region us-east-1

requirements: $(VENV)/requirements-dev.txt.ok ## pin the newest versions, with hashes
	@tools/pin-requirements $(BIN)/uv

clean: ## forget the environments and caches
	@rm -rf $(VENV) $(VENV).lock $(VENV)-sam $(VENV)-sam.lock $(VENV)-scan $(VENV)-scan.lock $(VENV)-checkov $(VENV)-checkov.lock $(VENV)-lambda $(VENV)-lambda.lock $(VENV)-bench $(VENV)-bench.lock .mypy_cache .pytest_cache .ruff_cache .hypothesis .aws-sam

$(VENV)/%.ok: % | python
	@$(PYTHON) tools/set_up.py $(VENV) $<

$(VENV)-sam/%.ok: % | python
	@$(PYTHON) tools/set_up.py $(VENV)-sam $<

$(VENV)-scan/%.ok: % | python
	@$(PYTHON) tools/set_up.py $(VENV)-scan $<

$(VENV)-checkov/%.ok: % | python
	@$(PYTHON) tools/set_up.py $(VENV)-checkov $<

$(VENV)-bench/%.ok: % | lambda-python
	@$(LAMBDA_PYTHON) tools/set_up.py $(VENV)-bench $<

$(VENV)-lambda/%.ok: % | lambda-python
	@$(LAMBDA_PYTHON) tools/set_up.py $(VENV)-lambda $<

npm:
	@command -v npm >/dev/null || { echo "There is no npm, which comes with node: install node 20 or newer."; exit 1; }

lambda-python:
	@test -n "$(LAMBDA_PYTHON)" || { echo "There is no Python 3.13, which is what runs in Lambda: add LAMBDA_PYTHON=/path/to/python3.13"; exit 1; }

python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Rescind needs Python 3.11 or newer: add PYTHON=/path/to/python3"; exit 1; }

.PHONY: help run cognito rescind test proof bench build sam examples docker peers mutation soak check lint types template checkov scan format validate requirements clean npm python lambda-python
