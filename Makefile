# Everything a developer runs. `make` alone lists the targets; each does its own set-up.

MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# The interpreter the virtual environment is made with; empty: the first of 3.11 or later that is found.
PYTHON ?=
CODE := fsorch cli/fsorch_cli web/fsorch_web tests tools

.PHONY: help venv page demo screenshot test lint format docs machines wheel conformance clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' Makefile | expand -t 14

venv: $(STAMP) ## the virtual environment, with fsorch installed editable

$(STAMP): setup.cfg pyproject.toml tools/make_venv.sh
	@tools/make_venv.sh '$(VENV)' '$(PYTHON)'
	@echo 'fsorch: installing into $(VENV), which takes a minute or two'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $@

page: $(STAMP) ## the desktop page, if its sources have changed
	@$(BIN)/python tools/page.py --install-node

demo: $(STAMP) page ## a whole contact centre on a virtual switch; Ctrl-C ends it
	@$(BIN)/python tools/foreground.py $(BIN)/fsorch demo $(ARGS)

screenshot: $(STAMP) page ## the pictures of docs/images anew, from running centres (needs Chromium)
	@$(BIN)/python -m tests.browser.screenshot

test: lint docs page ## lint, docs and every test
	$(BIN)/python tools/run_tests.py $(ARGS)

lint: $(STAMP) ## ruff and mypy
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy $(CODE)

format: $(STAMP) ## lay out the code and mend what ruff can mend
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

docs: $(STAMP) ## every link in the documentation leads somewhere, every diagram is that of its table
	$(BIN)/python tools/check_docs.py
	$(BIN)/python tools/draw_machines.py --check

machines: $(STAMP) ## draw docs/machines.md from the machines' tables
	$(BIN)/python tools/draw_machines.py

wheel: $(STAMP) ## sdist and wheel in dist/
	$(BIN)/python -m build

conformance: $(STAMP) ## the conformance suite on a real switch: SWITCH=host:port PASSWORD=...
	@if [ -z "$$SWITCH" ] || [ -z "$$PASSWORD" ]; then \
	  echo 'make conformance needs the switch to try: make conformance SWITCH=127.0.0.1:8021 PASSWORD=...' >&2; exit 2; fi
	@FSORCH_SWITCH="$$SWITCH" FSORCH_SWITCH_PASSWORD="$$PASSWORD" $(BIN)/pytest tests/conformance $(ARGS)

clean: ## remove what make made
	rm -rf $(VENV) build dist *.egg-info web/desktop/node_modules web/fsorch_web/static
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find cli fsorch tests tools web -name __pycache__ -prune -exec rm -rf {} +

# What is given on make's command line reaches the recipe through the environment, never through a shell's quoting.
export SWITCH PASSWORD
