# Each target works from a fresh clone: it needs Python 3.11 or newer, make and coreutils.
# Settings of the demo: ONCE=1 ends after the tour, PORT= and SUBJECTS= as in `credit-gateway demo`.

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
# What is not there yet is not checked, so that every commit can be.
CODE := $(wildcard gateway schema plugins policies tests scripts bench)
CHECKS := $(wildcard tests/docs tests/architecture)
# Programs that write documentation from the code.
GENERATORS := scripts.licences scripts.disclosure_page scripts.lifecycles_page scripts.rules_page scripts.catalogue_page scripts.commands_page scripts.adapter_contract_page scripts.errors_page scripts.faults_page scripts.print_schema

.PHONY: demo test test-long check bench bundle docs graphiql lock setup clean

demo: setup
	@$(VENV_PYTHON) -m gateway demo $(if $(filter 1,$(ONCE)),--once) \
		$(if $(PORT),--port $(PORT)) $(if $(SUBJECTS),--subjects $(SUBJECTS))

test: setup
	$(VENV_PYTHON) -m pytest -n 2 -m "not long" $(PYTEST_ARGUMENTS)

test-long: setup
	$(VENV_PYTHON) -m pytest -n 2 $(PYTEST_ARGUMENTS)

check: setup
	$(VENV_PYTHON) -m ruff check $(CODE)
	$(VENV_PYTHON) -m ruff format --check $(CODE)
	$(VENV_PYTHON) -m mypy $(CODE)
	.venv/bin/lint-imports
	$(if $(CHECKS),$(VENV_PYTHON) -m pytest -q $(CHECKS))

bench: setup
	@$(VENV_PYTHON) -m bench
	@$(VENV_PYTHON) -m bench.departments
	@$(VENV_PYTHON) -m bench.oauth

bundle: setup
	@$(VENV_PYTHON) -m scripts.bundle

docs: setup
	@for generator in $(GENERATORS); do $(VENV_PYTHON) -m $$generator || exit 1; done

graphiql: setup
	@$(VENV_PYTHON) -m scripts.build_graphiql

lock:
	$(PYTHON) -m scripts.lock $(UPGRADE)
	$(PYTHON) -m scripts.set_up
	$(VENV_PYTHON) -m scripts.licences

setup:
	@$(PYTHON) -m scripts.set_up

clean:
	@$(if $(wildcard $(VENV_PYTHON)),$(VENV_PYTHON),$(PYTHON)) -m scripts.clean
