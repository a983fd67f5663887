# What the README shows is what CI runs.

PYTHON ?= python3
PORT ?= 8000
# One NAME.csv.gz per corpus; without this folder the seed comments make a toy model.
CORPORA ?= data/corpora

VENV := .venv
BIN := $(VENV)/bin

.DELETE_ON_ERROR:
.PHONY: help run test test-kills test-desks lint bench bench-check bench-archive bench-http bench-ingest bench-queue bench-page soak-http train venv postgres redis chromium

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 15

run: $(VENV)/.installed ## start the service with the shipped model; data stays in instance/
	@$(BIN)/ghirbal serve --port $(PORT) --demo-key instance/demo-key --samples

lint: $(VENV)/.installed-test ## ruff and mypy, as CI runs them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: $(VENV)/.installed-test postgres redis chromium ## install everything the tests need and run the whole suite
	$(BIN)/pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-kills: $(VENV)/.installed-test postgres ## kill service and worker fifty times each on each database, under load
	KILLS=50 $(BIN)/pytest tests/service/test_kill.py

test-desks: $(VENV)/.installed-test postgres ## have twenty moderators work through a queue of 10,000 on each database
	QUEUE=10000 $(BIN)/pytest tests/service/test_twenty.py

bench: $(VENV)/.installed-test ## measure speed beside the peers, in one run; writes reports/
	$(BIN)/python bench/speed.py

bench-check: $(VENV)/.installed-test ## the same, and fail where a ratio is 20 % worse than the stored one
	$(BIN)/python bench/speed.py --check

COMMENTS ?= 10000000
bench-archive: $(VENV)/.installed-test ## score ten million comments from gzip on one core and on two; COMMENTS=400000 is shorter
	$(BIN)/python bench/archive.py --comments $(COMMENTS)

bench-http: $(VENV)/.installed-test ## compare servers and the API with an empty view; writes reports/
	$(BIN)/python bench/http.py

soak-http: $(VENV)/.installed-test ## a million requests to one worker, whose memory must stay low and level; REQUESTS=50000 is shorter
	$(BIN)/python bench/soak.py

bench-ingest: $(VENV)/.installed-test postgres ## how many comments a second are scored and safely stored over HTTP; writes reports/
	PYTHONPATH=. $(BIN)/python bench/ingest.py

bench-page: $(VENV)/.installed-test chromium ## how long a moderator waits for the next comment and the list, in a browser; writes reports/
	$(BIN)/python bench/page.py

bench-queue: $(VENV)/.installed-test postgres ## fill databases with 5 million comments and measure the queue; writes reports/
	PYTHONPATH=. $(BIN)/python bench/review_queue.py

train: $(VENV)/.installed ## fit a model on CORPORA into build/models/
	$(BIN)/ghirbal-train fit --corpora $(CORPORA)

# A stamp, so that a second `make run` starts in seconds.
$(VENV)/.installed: pyproject.toml constraints.txt setup.py build_backend.py $(wildcard moderation/native/*)
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(MAKE) --no-print-directory venv
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,postgres,redis,plots]'
	@touch $@

venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Ghirbal needs Python 3.11 or newer as $(PYTHON); name another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

# The PostgreSQL tests start a server of their own from the installed programs.
POSTGRES := $(firstword $(wildcard /usr/lib/postgresql/*/bin/initdb) $(shell command -v initdb))
postgres:
ifeq ($(POSTGRES),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends postgresql; then :; \
	elif [ "$$CI" = true ]; then \
	  echo "CI needs PostgreSQL: apt-get install postgresql" >&2; exit 1; \
	else \
	  echo "PostgreSQL is not installed, its tests will be skipped; as root: apt-get install postgresql" >&2; \
	fi
endif

# The tests of rate limits that workers share start a server of their own.
REDIS := $(shell command -v redis-server)
redis:
ifeq ($(REDIS),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends redis-server; then :; \
	elif [ "$$CI" = true ]; then \
	  echo "CI needs Redis: apt-get install redis-server" >&2; exit 1; \
	else \
	  echo "Redis is not installed, its tests will be skipped; as root: apt-get install redis-server" >&2; \
	fi
endif

# The pages are tested in a real browser.
CHROMIUM := $(shell command -v chromium)
chromium:
ifeq ($(CHROMIUM),)
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	  && apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium; then :; \
	elif [ "$$CI" = true ]; then \
	  echo "CI needs a browser: apt-get install chromium" >&2; exit 1; \
	else \
	  echo "Chromium is not installed, its tests will be skipped; as root: apt-get install chromium" >&2; \
	fi
endif
