# Everything a newcomer needs: `make demo`, `make test`, `make dev`. `make help` lists the rest.
SOURCE ?= sample
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
# Compile once at installation: every later command starts in half the time.
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --compile-bytecode --require-hashes --no-deps

.DEFAULT_GOAL := help
.PHONY: help demo dev test lint types check docs lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

demo: $(VENV)/.installed ## Run the whole pipeline on the packaged year (SOURCE=nyc or SOURCE=PATH for other data)
	@$(BIN)/crash-platform demo --source "$(SOURCE)"

dev: $(VENV)/.installed ## Open the Dagster UI, the pages and the API, with the hub, sensors and schedules running
	@$(BIN)/crash-platform dev

test: $(VENV)/.installed-dev lint types ## Check style, types and imports, then run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow and not spark and not azurite and not kafka and not browser and not openapi and not dagster_contract"

lint: $(VENV)/.installed-dev ## Check style and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(VENV)/.installed-dev ## Check types
	$(BIN)/mypy crash_platform

docs: $(VENV)/.installed-dev ## Write the data dictionary and the event schemas anew
	$(BIN)/python -m crash_platform.pipelines.dictionary > docs/data-dictionary.md
	$(BIN)/python -m crash_platform.pipelines.schemas docs/events

lock: $(VENV)/.installed-dev ## Resolve the dependencies anew, with hashes
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --all-extras pyproject.toml -o requirements/full.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --extra dev -c requirements/full.txt pyproject.toml -o requirements/dev.txt
	$(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -c requirements/full.txt pyproject.toml -o requirements/base.txt

clean: ## Remove the virtual environment and all local state
	rm -rf $(VENV) .crash_platform

$(VENV)/.uv: requirements/uv.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.installed: $(VENV)/.uv requirements/base.txt pyproject.toml
	$(INSTALL) -r requirements/base.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed requirements/dev.txt
	$(INSTALL) -r requirements/dev.txt
	@touch $@

$(VENV)/.installed-full: $(VENV)/.installed-dev requirements/full.txt
	$(INSTALL) -r requirements/full.txt
	@touch $@
