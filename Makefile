# `make demo` and `make test` do all of it on a fresh machine.
#
#   PYTHON=python3.12      another interpreter (3.11 to 3.13)
#   TORCH=torch==2.9.1     another release of torch
#   TORCH_INDEX=URL        where it comes from; see docs/install.md

export PYTHON TORCH TORCH_INDEX
# The tests on the full stack: make test VENV=.venv-full
VENV ?= .venv
# by its name, however its folder is written
STACK := $(if $(filter .venv-full,$(notdir $(VENV:%/=%))),full,light)
BIN := $(VENV)/bin

.PHONY: setup setup-full demo test test-all lint clean

setup:
	@tools/setup.sh $(VENV) $(STACK)

setup-full:
	@$(MAKE) --no-print-directory setup VENV=.venv-full

# Renders people, trains the shipped network on with them, tests it before and
# after, and draws what it sees.
demo: setup
	@$(BIN)/python tools/demo.py

# PyTorch and the numerical libraries of two workers would fight over cores.
test: setup
	@$(BIN)/python -m pytest -m 'not slow'

test-all: setup
	@$(BIN)/python -m pytest

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

clean:
	rm -rf .venv .venv-full build dist *.egg-info .pytest_cache .ruff_cache
	rm -rf wholebody_mm/.mim
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
