# Everything a newcomer types. Needs Python 3.11 or newer with pip, and make; `make` alone lists the targets.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin

# An environment is ready when its stamp is newer than the lock and the project file, so a second run starts at once.
# One with the development tools does for running too.
DEMO_STAMP := $(VENV)/installed-demo
DEV_STAMP := $(VENV)/installed-dev
READY := $(if $(wildcard $(DEV_STAMP)),$(DEV_STAMP),$(DEMO_STAMP))

# Packages come without byte code (see `install`), so the first import has to write it: where the environment forbids
# that, each of some thousand processes of the tests would compile pandas anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help histories decade pictures client-generator run test test-newest check lint style format types walls doctest scenarios assemblies fuzz orders recompute bench lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

# An installation's own place is a folder of the user's; the demonstration of a checkout stays in the checkout.
run: export COOP_DATA_DIR ?= data
run: $(READY) ## run everything on this machine with a demonstration, in data/; ARGS="--size 300" is passed on
	@$(BIN)/coop demo $(ARGS)

# A worker a core, but four at most, since each has servers of its own. ARGS="-n 0" runs all in one process.
test: $(DEV_STAMP) ## run all tests that this machine can run, and say which it skipped and why
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-newest: ## the same on the newest Python of this machine that the locked libraries allow
	@newest=$$($(PYTHON) -m tests.servers.pythons) && \
	if test "$$newest" = "$$($(PYTHON) -c 'import sys; print(sys.executable)')"; then \
	  echo "Skipped: this machine has no newer Python that every locked library allows."; \
	else echo "With $$newest:"; $(MAKE) --no-print-directory test VENV=.venv-newest PYTHON="$$newest"; fi

check: lint doctest test ## everything that a change has to pass

lint: style format types walls ## style, types and the walls between the rooms; with --keep-going all that is wrong

style: $(DEV_STAMP)
	$(BIN)/ruff check .

format: $(DEV_STAMP)
	$(BIN)/ruff format --check .

types: $(DEV_STAMP)
	$(BIN)/mypy

walls: $(DEV_STAMP)
	$(BIN)/lint-imports

# Migrations are scripts for Alembic, which only it can import.
doctest: $(DEV_STAMP) ## run the examples in the docstrings
	$(BIN)/python -m pytest --doctest-modules --ignore-glob='*/migrations/*' coop

# Kept apart from the project's own environment, whose packages are newer than the generator takes.
GENERATOR := build/client-generator
client-generator: $(GENERATOR)/stamp

$(GENERATOR)/stamp: tests/contract/client-generator.txt
	$(PYTHON) -m venv $(GENERATOR)
	$(GENERATOR)/bin/pip install --quiet --requirement $<
	touch $@

scenarios: $(READY) ## play the worked examples and other stories; ARGS="--show" prints every answer
	$(BIN)/coop scenario $(ARGS) tests/scenarios

histories: $(DEV_STAMP) ## play invented histories of bills against the reference; HISTORIES says how many
	COOP_HISTORIES=$(or $(HISTORIES),20000) $(BIN)/python -m pytest -q tests/billing/test_late_knowledge.py

decade: $(DEV_STAMP) ## bill an invented decade of HOMES=100 with kills and errors, on both databases, against the reference
	COOP_DECADE=$(or $(HOMES),100),10,$(or $(SEED),1),30 $(BIN)/python -m pytest -q -s tests/billing/test_decade.py

pictures: $(DEV_STAMP) ## take the pictures of the guides anew from the running product; needs Chromium
	$(BIN)/python -m tests.browser.pictures

assemblies: $(DEV_STAMP) ## play ASSEMBLIES=10000 invented assemblies with power cuts and mandates taken back; adopted motions act exactly once
	$(BIN)/python -m tests.governance.assemblies $(or $(ASSEMBLIES),10000)

fuzz: $(DEV_STAMP) ## throw bad input at the doors for an hour; ARGS="--minutes 5 --seed 7" plays shorter, or again
	$(BIN)/python -m tests.metering.fuzz $(ARGS)

orders: $(DEV_STAMP) ## readings in any order: how many of ORDERS=100000 histories end right; goes on from build/orders.json
	$(BIN)/python -m tests.metering.orders $(or $(ORDERS),100000) build/orders.json

recompute: $(DEV_STAMP) ## a demonstration year of HOMES=100 with every fault on, computed a second time from its log
	$(BIN)/python -m tests.flows.recomputed_year $(or $(HOMES),100)

bench: $(DEV_STAMP) ## measure speed and memory; ARGS names the measures
	$(BIN)/python -m benchmarks $(ARGS)

lock: $(DEV_STAMP) ## write requirements/ anew from pyproject.toml; ARGS="--upgrade" takes newer versions
	$(BIN)/python -m pip install --quiet uv
	$(COMPILE) --extra build pyproject.toml --output-file requirements/run.txt
	$(COMPILE) --extra build --extra demo pyproject.toml --output-file requirements/demo.txt
	$(COMPILE) --extra build --extra demo --extra dev pyproject.toml --output-file requirements/dev.txt

clean: ## remove the environment, caches and fetched servers; data/ stays
	rm -rf $(VENV) .venv-newest build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find coop tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# --universal makes one lock for all systems and Python versions; no package host is written into it.
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header --no-emit-index-url $(ARGS)

$(DEMO_STAMP): requirements/demo.txt pyproject.toml
	$(call install,demo)

$(DEV_STAMP): requirements/dev.txt pyproject.toml
	$(call install,dev)

# Byte code is left to the first import: writing it for all of pandas would double the wait. The project itself goes in
# as a link to this folder, without an isolated build, which would fetch a build tool past the lock.
define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo; \
	  echo "coop needs Python 3.11 or newer. Name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; } >&2
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo; \
	  echo "Python could not make an environment (Debian: apt-get install python3-venv)."; exit 1; } >&2
	@echo "Installing the locked packages of requirements/$(1).txt into $(VENV): once, for one or two minutes ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile \
	  --require-hashes -r requirements/$(1).txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
	@echo "Installed."
endef
