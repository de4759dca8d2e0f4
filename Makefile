# Two commands set everything up on a bare Debian with Python 3.11, make and git:
#   make run    install, then the main job on seeds/ as a Prefect flow
#   make test   install, then format, lint, types, import contracts and tests

# A check whose output is shortened must still fail when the check does.
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: install run test check browser format clean
.DEFAULT_GOAL := run

install: $(VENV)/.installed

# The lock holds every version with its hashes: what runs here is what was tested.
$(VENV)/.installed: requirements.lock pyproject.toml
	@echo "installing into $(VENV) (about a minute the first time) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "feedmill needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.11"; exit 1; }
	@# Debian splits ensurepip off into python3-venv; as root we may add it, otherwise we say what to do.
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
	  || { rm -rf $(VENV); test "$$(id -u)" = 0 && command -v apt-get >/dev/null \
	       && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } \
	  || { rm -rf $(VENV); echo "cannot make a virtual environment: run 'apt-get install python3-venv' as root, then again"; exit 1; }
	@# The lock is whole, so there is nothing to resolve; older pips would look for newer ones of what it pins.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: install
	@$(BIN)/feedmill ingest --prefect on

check: install
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/pytest -q tests/test_docs.py 2>&1 | tail -n 1

# Prefect's pages are looked at with a real browser. As root we may add it, otherwise we say what to do.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq \
	       && apt-get install -y -qq --no-install-recommends chromium >/dev/null; } \
	  || { echo "the tests need a browser: run 'apt-get install chromium' as root, then again"; exit 1; }

# Two processes on any machine: while one waits for a server that it started, the other works.
test: check browser
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder

format: install
	@$(BIN)/ruff check --quiet --fix . ; $(BIN)/ruff format --quiet .

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
