# `make` lists the targets. Each installs what it needs into $(VENV) first.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help run test check prove mutate bench screenshots

help: ## List the targets.
	@sed -n 's/^\([a-z]*\): .*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST)

run: $(INSTALLED) ## Serve a throw-away database, show a first conversation, print address and tokens.
	$(BIN)/coupon-billing demo

# Three at once on two cores: many tests wait for a process or a clock.
test: $(INSTALLED) ## Run every test but the long proofs.
	tests/console/install-chromium
	tests/clients/install-runtimes
	$(BIN)/python -m pytest -n 3 --dist worksteal

check: $(INSTALLED) ## Lint, formatting, types, generated pages, secrets, and known weaknesses of packages.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python docs/generate_pages.py --check
	PYTHON=$(BIN)/python tests/security/scan-secrets
	$(BIN)/python -m tests.security.audit

prove: $(INSTALLED) ## Run the long proofs, and write what they measured into docs/reliability.md.
	tests/console/install-chromium
	tests/clients/install-runtimes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,fuzz]'
	$(BIN)/python -m pytest -m prove -n 2 --dist worksteal -p tests.reliability.table

mutate: $(INSTALLED) ## Change the arithmetic in small ways, and write into docs/mutation.md what tests notice.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,mutate]'
	$(BIN)/python -m tests.mutation

bench: $(INSTALLED) ## Measure for an hour and a half, print tables, and write them into docs/performance.md.
	$(BIN)/python -m benchmarks --write

screenshots: $(INSTALLED) ## Take the screenshots of docs/console.md anew.
	tests/console/install-chromium
	$(BIN)/python -m tests.console.screenshots

# Made anew when a dependency changes. The pip of a new environment may be as
# old as its Python: it is brought up to date first.
$(INSTALLED): setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,check]'
	touch $@
