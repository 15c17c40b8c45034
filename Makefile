# Two commands are enough: `make run` and `make test`. `make help` lists the rest.
# Settings come from the environment or from .env; `make run PORT=9000` sets one for this run.

.DEFAULT_GOAL := help
.PHONY: help run run-distributed test check bench evaluate lock clean

PYTHON ?= python3
BIN := .venv/bin
PEERS := .cache/node
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300

# Compiled files make the start three times faster; some images switch them off.
unexport PYTHONDONTWRITEBYTECODE

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/run.stamp ## install what is missing, then serve http://127.0.0.1:8080/ until Ctrl-C
	@$(BIN)/python -m compileall -q bot
	@exec $(BIN)/pishkhan serve

test: .venv/dev.stamp $(PEERS)/peers.stamp $(PEERS)/sms/peers.stamp .cache/caddy/made.stamp .cache/bench/peers.stamp ## install what the tests need, then run all of them
	@$(BIN)/pytest -n 3 --dist loadfile

check: .venv/dev.stamp ## style, types, import contracts, content
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pishkhan check

bench: .venv/dev.stamp .cache/bench/peers.stamp ## measure whole turns beside the bare handler and three libraries (SOAK=600: and ten minutes of load; SESSIONS=1000000: so many in Valkey)
	@$(BIN)/python -m bench --out docs $(if $(SOAK),--soak $(SOAK)) $(if $(SESSIONS),--sessions $(SESSIONS))

run-distributed: .venv/dev.stamp .cache/caddy/made.stamp ## two gateways and a worker with PostgreSQL and Valkey, at the same address
	@$(BIN)/python -m compileall -q bot
	@exec $(BIN)/python deploy/distributed.py

evaluate: .venv/dev.stamp ## how well it understands, beside its peers; writes docs/evaluation.md (RASA=1: Rasa too)
	@$(BIN)/python -m bench understanding --out docs $(if $(RASA),--rasa)

lock: ## resolve the dependencies anew; needs uv
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --extra distributed -c requirements-dev.lock pyproject.toml -o requirements.lock

clean: ## remove what make has built; data/ stays
	rm -rf .venv .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info

# --- installing -------------------------------------------------------------------------------

.venv/made.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Pishkhan needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) -V 2>&1 || echo missing). Another one: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing. Install it: sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: .venv/made.stamp requirements.lock pyproject.toml
	@echo "Installing into .venv …"
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps -e .
	@touch $@

# The locks agree with each other, so what the tests need includes what running needs. There are so many that pip takes
# minutes and uv seconds.
.venv/dev.stamp: .venv/made.stamp requirements-dev.lock requirements.lock pyproject.toml
	@echo "Installing what the tests need into .venv …"
	@$(PIP) uv
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet -r requirements-dev.lock
	@$(PIP) --no-deps -e .
	@touch .venv/run.stamp $@

# Real peers of the tests: a browser, a Bot API emulator, an accessibility checker; what measures sound, and what speaks
# readably in its place.
$(PEERS)/peers.stamp: Makefile
	@missing=""; \
	command -v chromium >/dev/null || missing="chromium"; \
	command -v node >/dev/null || missing="$$missing nodejs"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	command -v soxi >/dev/null || missing="$$missing sox"; \
	command -v perl >/dev/null || missing="$$missing perl"; \
	if [ -n "$$missing" ]; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing $$missing …"; $(APT) update && $(APT) install -y --no-install-recommends $$missing >/dev/null; \
	  else \
	    echo "The tests need $$missing. Install it: sudo apt-get install $$missing"; exit 1; \
	  fi; \
	fi
	@mkdir -p $(PEERS)
	@cd $(PEERS) && { test -f package.json || echo '{"private": true}' > package.json; } \
	  && npm install --silent --no-audit --no-fund --ignore-scripts telegram-test-api@4.2.1 axe-core@4.14.1
	@touch $@

# Peers of the text message tests: Kannel with its fake telephone, Twilio's own description of its API and Prism to serve
# it, Twilio's calculator of segments.
$(PEERS)/sms/peers.stamp: $(PEERS)/peers.stamp Makefile
	@if ! { test -x /usr/sbin/bearerbox && test -x /usr/lib/kannel/test/fakesmsc; }; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing kannel …"; $(APT) update && $(APT) install -y --no-install-recommends kannel kannel-extras >/dev/null; \
	  else \
	    echo "The tests need kannel. Install it: sudo apt-get install kannel kannel-extras"; exit 1; \
	  fi; \
	fi
	@mkdir -p $(@D)
	@cd $(@D) && { test -f package.json || echo '{"private": true}' > package.json; } \
	  && npm install --silent --no-audit --no-fund --ignore-scripts @stoplight/prism-cli@5.14.2 sms-segments-calculator@1.3.0
	@cd $(@D) && npm pack --silent @twilio/cli-core@9.0.0 >/dev/null \
	  && tar -xzf twilio-cli-core-9.0.0.tgz --strip-components=4 package/src/services/twilio-api/twilio_api_v2010.json \
	  && rm twilio-cli-core-9.0.0.tgz
	@touch $@

# What the benchmark measures beside us, with its own versions of what we use too.
.cache/bench/peers.stamp: .venv/dev.stamp bench/peers.txt
	@echo "Installing the benchmark's peers into .cache/bench …"
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python $(@D)
	@VIRTUAL_ENV=$(@D) $(BIN)/uv pip install --quiet -r bench/peers.txt
	@touch $@

# The proxy before several replicas. Debian's package would start it as a service, so only its program is taken.
.cache/caddy/made.stamp:
	@mkdir -p $(@D)
	@if ! command -v caddy >/dev/null; then \
	  command -v apt-get >/dev/null || { echo "Caddy is missing. Install it: caddyserver.com/docs/install"; exit 1; }; \
	  echo "Fetching Caddy …"; if [ "$$(id -u)" = 0 ]; then $(APT) update; fi; \
	  cd $(@D) && apt-get -qq download caddy 2>/dev/null && dpkg -x caddy_*.deb . && rm caddy_*.deb \
	  || { echo "Caddy could not be fetched. Install it: caddyserver.com/docs/install"; exit 1; }; \
	fi
	@touch $@

# --- a real telephone exchange ----------------------------------------------------------------

# Asterisk is in few releases of Debian, so it gets a folder of its own: half a gigabyte, about a minute.
.PHONY: test-telephony
ASTERISK := .cache/asterisk

test-telephony: .venv/dev.stamp $(ASTERISK)/made.stamp ## sipp calls a real Asterisk; needs root
	@command -v sipp >/dev/null || { $(APT) update && $(APT) install -y --no-install-recommends sip-tester >/dev/null; }
	@PISHKHAN_TELEPHONY=1 $(BIN)/pytest tests/telephony

$(ASTERISK)/made.stamp:
	@if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then \
	  echo "make test-telephony starts a real Asterisk by chroot: it needs root, on Debian or Ubuntu."; exit 1; \
	fi
	@command -v debootstrap >/dev/null \
	  || { $(APT) update && $(APT) install -y --no-install-recommends debootstrap debian-archive-keyring >/dev/null; }
	@mkdir -p $(@D); for suite in sid bullseye; do \
	  echo "Installing Asterisk of Debian $$suite into $(@D) …"; rm -rf $(@D)/part; \
	  if debootstrap --variant=minbase --include=asterisk $$suite $(@D)/part >$(@D)/install.log 2>&1; then \
	    rm -rf $(@D)/$$suite; mv $(@D)/part $(@D)/$$suite; touch $@; exit 0; \
	  fi; \
	done; tail -5 $(@D)/install.log; exit 1

# --- a real Rasa ------------------------------------------------------------------------------

# Rasa 3.6 runs on Python 3.8 to 3.10 and brings TensorFlow along: two gigabytes and some five minutes, so it gets a
# folder of its own.
.PHONY: test-rasa
PYTHON310 ?= python3.10
RASA_HOME := .cache/rasa

test-rasa: .venv/dev.stamp $(RASA_HOME)/made.stamp ## a real Rasa 3.6 trains our export and talks through it
	@PISHKHAN_RASA=1 $(BIN)/pytest tests/rasa/real -s

$(RASA_HOME)/made.stamp:
	@$(PYTHON310) -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 10))' 2>/dev/null \
	  || { echo "Rasa 3.6 needs Python 3.10; '$(PYTHON310)' is not one. Say where it is: make test-rasa PYTHON310=/…/python3.10"; exit 1; }
	@echo "Installing Rasa 3.6 into $(RASA_HOME) …"
	@test -x $(RASA_HOME)/bin/python || $(PYTHON310) -m venv $(RASA_HOME)
	@$(RASA_HOME)/bin/python -m pip install --quiet --disable-pip-version-check 'rasa==3.6.21' 'setuptools<81'
	@touch $@
