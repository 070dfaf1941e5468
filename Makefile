# For developers and the curious; GNU make and NetBSD's make read it alike.
#
#	make demo	compile the example and show what came out
#	make test	lint, types and all tests
#	make lint	lint and types only
#	make bless	rewrite the expected files of tests (read the diff!)
#	make bench	measure
#	make coverage	which lines of the C code the tests run
#	make clean	remove what these made
#
# PYTHON is the interpreter to build .venv with, 3.11 or newer.

FOUND!=	for p in python3.11 python3.12 python3.13 python3; do \
	    command -v $$p && break; done; true
PYTHON?=	$(FOUND)

OS!=	uname -s
# pydantic has no binary packages for NetBSD at PyPI: use those of pkgsrc.
VENV_OPTIONS_NetBSD=	--system-site-packages

BIN=	.venv/bin
DEMO=	policies/webfarm/webfarm.cell
# The example's @until lies ahead of this day.
TODAY=	--today 2026-11-24

all: demo

demo: .venv/installed
	@echo '== cellc test: the policy keeps its own assertions and tests'
	$(BIN)/cellc test $(DEMO) $(TODAY)
	@echo '== cellc build: from the policy to what a NetBSD host installs'
	$(BIN)/cellc build $(DEMO) -o demo-build --locked $(TODAY)
	@ls demo-build demo-build/kmod demo-build/rc.d demo-build/sysctl
	@echo '== the script of one cell, in part'
	@sed -n '/^cell_options/,/^load_rc_config/p' demo-build/rc.d/cell_web
	@echo '== cellc explain: why a request is decided as it is'
	$(BIN)/cellc explain $(DEMO) 'worker network.bind tcp port 80' $(TODAY)
	@echo 'Read policies/webfarm/webfarm.cell beside demo-build/, then README.md.'

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict

test: lint
	$(BIN)/pytest -q -n auto

bless: .venv/dev
	$(BIN)/pytest -q -n auto --bless

bench: .venv/dev
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.kernel
	$(BIN)/python -m benchmarks.rebuild

coverage: .venv/dev
	$(BIN)/python -m tests.coverage

clean:
	rm -rf .venv demo-build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/python: pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "needs Python 3.11"'
	$(PYTHON) -m venv $(VENV_OPTIONS_$(OS)) .venv
	touch $@

.venv/installed: .venv/python
	$(BIN)/python -m pip install -q -e .
	touch $@

.venv/dev: .venv/python
	$(BIN)/python -m pip install -q -e '.[dev]'
	touch $@ .venv/installed

.PHONY: all demo lint test bless bench coverage clean
