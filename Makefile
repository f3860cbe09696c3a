# `make quickstart` and `make test` install what they need first. PYTHON is any Python 3.11; VENV is where the environment goes.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps
TORCH := $(shell sed -n 's/^\(torch==[^ ]*\).*/\1/p' requirements/cpu-py311.txt)
export PYTHONUNBUFFERED := 1

.PHONY: setup quickstart test test-fast bench fmt check clean

setup: $(VENV)/.ready

# torch first: where pip knows no CPU build, it comes from PyTorch's own index of CPU wheels.
$(VENV)/.ready: requirements/cpu-py311.txt requirements/repair.py pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v == (3, 11) else f"got Python {v[0]}.{v[1]}, expected 3.11; say make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) "$(TORCH)" \
		|| $(PIP) --index-url https://download.pytorch.org/whl/cpu "$(TORCH)"
	$(PIP) -r requirements/cpu-py311.txt
	$(PIP) --no-build-isolation -e .
	$(BIN)/python requirements/repair.py
	@touch $@

quickstart: setup
	$(BIN)/python -m training.demo.quickstart --out build/quickstart

test: check
	$(BIN)/python -m pytest

test-fast: setup
	$(BIN)/python -m pytest -m "not slow"

bench: setup
	for bench in tests/benchmarks/[a-z]*.py; do $(BIN)/python $$bench || exit 1; done

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build .mypy_cache .ruff_cache
