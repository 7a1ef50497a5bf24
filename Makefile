# Everything runs in an environment of its own: the package named "config" must not meet another distribution's.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CONSTRAINTS := constraints.txt
DATA ?= ../shared/data

.PHONY: demo test check bench kill-test train run clean

# The product alone, pinned. torch first, by its exact version: a range would fetch gigabytes of CUDA packages.
$(VENV)/.product: pyproject.toml $(CONSTRAINTS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) torch
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.product
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable ".[dev,train]"
	touch $@

demo: $(VENV)/.product
	$(BIN)/monitor demo --out demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --constraint $(CONSTRAINTS) --editable ".[bench]"
	$(BIN)/python -m bench

kill-test: $(VENV)/.dev
	MONITOR_KILLS=30 MONITOR_KILL_POSTS=shared $(BIN)/python -m pytest -s tests/acceptance/test_kills.py
	MONITOR_SOURCE_KILLS=1000 $(BIN)/python -m pytest -s tests/acceptance/test_source_kills.py

# About an hour on two cores. Further flags: python -m classifiers.training --help
train: $(VENV)/.dev
	$(BIN)/python -m classifiers.training --data $(DATA) --out runs/model

run: $(VENV)/.product
	$(BIN)/monitor run

clean:
	rm -rf $(VENV) demo dist build *.egg-info
