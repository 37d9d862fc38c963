# Every target sets itself up: a clone, `make demo`, done.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
RUN := $(BIN)/python -m

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-browser pictures lab app check format bench clean
.PHONY: docs long tests-long parity-long languages-long mutation fuzz-readers ledger-long kills-long spark-long object-stores-long sandbox-long backtest experiments-long take-up-long

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready  ## make .venv with everything pinned (the other targets do it by themselves)

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[lab,dev]"
	@$(RUN) compileall -q nector_sim
	@touch $@

demo: setup  ## the documented GoKwik offer on real orders, and other settings beside it
	@$(RUN) nector_sim demo

test: setup  ## the tests, in about eight minutes on two cores
	$(RUN) pytest -n auto

test-browser: setup  ## the app and JupyterLab in headless Chromium; screenshots in out/browser
	$(RUN) pytest -n 0 tests/browser

pictures: setup  ## the pictures of README and documentation, of the present version
	$(RUN) pytest -n 0 tests/browser/test_kept_pictures.py
	cp out/pictures/*.png data/pictures/
	cp data/pictures/panel.png notebooks/

lab: setup  ## JupyterLab on the first notebook
	$(RUN) jupyter lab notebooks/01_redemption_rule.ipynb

app: setup  ## the app in a browser, without code
	@$(RUN) nector_sim app

check: setup  ## formatting, lint, types; also those of the README's code and the notebooks
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) tests.callers

format: setup  ## let ruff fix what it can
	$(RUN) ruff format .
	$(RUN) ruff check --fix .

bench: setup  ## speed, as ratios in one run
	$(RUN) tests.bench

long: tests-long parity-long languages-long ledger-long kills-long spark-long object-stores-long sandbox-long backtest experiments-long take-up-long fuzz-readers mutation  ## the campaigns that take long

tests-long: setup  ## all tests, with all of the cases of which `make test` takes some
	NECTOR_SIM_TESTS_LONG=1 $(RUN) pytest -n auto

parity-long: setup  ## exact against compiled, 100 million random pairs
	$(RUN) tests.campaigns.parity_long

languages-long: setup  ## exported calculators against the exact one, a million pairs a language
	$(RUN) tests.campaigns.languages_long

ledger-long: setup  ## the two replays against each other, a million random histories
	$(RUN) tests.campaigns.ledger_parity

kills-long: setup  ## a run over files that is killed a hundred times, and one onto a disk that is full
	$(RUN) tests.campaigns.kills

spark-long: setup  ## scores, replays and sweeps on Spark, also with executors killed; needs Java 17
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[spark]"
	$(RUN) tests.campaigns.spark

object-stores-long: setup  ## scores and replays against S3 (moto's server) that fails now and then, also killed
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[s3]"
	$(PYTHON) -m venv out/moto  # its boto3 is another one than that of s3fs
	out/moto/bin/python -m pip install --quiet --disable-pip-version-check "moto[server]==5.2.5"
	$(RUN) tests.campaigns.object_stores out/moto/bin/moto_server

backtest: setup  ## forecasts and ultimate redemption against what came: simulated shops, both demos, CDNOW
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[long]"
	$(RUN) tests.campaigns.published
	$(RUN) tests.campaigns.run_off
	$(RUN) tests.campaigns.backtest

sandbox-long: setup  ## double spending, calls out of order, and kills, by the thousand
	$(RUN) tests.campaigns.sandbox_double_spending
	$(RUN) tests.campaigns.sandbox_reordered
	$(RUN) tests.campaigns.sandbox_killed

experiments-long: setup  ## ten thousand simulated tests of two settings, with known truth
	$(RUN) tests.campaigns.experiments

take-up-long: setup  ## who redeems, estimated where the truth is known: 100 simulated shops
	$(RUN) tests.campaigns.take_up
	$(RUN) tests.campaigns.coupons

fuzz-readers: setup  ## random bytes at the door of order files, in every container
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[long]"
	$(RUN) tests.campaigns.fuzz_readers

mutation: setup  ## the tests against thousands of small changes of the law
	$(RUN) tests.campaigns.mutation

docs: setup  ## the documentation as a site, in out/site; warnings are errors
	$(RUN) pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[docs]"
	NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --strict

clean:  ## remove .venv and caches
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
