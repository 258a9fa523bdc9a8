# Each target is a line or two over the real tools; README.md has them without make.
PYTHON ?= python3
PIP := .venv/bin/pip --quiet --disable-pip-version-check install --constraint requirements.lock
VARIANT ?= attention_entropy
CORPUS ?= demo
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY ?= true

.PHONY: help demo stages-of-demo repro stages-of-all ui experiments docs docs-serve bench chaos test lint audit clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    set up, then the whole pipeline on the built-in corpus: nothing to download"
	@echo "make repro   set up, then the whole pipeline, on IMDB and GloVe too"
	@echo "make ui      browse the runs in MLflow"
	@echo "make experiments   those of DVC side by side, for one variant: VARIANT=attention_entropy CORPUS=demo"
	@echo "make docs    the course and the guides as a site; make docs-serve shows it while one writes"
	@echo "make bench   speed beside a plain notebook's, on the tensors of imdb"
	@echo "make chaos   kills, outages and other trouble on purpose; what held: docs/trust.md"
	@echo "make test    set up, then lint, types and tests: some ten minutes on two cores"
	@echo "make audit   known vulnerabilities of the exact versions in requirements.lock"

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=...")'
	@echo "Setting up .venv: a minute or two."
	@$(PYTHON) -m venv .venv
	@$(PIP:--quiet=) --editable . | { ok=1; n=0; while read -r step what _; do case "$$step $$what" in \
		Collecting*) n=$$((n + 1)); printf '\rpackages: %s, now %-40s' $$n "$$what" ;; \
		"Installing collected") printf '\rpackages: %s, installing them %-36s' $$n ... ;; \
		"Successfully installed") ok=0; printf '\nInstalled.\n' ;; \
	esac; done; exit $$ok; }
	@[ -e .git ] || .venv/bin/dvc config --local core.no_scm true  # unpacked from a ZIP
	@install -d -m 700 .dvc/tmp/site  # what DVC remembers in pickles: docs/trust.md, "Pickles of DVC"
	@.venv/bin/dvc config --local core.site_cache_dir "$(CURDIR)/.dvc/tmp/site"
	@touch $@

.venv/developing: .venv/installed
	$(PIP) --editable '.[dev]'
	@touch $@

# Stages that do not read each other's results go side by side, the slow ones first, and trainings before what reads them;
# then `dvc repro` makes the rest, as it alone would make all, one after the other. TERM: two bars would fight.
DVC := stages/shell.py -c dvc
STAGES := $(DVC) stage list --name-only
CORES := $(shell getconf _NPROCESSORS_ONLN)
SIDE_BY_SIDE := ATTENTION_CORES=1 TERM=dumb xargs -r
SINGLE := $(DVC) --wait-for-lock repro --single-item
LAST_FIRST := awk '{ all[NR] = $$1 } END { for (n = NR; n; n--) print all[n] }'
NUMBERED := awk '{ all[NR] = $$1 } END { for (n = 1; n <= NR; n++) print n, NR, all[n] }'
EACH := -n 3 sh -c 'echo "stage $$0 of $$1: $$2"; exec $(SINGLE) "$$2"'
WARM := @.venv/bin/python -m stages.warm -- $(MAKE) --no-print-directory

demo: .venv/installed
	.venv/bin/python -m stages.check_params
	$(WARM) stages-of-demo
	@echo "The table: results/demo/comparison.md     The report: reports/demo.html     The runs in MLflow: make ui"

# The stages of a small corpus are short: DVC starts once for several of them, and one more than there are cores goes on
# while others wait for DVC's lock, which they try every half second.
stages-of-demo:
	@stages=$$($(STAGES) | $(LAST_FIRST)); echo "$$stages" | grep -q '^compare@demo' || { \
			echo 'error: params.yaml: benchmark lacks demo, which this runs: name it there, or try `make repro`' >&2; exit 1; } \
		&& $(DVC) repro tensors@demo && echo "$$stages" | grep '^train@demo' | $(SIDE_BY_SIDE) -P $$(($(CORES) + 1)) -n 3 $(SINGLE) \
		&& echo "$$stages" | grep -E '^(evaluate|exchange)@demo' | $(SIDE_BY_SIDE) -P $$(($(CORES) + 1)) -n 3 $(SINGLE)
	@$(DVC) repro compare@demo

repro: .venv/installed
	.venv/bin/python -m stages.check_params
	$(WARM) stages-of-all
	@echo "The tables: results/imdb/comparison.md, results/published.md     The report: reports/imdb.html     The runs in MLflow: make ui"

stages-of-all:
	@$(DVC) repro code
	@printf '%s\n' imdb glove pairs | $(SIDE_BY_SIDE) -P 3 -n 1 $(SINGLE)
	@$(DVC) repro tensors pairs
	@$(STAGES) | grep -E '^(train|nulls|sweep|replicate)@' | grep -v @demo | $(LAST_FIRST) | $(NUMBERED) | $(SIDE_BY_SIDE) -P $(CORES) $(EACH)
	@$(STAGES) | grep -E '^(evaluate|exchange|counterfactual)@' | grep -v @demo | $(LAST_FIRST) | $(NUMBERED) | $(SIDE_BY_SIDE) -P $(CORES) $(EACH)
	@if $(STAGES) | grep -q '^compare@demo'; then $(MAKE) --no-print-directory stages-of-demo; fi
	@$(DVC) repro

# Without a lifespan, which only tidies up after MLflow's assistant, Ctrl-C ends it without a traceback.
ui: .venv/installed
	@echo "Open http://127.0.0.1:5000 in a browser; Ctrl-C ends it. The saved views are links in an experiment's description."
	@MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false PYTHONWARNINGS='ignore:starlette.middleware.wsgi' \
		MLFLOW_SERVER_ALLOWED_HOSTS="$${MLFLOW_SERVER_ALLOWED_HOSTS:-127.0.0.1:5000,localhost:5000}" \
		.venv/bin/mlflow ui --workers 1 --uvicorn-opts '--lifespan off --no-access-log' \
		--backend-store-uri "$${MLFLOW_TRACKING_URI:-sqlite:///mlflow.db}"

experiments: .venv/installed
	@.venv/bin/python -m stages.experiments $(VARIANT) --corpus $(CORPUS)

# The variable: Material says at each build that it will be maintained until 2027.
docs: .venv/installed
	$(PIP) --editable '.[docs]'
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --quiet --strict
	@echo "The site: site/index.html"

docs-serve: docs
	NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs serve

bench: .venv/installed
	$(PIP) --editable '.[bench]'
	.venv/bin/python -m benchmarks

chaos: .venv/developing
	.venv/bin/python -m chaos

lint: .venv/developing
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

test: lint
	.venv/bin/pytest -n auto

# The one that is ignored has no remedy but ours: docs/trust.md, "Pickles of DVC".
audit: .venv/installed
	$(PIP) --editable '.[audit]'
	.venv/bin/pip-audit --strict --no-deps --disable-pip --ignore-vuln CVE-2025-69872 --requirement requirements.lock

clean:
	rm -rf .venv
