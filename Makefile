# `make studio` and `make test` are the two commands; both work on a fresh machine with Python 3.11 or later.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python .ci/install.py --constraint constraints.txt
INSTALLED_FROM := pyproject.toml constraints.txt
# Two processes share the test files; `make test WORKERS=0` runs all in one. One that crashes is not started again: the run ends, as a failure.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --max-worker-restart 0

.DEFAULT_GOAL := help
.PHONY: help studio test quick check docs clean

help:
	@echo "make studio   open the studio on http://127.0.0.1:7788 (installs what it needs into $(VENV), no torch)"
	@echo "make test     install what the tests need and run all of them"
	@echo "make quick    the tests without the slow and the browser ones"
	@echo "make check    ruff, mypy and make test"
	@echo "make docs     write docs/cli.md and docs/controls.md anew"
	@echo "make clean    remove $(VENV)"

# One stamp file for each thing that is installed into the one environment: running again costs nothing.
$(VENV)/made:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Impasto needs Python 3.11 or later, and $(PYTHON) is %s: make PYTHON=python3.11 ..." % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/use: $(VENV)/made $(INSTALLED_FROM)
	@echo "Installing Impasto into $(VENV) ..."
	$(INSTALL) --editable .
	@touch $@

$(VENV)/all: $(VENV)/made $(INSTALLED_FROM)
	@echo "Installing Impasto with all that training and tests need into $(VENV) ..."
	$(INSTALL) --editable '.[train,dev]'
	@touch $@ $(VENV)/use

studio: $(VENV)/use
	$(BIN)/impasto studio

test: $(VENV)/all
	$(PYTEST)

quick: $(VENV)/all
	$(PYTEST) -m "not slow and not browser"

check: $(VENV)/all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST)

docs: $(VENV)/use
	$(BIN)/python docs/generate.py

clean:
	rm -rf $(VENV)
