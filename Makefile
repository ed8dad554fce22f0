# The commands of the project. Each first installs what it needs into the virtual environment .venv,
# and nothing twice. To use another Python than the first python3: make PYTHON=python3.12 demo

SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
RUN := PATH="$(CURDIR)/$(BIN):$$PATH"
WORKERS ?= 2
TESTS ?= tests
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
STAMPS := $(VENV)/.stamps

.DEFAULT_GOAL := help
.PHONY: help demo lab test test-fast lint format hooks docs binder bench labextension labextension-check clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(STAMPS)/base ## Run the main job: real functions, their trace, the same trace simulated (a minute after set-up)
	@$(RUN) python notebooks/demo.py --output demo-output

lab: $(STAMPS)/base ## Open JupyterLab on the tutorials
	@$(RUN) jupyter lab --notebook-dir=. notebooks/01-first-function.ipynb

test: $(STAMPS)/test $(STAMPS)/system ## Run every test, and name the ten slowest
	@$(RUN) scripts/run-tests.sh $(WORKERS) $(TESTS)

test-fast: $(STAMPS)/test ## Run the tests that take no more than a few seconds each
	@$(RUN) python -m pytest -n $(WORKERS) --dist loadgroup -m "not slow and not browser" $(TESTS)

lint: $(STAMPS)/lint ## Check style and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

format: $(STAMPS)/lint ## Put the code into the house style
	@$(RUN) ruff check --fix --quiet .
	@$(RUN) ruff format .

hooks: $(STAMPS)/lint ## Run the linters before every commit from now on
	@$(RUN) pre-commit install

docs: $(STAMPS)/docs $(STAMPS)/base ## Build the site into site/: runs the tutorials; a broken link is an error
	@$(RUN) python scripts/run-tutorials.py
	@$(RUN) python scripts/draw-gallery.py
	@$(VENV)/docs/bin/sphinx-build -W --keep-going -q -b html -d site/.doctrees docs site/html
	@echo "Open site/html/index.html"

binder: $(STAMPS)/test ## Do what Binder does with binder/, and time the first result (needs root)
	@$(RUN) jupyter-repo2docker --no-build --no-run .
	@$(RUN) python scripts/check-binder.py

bench: $(STAMPS)/test ## Measure against other tools in the same run (about 10 minutes; one peer needs Node.js)
	@for script in benchmarks/*.py; do echo; $(RUN) python $$script || exit 1; done

labextension: $(STAMPS)/base ## Rebuild the JupyterLab extension into labextension/prebuilt (needs Node.js)
	@$(RUN) scripts/build-labextension.sh

labextension-check: labextension ## Fail if the committed build is not what the sources give
	@git diff --exit-code --stat -- labextension/prebuilt

clean: ## Remove everything that these commands made
	rm -rf $(VENV) .benchmarks demo-output dist build site labextension/node_modules labextension/lib
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- what the commands need; each stamp file is as old as its last run ---

$(STAMPS)/venv: scripts/find-python.sh
	@python=$$(PYTHON='$(PYTHON)' scripts/find-python.sh) && \
	  echo "Making a virtual environment in $(VENV) with $$($$python --version)" && \
	  $$python -m venv $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/base: pyproject.toml $(STAMPS)/venv
	@echo "Installing lambda_nb and its libraries into $(VENV) (two to three minutes the first time)"
	@$(PIP) --editable .
	@touch $@

$(STAMPS)/test: $(STAMPS)/base
	@echo "Installing what the tests need into $(VENV)"
	@$(PIP) --editable '.[test,dask]'
	@touch $@

$(STAMPS)/lint: $(STAMPS)/base
	@echo "Installing the linters into $(VENV)"
	@$(PIP) --editable '.[lint]'
	@touch $@

# Sphinx has an environment of its own: awscli, a client in the tests, needs an older docutils.
$(STAMPS)/docs: docs/requirements.txt $(STAMPS)/venv
	@echo "Installing what the docs need into $(VENV)/docs"
	@$(BIN)/python -m venv $(VENV)/docs
	@$(VENV)/docs/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
	  --requirement docs/requirements.txt
	@touch $@

# Checked again in every run while something is missing, so that nobody forgets a skipped test.
$(STAMPS)/system: scripts/system-packages.sh $(STAMPS)/venv
	@scripts/system-packages.sh
	@scripts/system-packages.sh --check && touch $@ || true
