# Every task a person or CI runs. `make` does what CI does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# An environment of the caller's own must not leak into the build.
unexport VIRTUAL_ENV CONDA_PREFIX PYTHONPATH PYTHONHOME

# One test at a time goes to a core that is free: the slow ones come last and must not queue behind each other.
ON_ALL_CORES := -n auto --dist loadgroup

SOURCES := $(shell find kernels_rs -name '*.rs' -o -name 'Cargo.toml') Cargo.toml Cargo.lock pyproject.toml

.PHONY: all help scan test quick lint rust asan cuda cuda-asan cuda-tsan cuda-mutants cuda-nvrtc gpu-check
.PHONY: format mutants startup wheel lock build dev clean

all: lint rust test cuda  ## everything CI runs

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

scan: build  ## scan the simulated market: no network, no key
	$(BIN)/atc scan --exchange demo

test: dev  ## the Python tests on all cores (and the kernels' own, `make rust`)
	$(BIN)/python -m pytest $(ON_ALL_CORES)

quick: dev  ## the tests without the slow ones
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m "not slow"

lint: dev  ## ruff and mypy
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

rust: ## rustfmt, clippy and the kernels' tests
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --locked --quiet

asan:  ## the kernels' tests under AddressSanitizer (minutes; x86-64 Linux)
	RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zsanitizer=address CARGO_TARGET_DIR=target/asan \
		cargo test -p atc-core --locked --release --target x86_64-unknown-linux-gnu

# The same sources that a GPU gets, compiled by g++ behind a header: neither a GPU nor CUDA is needed.
cuda: dev cuda-asan cuda-tsan  ## the CUDA kernels on this processor against the other backends (g++)
	$(BIN)/python -m pytest $(ON_ALL_CORES) -m cuda tests/engine

cuda-asan: dev  ## the same under AddressSanitizer and UBSan, a small set
	$(BIN)/python -m tests.helpers.cuda.checked asan

cuda-tsan: dev  ## the same under ThreadSanitizer, a small set
	$(BIN)/python -m tests.helpers.cuda.checked tsan

cuda-mutants: dev  ## seeded defects of the CUDA kernels, each of which must be caught (minutes)
	$(BIN)/python -m tests.helpers.cuda.mutants

cuda-nvrtc: $(VENV)/.nvrtc  ## the CUDA kernels through NVIDIA's compiler for six architectures: no spills, nothing fused
	$(BIN)/python -m tests.helpers.cuda.nvrtc

gpu-check: build  ## parity and times on a GPU of this machine, as JSON (pip install 'atc-cli[cuda]' first)
	@$(BIN)/python -m tests.gpu.check

format: dev  ## rewrite the sources in the house style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	cargo fmt --all

# pip compiles what it installs; an editable package would be compiled at every start where Python may not write it.
build: $(VENV)/.built  ## the virtual environment, pinned dependencies, the extension
	@$(BIN)/python -m compileall -q atc_cli

dev: $(VENV)/.dev build  ## the same with the tools for tests and lint

mutants: dev  ## seeded mutants of the kernels, and the test that kills each (half an hour)
	nice $(BIN)/python -m tests.mutants

startup: build  ## how long atc takes to print its help, median of 10
	$(BIN)/python -m tests.measure.startup

wheel: build  ## a wheel in dist/
	$(BIN)/maturin build --release --locked --out dist

lock: $(VENV)/.dev  ## renew the lock files after a change of dependencies
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra build --extra all --universal --generate-hashes --no-annotate \
		--custom-compile-command "make lock" --output-file requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-annotate \
		--constraint requirements.lock --custom-compile-command "make lock" --output-file requirements-dev.lock

clean:  ## remove what was built
	rm -rf $(VENV) target dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -f atc_cli/_kernels*.so

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("atc needs Python 3.11 or newer, this is " + sys.version.split()[0] + ": make PYTHON=python3.11") if sys.version_info < (3, 11) else 0'
	@command -v cargo >/dev/null || { echo "atc needs Rust (cargo): install it with rustup" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements.lock | $(VENV)/bin/python
	@echo "installing pinned dependencies"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	@echo "installing pinned tools for tests and lint"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.nvrtc: pyproject.toml $(VENV)/.dev build
	@echo "installing NVIDIA's compiler"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check nvidia-cuda-nvrtc-cu12==12.9.86
	@touch $@

$(VENV)/.built: $(SOURCES) $(VENV)/.installed
	@echo "building the Rust extension"
	@. $(BIN)/activate && PIP_QUIET=1 maturin develop --release --locked --quiet
	@touch $@
