# Needs Python 3.11 or later with pip, and make. Everything else comes from the locks.

PYTHON ?= python3
JOBS   ?= 2
UV     ?= 0.13

VENV  := .venv
JUDGE := $(VENV)-validators
BENCH := .venv-bench
BIN   := $(VENV)/bin
PIP   := -m pip --disable-pip-version-check install --quiet
LOCK  := --require-hashes --only-binary :all: -r
SELF  := --no-index --no-deps --no-build-isolation -e .

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow check bench campaign docs lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/package  ## run the example study; prints its table and where the report is
	$(BIN)/polylyte run examples/plm_pouch/study.toml

test: $(VENV)/test $(VENV)/package $(JUDGE)/ready  ## the default tests
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not slow" $(ARGS)

# pytest exits with 5 where nothing is marked slow.
test-slow: $(VENV)/test $(VENV)/package  ## the tests marked slow
	$(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m slow $(ARGS) || [ $$? -eq 5 ]

check: $(VENV)/test $(VENV)/package  ## lint, format, types, imports between rooms, licences
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_licences.py

bench: $(BENCH)/package  ## every benchmark, each against a named peer
	@for script in $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py)); do \
	    echo "== $$script"; $(BENCH)/bin/python $$script || exit 1; \
	done

campaign: $(VENV)/test $(VENV)/package  ## kill, fill and cut the power; prints the figures (an hour)
	$(BIN)/python -m tests.campaign $(ARGS)

docs: $(VENV)/docs $(VENV)/package  ## build the pages into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

# One resolve: what `all` pins constrains `test` and `core`. Pins stay where they
# are unless they must move; `make lock UPGRADE=--upgrade` moves all of them.
RESOLVE = $(VENV)-lock/bin/uv pip compile --quiet --no-header --universal \
    --python-version 3.11 --fork-strategy fewest --generate-hashes --only-binary :all:
COMPILE = $(RESOLVE) pyproject.toml --group build
lock: $(VENV)-lock/uv  ## resolve requirements/*.lock again from pyproject.toml
	$(COMPILE) $(UPGRADE) --all-extras --group test --group docs -o requirements/all.lock
	$(COMPILE) $(UPGRADE) --all-extras --group test -c requirements/all.lock -o requirements/test.lock
	$(COMPILE) $(UPGRADE) -c requirements/all.lock -o requirements/core.lock
	$(RESOLVE) $(UPGRADE) --group pyproject.toml:validators -o requirements/validators.lock

clean:  ## remove the environments and everything built
	rm -rf $(VENV) $(VENV)-lock $(JUDGE) $(BENCH) build dist site .mypy_cache .pytest_cache .ruff_cache \
	    .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp says what its environment holds; a changed lock starts it anew.
$(VENV)/core: requirements/core.lock
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python $(PIP) $(LOCK) $<
	@touch $@

$(VENV)/test: requirements/test.lock $(VENV)/core
	$(BIN)/python $(PIP) $(LOCK) $<
	@touch $@

$(VENV)/docs: requirements/all.lock $(VENV)/test
	$(BIN)/python $(PIP) $(LOCK) $<
	@touch $@

# The validator whose own needs are not those of the package; the tests run it as a program.
$(JUDGE)/ready: requirements/validators.lock
	$(PYTHON) -m venv --clear $(JUDGE)
	$(JUDGE)/bin/python $(PIP) $(LOCK) $<
	@touch $@

# The kernels are compiled once here, so that the first fit and discharge do not wait for it.
$(VENV)/package: pyproject.toml $(VENV)/core
	$(BIN)/python $(PIP) $(SELF)
	$(BIN)/python -c "from polylyte.analysis.impedance import _kernels; _kernels.ready()"
	$(BIN)/python -c "from polylyte.simulation.cell.compiled import ready; ready()"
	@touch $@

# The peers run beside the very versions that the core lock pins.
$(BENCH)/package: requirements/core.lock benchmarks/requirements-peers.txt pyproject.toml
	$(PYTHON) -m venv --clear $(BENCH)
	$(BENCH)/bin/python $(PIP) $(LOCK) requirements/core.lock
	sed -n 's/^\([a-z0-9._-]*==[^ ;]*\).*/\1/p' requirements/core.lock >$(BENCH)/constraints.txt
	$(BENCH)/bin/python $(PIP) -c $(BENCH)/constraints.txt -r benchmarks/requirements-peers.txt
	$(BENCH)/bin/python $(PIP) $(SELF)
	@touch $@

$(VENV)-lock/uv:
	$(PYTHON) -m venv --clear $(VENV)-lock
	$(VENV)-lock/bin/python $(PIP) "uv~=$(UV).0"
	@touch $@
