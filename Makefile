# `make demo` and `make test` work on a machine that has Python 3.11 or later with venv, make and
# nothing else. Everything lands in .venv, once; what is installed is what requirements/*.txt say,
# checked by hash, and nothing is resolved (docs/decisions/0001-locks-with-hashes.md).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --require-hashes
LOCK_VENV := $(VENV)-lock
PLAN ?= plans/abilene
# Further words for pytest, e.g. make test ARGS='tests/finance -x'
ARGS ?=
# What `make test` runs; the rest have targets of their own.
QUICK := not scenarios and not every_number and not ray and not browser and not workbook and not web and not docs

.PHONY: help demo test test-scenarios test-browser test-web test-workbook test-docs test-gradients test-ray lint bench conformance docs site lock lock-upgrade setup setup-test setup-browser setup-web setup-docs setup-ray setup-compare format clean

help: ## say what the targets do
	@sed -n 's/^\([a-z-]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-22s%s\n", $$1, $$2}'

demo: setup ## set everything up and run the Abilene plan
	$(BIN)/offtake run $(PLAN)

test: setup-test ## set everything up and run the tests
	$(BIN)/python -m pytest -n 2 -m "$(QUICK)" $(ARGS)

test-scenarios: setup-test ## the slow tests: scenarios of plans, plans beside the oracle, benchmarks (minutes)
	XLA_FLAGS= OFFTAKE_CPU_DEVICES= $(BIN)/python -m pytest -n 2 -m scenarios $(ARGS)

test-browser: setup-browser ## open the report and the server's pages in a browser: errors, accessibility, printing; skips where there is no Chromium
	$(BIN)/python -m pytest -n 0 -m browser $(ARGS)

test-workbook: setup-test ## have LibreOffice work workbooks out anew; skips where there is none
	$(BIN)/python -m pytest -n 0 -m workbook $(ARGS)

test-web: setup-web ## ask the server's JSON API for all that its description allows, and for what it does not
	$(BIN)/python -m pytest -n 0 -m web $(ARGS)

test-gradients: setup-test ## hold the derivative by every number of every kind against bumps (a quarter of an hour)
	$(BIN)/python -m pytest -n 0 -m every_number $(ARGS)

test-ray: setup-ray ## runs on a Ray cluster of two nodes on this machine, a worker and a node killed
	$(BIN)/python -m pytest -n 0 -m ray $(ARGS)

lint: setup-test ## style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports

format: setup-test ## mend what style mends by itself
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: setup-compare ## offtake against plain NumPy, compiled loops and PySAM, as ratios
	$(BIN)/python -m benchmarks $(ARGS)

conformance: setup-compare ## compare with outside truth; writes docs/conformance.json and .md
	$(BIN)/python -m tests.conformance $(ARGS)

docs: setup-docs ## the documentation: pages written, every example run, the site built in build/docs
	$(BIN)/python -m docs.build $(ARGS)
	$(BIN)/python -m pytest -n 2 -m docs
	$(MAKE) site

site: setup-docs ## the site alone, without running the examples
	$(BIN)/python -m docs.site.stage build/docs-source
	$(BIN)/sphinx-build -q -W --keep-going -b html -c docs/site build/docs-source build/docs
	@echo "Open build/docs/index.html"

test-docs: setup-docs ## run every example of the documentation, its notebooks and its how-to pages
	$(BIN)/python -m pytest -n 2 -m docs $(ARGS)

# ------------------------------------------------------------------------------------------- set-up

setup: $(VENV)/.run ## .venv with offtake in it
setup-test: $(VENV)/.test ## .venv with offtake and what tests and checks need
setup-ray: $(VENV)/.ray ## the same as setup-test and Ray
setup-browser: $(VENV)/.browser ## the same and what drives a browser
setup-web: $(VENV)/.web ## the same and what asks by description
setup-docs: $(VENV)/.docs ## the same and what makes the documentation
setup-compare: $(VENV)/.compare ## the same and what comparisons need besides

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  found=$$($(PYTHON) -V 2>/dev/null || echo "not a command here"); \
	  echo "offtake needs Python 3.11 or later; '$(PYTHON)' is $$found." >&2; \
	  echo "Name another one, e.g.: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
	  echo "'$(PYTHON)' cannot make a virtual environment: its modules venv and ensurepip are missing." >&2; \
	  echo "On Debian and Ubuntu they come with a package of their own: apt install python$$version-venv" >&2; \
	  echo "(python3-venv for the system's own Python). Then try again." >&2; exit 1; }
	@echo "Making $(VENV) with $$($(PYTHON) -V) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements/run.txt pyproject.toml
	@echo "Installing what offtake needs (requirements/run.txt; once, some minutes on a slow line) ..."
	@$(INSTALL) --requirement requirements/run.txt
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.run requirements/test.txt
	@echo "Installing what the tests need (requirements/test.txt; once) ..."
	@$(INSTALL) --requirement requirements/test.txt
	@touch $@

$(VENV)/.ray: $(VENV)/.test requirements/ray.txt
	@echo "Installing Ray (requirements/ray.txt; once) ..."
	@$(INSTALL) --requirement requirements/ray.txt
	@touch $@

$(VENV)/.browser: $(VENV)/.test requirements/browser.txt
	@echo "Installing what drives a browser (requirements/browser.txt; once) ..."
	@$(INSTALL) --requirement requirements/browser.txt
	@touch $@

$(VENV)/.web: $(VENV)/.test requirements/web.txt
	@echo "Installing what asks the JSON API by its description (requirements/web.txt; once) ..."
	@$(INSTALL) --requirement requirements/web.txt
	@touch $@

$(VENV)/.docs: $(VENV)/.test requirements/docs.txt
	@echo "Installing what makes the documentation (requirements/docs.txt; once) ..."
	@$(INSTALL) --requirement requirements/docs.txt
	@touch $@

$(VENV)/.compare: $(VENV)/.test requirements/compare.txt
	@echo "Installing what comparisons need (requirements/compare.txt; once) ..."
	@$(INSTALL) --requirement requirements/compare.txt
	@touch $@

# -------------------------------------------------------------------------------------------- locks

# The only way requirements/*.txt change. Pins stay as they are unless an .in file asks otherwise;
# `make lock-upgrade` moves every pin. The index is the public one, whatever this machine's pip is set to.
COMPILE := CUSTOM_COMPILE_COMMAND="make lock" PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= \
	$(LOCK_VENV)/bin/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host $(UPGRADE)

lock: $(LOCK_VENV)/.made ## write requirements/*.txt from requirements/*.in
	$(COMPILE) --output-file requirements/run.txt requirements/run.in
	$(COMPILE) --output-file requirements/test.txt requirements/test.in
	$(COMPILE) --output-file requirements/browser.txt requirements/browser.in
	$(COMPILE) --output-file requirements/web.txt requirements/web.in
	$(COMPILE) --output-file requirements/docs.txt requirements/docs.in
	$(COMPILE) --output-file requirements/compare.txt requirements/compare.in
	$(COMPILE) --output-file requirements/ray.txt requirements/ray.in
	@! grep -nE '^(-i|-f|--)|://' requirements/run.txt requirements/test.txt

lock-upgrade: UPGRADE := --upgrade
lock-upgrade: lock ## the same, moving every pin to the newest release

$(LOCK_VENV)/.made:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info[:2] == (3, 11) else "make lock needs Python 3.11, the oldest one supported")'
	$(PYTHON) -m venv --clear $(LOCK_VENV)
	$(LOCK_VENV)/bin/python -m pip install --quiet --disable-pip-version-check pip-tools
	@touch $@

clean: ## remove everything that the targets above made, but for the locks
	rm -rf $(VENV) $(LOCK_VENV) .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
