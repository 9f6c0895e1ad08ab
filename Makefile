# Each target sets up what it needs in .venv first; that takes a few minutes once.
PYTHON ?= python3
TEST_PROCESSES ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test ui bench lint format clean

BIN := .venv/bin
READY := .venv/.ready
BENCHMARKS := $(sort $(patsubst %.py,%,$(notdir $(wildcard uniscale_assets_tests/benchmarks/[a-z]*.py))))

help:
	@echo "make demo     run the demo study from text to report and print its ranking"
	@echo "make ui       open Dagster on 127.0.0.1:3000"
	@echo "make test     run the tests"
	@echo "make bench    run the benchmarks; each prints ratios taken in one run"
	@echo "make lint     ruff, import walls, types"
	@echo "make format   let ruff rewrite what it can"
	@echo "make clean    remove .venv and caches; what studies made (.uniscale) stays"
	@echo "PYTHON=python3.12 make ...   chooses the Python that .venv is made from"

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON): not found. Install Python 3.11 or newer, or name one: PYTHON=/path/to/python3.12 make $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("%s is Python %d.%d; 3.11 or newer is needed. Name one: PYTHON=python3.12 make $(MAKECMDGOALS)" % ((sys.executable,) + sys.version_info[:2]))'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments. On Debian or Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up .venv (a few minutes, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[test]'
	@touch $@

demo: $(READY)
	@$(BIN)/uniscale run demo

ui: $(READY)
	@$(BIN)/uniscale ui

# A file stays in one process, so that what its tests share is made once; files start in the order of their names.
test: $(READY)
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

bench: $(READY)
	@failed=""; for name in $(BENCHMARKS); do \
		echo "== $$name"; $(BIN)/python -m uniscale_assets_tests.benchmarks.$$name || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "failed:$$failed" >&2; exit 1; }

lint: $(READY)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/pyright --pythonpath $(BIN)/python

format: $(READY)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache build dist *.egg-info
	find uniscale_assets uniscale_assets_tests -name __pycache__ -type d -prune -exec rm -rf {} +
