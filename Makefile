# Needs Python 3.10 or later (another: make test PYTHON=python3.12), git and make. All else is installed here, into .venv*.
PYTHON ?= python3

.PHONY: help test lint demo demo-workers demo-dashboard bench soak clean

help:
	@echo 'make test    everything, with each Python found: tests, coverage, style, types, architecture, package'
	@echo "          ARGS='-e py312-masonite5 -- tests/unit' for a part of it"
	@echo 'make lint    style, types and architecture only'
	@echo 'make demo    a small Masonite app with tasks, run once'
	@echo 'make demo-workers   its order import on a worker of Celery, with the Redis or RabbitMQ of this machine'
	@echo "          BROKER=redis://host:6379/0 for another one"
	@echo 'make demo-dashboard   its dashboard, on this machine only'
	@echo 'make bench   what the scheduler costs, compared with others'
	@echo 'make soak    nothing twice, nothing lost, nothing stuck: races, kills and outages at length, some two hours'
	@echo "          ARGS='--only week --seed 7' for a part of it"
	@echo 'make clean   remove what these made'

test: .venv/ready
	@.venv/bin/python tools/run_tests.py $(ARGS)

lint: .venv/ready
	@.venv/bin/tox run -e lint,types,architecture

demo: .venv-demo/ready
	@cd demo && ../.venv-demo/bin/python run_demo.py

demo-workers: .venv-demo/workers
	@cd demo && BROKER='$(BROKER)' ../.venv-demo/bin/python run_workers.py

demo-dashboard: .venv-demo/ready
	@cd demo && ../.venv-demo/bin/python serve_dashboard.py

bench: .venv-bench/ready
	@.venv-bench/bin/python benchmarks/run.py

soak: .venv-soak/ready
	@cd tests && ../.venv-soak/bin/python -m durability.soak $(ARGS)

# The file `ready` is written last: an environment that was left half made is made again.
.venv/ready: Makefile
	$(new_venv)
	@.venv/bin/pip install --quiet 'tox>=4.25,<5'
	@touch $@

.venv-demo/ready: Makefile pyproject.toml
	$(new_venv)
	@.venv-demo/bin/pip install --quiet --editable '.[masonite5]'
	@touch $@

.venv-demo/workers: .venv-demo/ready
	@.venv-demo/bin/pip install --quiet --editable '.[masonite5,celery]' 'celery[redis]'
	@touch $@

.venv-bench/ready: Makefile pyproject.toml benchmarks/requirements.txt
	$(new_venv)
	@.venv-bench/bin/pip install --quiet --editable . --requirement benchmarks/requirements.txt
	@touch $@

.venv-soak/ready: Makefile pyproject.toml tests/durability/requirements.txt
	$(new_venv)
	@.venv-soak/bin/pip install --quiet --editable . --requirement tests/durability/requirements.txt
	@touch $@

define new_venv
@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("Python 3.10 or later is needed; $(PYTHON) is " + sys.version.split()[0])'
@echo 'Installing into $(@D) ...'
@$(PYTHON) -m venv --clear $(@D)
endef

clean:
	rm -rf .venv .venv-demo .venv-bench .venv-soak .tox dist .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis
	rm -f .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
