# The two commands of the README are `make demo` and `make test`; everything they need is set up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
READY := $(VENV)/.ready

.PHONY: peers peers-data peers-real peers-worlds peers-survival demo test setup browser lint types imports docstrings unit format lock docs clean

setup: $(READY)

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY)
	@PATH="$(CURDIR)/$(BIN):$$PATH" bash scripts/demo.sh $(DEMO)

test: $(READY)
	$(MAKE) --no-print-directory lint types imports docstrings unit

# The tests of the pages need a browser; without one they skip and say so.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	  || echo "no Chromium here and no way to install it: the tests of the pages will skip"

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

docstrings:
	$(BIN)/python -m numpydoc.hooks.validate_docstrings $$(git ls-files 'predictor/*.py' 'training/*.py')

unit:
	$(BIN)/pytest -n 2 --cov --cov-report=term-missing:skip-covered

format:
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The usual tools, in an environment of their own, for the benchmarks alone (1.3 GB).
PEERS := PYTHONPATH=.:benchmarks OMP_NUM_THREADS=1 .venv-peers/bin/python
peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers/requirements.txt

peers-data:
	$(PEERS) benchmarks/peers/real_sets.py

peers-real peers-worlds peers-survival:
	$(PEERS) benchmarks/peers/$(subst peers-,fit_,$@).py

docs: $(READY)
	$(BIN)/python scripts/write_data_dictionary.py

# Hashes without addresses: any index that serves the same files will do. Needs uv.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --extra dev pyproject.toml -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header pyproject.toml -o requirements/core.txt

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .coverage .import_linter_cache
