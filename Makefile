# Every target sets up what it needs: on a new machine `make demo` or `make test` is the first thing to type.
.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check laws laws-deep laws-bite simulate matrix crash bench bench-peers format lock clean

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
READY := .venv/.ready

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## Make .venv and install everything that is locked in constraints.txt

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Seatrial needs Python 3.11 or newer; none was found on the PATH." >&2; exit 1; }
	@echo "Setting up .venv; this takes a minute or two, once." >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

demo: $(READY)  ## Run one shop's whole day offline, and compare both sides
	@$(BIN)/seatrial demo

serve: $(READY)  ## Serve the fakes until interrupted
	@$(BIN)/seatrial serve

test: $(READY)  ## Run every test but the kills, which take minutes (make crash)
	@$(BIN)/python -m pytest -q -n auto --dist worksteal --ignore=tests/crash/test_crash.py

check: $(READY)  ## Ruff, mypy, import arrows and the repository's own habits
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/test_tidy.py

laws: $(READY)  ## Hold every fake and connector to its contract
	@$(BIN)/python -m pytest -q -n auto --dist worksteal tests/laws tests/ports tests/models

laws-deep: $(READY)  ## The same with a thousand examples an operation, and a fresh seed
	@SEATRIAL_DEEP=1 $(BIN)/python -m pytest -q -n auto --dist worksteal tests/laws tests/ports tests/models

laws-bite: $(READY)  ## Plant a defect for each law, and show which law catches it
	@$(BIN)/python -m tests.laws.bite

simulate: $(READY)  ## A hundred days of a merchant under harsh faults and crashes, each run twice
	@$(BIN)/seatrial simulate --seeds 100 --days 0.25 --orders 12 --faults harsh --twice

matrix: $(READY)  ## Every write under every fault, and a day with a fault at each of its calls
	@$(BIN)/seatrial matrix

crash: $(READY)  ## Fifty workers killed with SIGKILL on SQLite, fifty on DBOS and PostgreSQL
	@$(BIN)/seatrial crash

bench: $(READY)  ## Measure the fakes against a bare server on this machine
	@$(BIN)/python -m bench

bench-peers: $(READY)  ## The same beside other mock servers, fetched from the npm registry
	@$(BIN)/python -m bench --peers

format: $(READY)  ## Put the code in order
	@$(BIN)/ruff check --fix --quiet . && $(BIN)/ruff format --quiet .

lock:  ## Write constraints.txt anew from the newest versions pyproject.toml allows
	@rm -rf .venv/lock && $(PYTHON) -m venv .venv/lock
	@.venv/lock/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@.venv/lock/bin/python -m pip freeze --exclude-editable > constraints.txt
	@rm -rf .venv/lock

clean:  ## Remove what was made here
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .bench .node
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
