# One command makes a dataset, one passes the tests; both set up what they need first.
.DEFAULT_GOAL := help
.PHONY: help dataset test check format bench train clean

VENV := .venv
PYTHON := $(VENV)/bin/python
RUN := runs/default
PRESET := smoke
ARGS :=

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(VENV)/installed: pyproject.toml constraints.txt tools/setup.sh
	@bash tools/setup.sh $(VENV)

dataset: $(VENV)/installed ## generate a dataset (PRESET=smoke|small|obman RUN=runs/default ARGS="--seed 1")
	@$(VENV)/bin/obman-gen --run $(RUN) dataset --preset $(PRESET) $(ARGS)

test: check ## lint, types and all tests
	@$(PYTHON) -m pytest -q

check: $(VENV)/installed ## formatting, lint and types
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/basedpyright

format: $(VENV)/installed ## rewrite the sources in the house format
	@$(VENV)/bin/ruff format .
	@$(VENV)/bin/ruff check --fix .

bench: $(VENV)/installed ## run every benchmark, one after the other
	@for script in benchmarks/*.py; do echo "== $$script"; OMP_NUM_THREADS=1 $(PYTHON) $$script || exit 1; done

train: $(VENV)/installed ## train the reconstruction model on RUN
	@$(VENV)/bin/obman-gen --run $(RUN) train $(ARGS)

clean: ## remove the environment and caches; datasets under runs/ stay
	rm -rf $(VENV) .pytest_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
