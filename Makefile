# Each target is a line or two over the real tools; README.md has them without make.
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: demo test repro ui lint clean
.DEFAULT_GOAL := help

help:
	@echo "make demo   set up, then the whole pipeline on the built-in corpus: no data to download"
	@echo "make repro  set up, then the whole pipeline: downloads IMDB and GloVe"
	@echo "make ui     browse the runs in MLflow"
	@echo "make test   set up, then lint, types and tests"

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.lock
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/installed
	dvc repro compare@demo
	@echo "Browse the runs: make ui"

repro: .venv/installed
	dvc repro

ui: .venv/installed
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --backend-store-uri sqlite:///mlflow.db

lint: .venv/installed
	ruff check .
	ruff format --check .
	mypy

test: lint
	pytest

clean:
	rm -rf .venv
