# CI and pre-commit call these verbs and nothing else.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# without compiled files each process of the suite compiles all modules anew
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install demo doctor test fast check bench fmt

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

install: $(STAMP) ## .venv with everything for development

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "torch>=2.6,<2.14"
	$(BIN)/pip install --quiet -e '.[dev,transformers,tensorboard]'
	@touch $@

demo: $(STAMP) ## write the demo cohort, train, evaluate on external centres, export
	test -e data/demo/manifest.csv || $(BIN)/python scripts/make_demo.py --out data/demo
	$(BIN)/python train.py +experiment=glioma_fusion

doctor: $(STAMP) ## open every file of the demo cohort and look
	$(BIN)/python scripts/check_cohort.py cohort=data/demo

test: $(STAMP) ## the whole suite, slow tests included
	$(BIN)/pytest -q -n 2 --dist worksteal

fast: $(STAMP) ## the suite without the end-to-end runs
	$(BIN)/pytest -q -n 2 --dist worksteal -m "not slow"

check: $(STAMP) ## lint, format, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_architecture.py

bench: $(STAMP) ## time the statistics beside other libraries, in one run
	OMP_NUM_THREADS=1 $(BIN)/python benchmarks/statistics.py

fmt: $(STAMP) ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
