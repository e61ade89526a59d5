# make repro: everything from a fresh clone to data/report/index.html.   make test: all tests.
# On Linux plain torch is the CUDA build; TORCH_INDEX=<the CPU wheel index named on PyTorch's install
# page> takes the small one.
PYTHON ?= python3
TORCH_INDEX ?=
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DO_NOT_TRACK := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false

# packages of packages of which little or nothing is imported, 4 of 9 bytes of all: compiled when it is
SELDOM := /(tests?|testing|models|pipelines|ray|moto|cfnlint|sympy|networkx|pip)/

# the embedded model: all items and controls, and its curves over depth and steps
STUDIES := main seeds depth steps

.PHONY: env repro docs docs-links test coverage fast lint types study campaigns train clean forget-calls

env: $(READY)

$(READY): pyproject.toml constraints.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "g2u: needs Python 3.11 or newer, found $$("$(PYTHON)" --version 2>&1); try make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	@command -v git > /dev/null || { echo "g2u: needs git on the PATH" >&2; exit 1; }
	@if [ -d .venv ] && [ ! -e $(READY) ]; then echo "g2u: .venv is half built; building it anew" >&2; rm -rf .venv; fi
	@rm -f $(READY)
	@echo "g2u: installing into .venv (some minutes, about 2 GB)" >&2
	@"$(PYTHON)" -m venv .venv || { echo "g2u: python -m venv failed; on Debian: apt install python3-venv" >&2; exit 1; }
	@$(PIP) $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX)) torch
	@$(PIP) --editable '.[dev,reading]' 2> /dev/null || $(PIP) --editable '.[dev]'
	@$(BIN)/python -c 'import rapidocr' 2> /dev/null && $(BIN)/python -m g2u.models.realesrgan.fetching > /dev/null || \
	  echo "g2u: no released networks for this Python or place; runs go without benchmark signs" >&2
	@$(BIN)/python -m compileall -q -j 0 -x '$(SELDOM)' .venv/lib > /dev/null || true # pip uses one core
	@touch $(READY)

repro: $(READY)
	@python -m g2u.cli.main run

# the site, build/site/index.html, which opens offline; warnings and broken links are errors
SPHINX := python -m sphinx --fresh-env --fail-on-warning --keep-going --quiet --conf-dir docs/site --doctree-dir build/doctrees

docs: $(READY)
	@python -m docs.site.reference
	@$(SPHINX) . build/site
	@echo "docs: build/site/index.html" >&2

# links to other sites, which CI may not reach
docs-links: $(READY)
	@$(SPHINX) --builder linkcheck . build/links

# a file's tests stay together, files with slow tests come first (tests/conftest.py); half again as
# many processes as cores, as tests wait for servers and for processes that end
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) \* 3 / 2)
# they make some 500 studies of 900 files: 0.1 s of CPU each in memory, where it has room, 0.4 on a disk
MEMORY := $(if $(TMPDIR),,$(shell df -Pk /dev/shm 2> /dev/null | awk 'NR == 2 && $$4 > 8000000 {print $$6}'))
TESTS := $(if $(MEMORY),TMPDIR=$(MEMORY) )python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

test: $(READY)
	@$(TESTS)

# apart from `test`: tracing doubles the time of what tests do in process
coverage: $(READY)
	@$(TESTS) --cov --cov-report=term:skip-covered

fast: $(READY)
	@$(TESTS) -m "not slow"

lint: $(READY)
	@python -m ruff check .
	@python -m ruff format --check .

# takes the core that `repro` leaves idle while it packs, where both run at once
types: $(READY)
	@nice python -m mypy

study: $(READY)
	@python -m flows.study $(STUDIES)
	@python -m flows.figures

campaigns: $(READY)
	@python -m tests.campaigns

train: $(READY)
	@python -m stages.train
	@python -m dvc commit --force train

# what was installed and what tools cached; data, calls and trainings stay
clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache build/site build/doctrees

# every model call that was made, and paid, is then made again
forget-calls: $(READY)
	@python -m g2u.cli.main cache stats
	@if [ "$(CONFIRM)" != yes ]; then \
	  echo "g2u: these calls would be made again, at that cost; to forget them: make forget-calls CONFIRM=yes" >&2; exit 1; fi
	@python -m g2u.cli.main cache prune --max-gb 0
