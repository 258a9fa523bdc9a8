# Each target is a line or two over the real tools; README.md has them without make.
PYTHON ?= python3
PIP := .venv/bin/pip --quiet --disable-pip-version-check install --constraint requirements.lock
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: help demo repro ui test lint clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up, then the whole pipeline on the built-in corpus: nothing to download"
	@echo "make repro   set up, then the whole pipeline, on IMDB and GloVe too"
	@echo "make ui      browse the runs in MLflow"
	@echo "make test    set up, then lint, types and tests"

.venv/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	$(PYTHON) -m venv .venv
	$(PIP) --editable .
	@touch $@

.venv/developing: .venv/installed
	$(PIP) --editable '.[dev]'
	@touch $@

demo: .venv/installed
	dvc repro compare@demo
	@echo "Compare the runs in MLflow: make ui"

repro: .venv/installed
	dvc repro

ui: .venv/installed
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false mlflow ui --workers 1 --backend-store-uri sqlite:///mlflow.db

lint: .venv/developing
	ruff check .
	ruff format --check .
	mypy

test: lint
	pytest

clean:
	rm -rf .venv
