# The door to the project: `make` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help demo demo-stack test coverage check fix docs dashboards dashboards-preview screenshots deploy bench release-check lock clean audit fuzz
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SOURCES := exporter tests bench scripts dashboards fuzz
SECONDS := 30

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## simulated Northflank + exporter; open the address it prints
	$(BIN)/northflank-backup-exporter demo

demo-stack: $(INSTALLED) ## the same with Prometheus, Alertmanager and, where it is installed, Grafana
	scripts/fetch-tools prometheus prometheus-alertmanager
	PATH="$(CURDIR)/.tools/usr/bin:$$PATH" $(BIN)/python -m scripts.demo_stack $(ARGS)

test: $(INSTALLED) ## every test; fetches what they need
	scripts/fetch-tools
	PATH="$(CURDIR)/.tools/usr/bin:$$PATH" $(BIN)/python -m pytest $(ARGS)

coverage: $(INSTALLED) ## run every test and tell which lines and branches none of them reaches
	scripts/fetch-tools
	$(BIN)/coverage erase
	PATH="$(CURDIR)/.tools/usr/bin:$$PATH" $(BIN)/coverage run -m pytest $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

check: $(INSTALLED) ## lint, format, types, licences
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/python -m scripts.licences

audit: $(INSTALLED) ## ask OSV what is known against the pinned packages; fails where it cannot be asked, too
	$(BIN)/python -m scripts.audit $(ARGS)

fix: $(INSTALLED) ## repair what lint and format can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

docs: $(INSTALLED) ## write the generated parts of the documentation
	$(BIN)/python -m scripts.metrics_table
	$(BIN)/python -m scripts.configuration_reference

dashboards: $(INSTALLED) ## write the Grafana dashboards from the code in dashboards/
	$(BIN)/python -m dashboards

dashboards-preview: $(INSTALLED) ## draw them with Grafana's components in Chromium, for the pictures in docs/images/
	scripts/fetch-tools prometheus promtool
	PATH="$(CURDIR)/.tools/usr/bin:$$PATH" $(BIN)/python -m dashboards.preview

deploy: $(INSTALLED) ## copy rules and dashboards into the Helm chart, and write the plain manifest from it
	$(BIN)/python -m scripts.deployment

screenshots: $(INSTALLED) ## draw the exporter's own pages in Chromium, for the pictures in docs/images/
	$(BIN)/python -m scripts.screenshots

bench: $(INSTALLED) ## measure scrapes, memory and requests, beside prometheus_client and node_exporter
	scripts/fetch-tools prometheus-node-exporter
	PATH="$(CURDIR)/.tools/usr/bin:$$PATH" $(BIN)/python -m bench $(ARGS)

release-check: $(INSTALLED) ## build sdist, wheel, chart and image, install the wheel afresh and try it
	$(BIN)/python -m scripts.release_check

fuzz: $(INSTALLED) ## search for inputs that break a property: all targets, or TARGETS="wire listen"; each for SECONDS=30
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.txt
	$(BIN)/python -m fuzz --seconds $(SECONDS) $(TARGETS)

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header
lock: $(INSTALLED) ## pin the newest versions, with hashes
	$(COMPILE) --upgrade pyproject.toml --output-file requirements.txt
	$(COMPILE) --upgrade --group build --output-file requirements-build.txt
	$(COMPILE) --upgrade --group dev --constraint requirements.txt --constraint requirements-build.txt \
		pyproject.toml --output-file requirements-dev.txt
	$(COMPILE) --upgrade --group fuzz --output-file requirements-fuzz.txt

clean: ## remove what the targets made
	rm -rf $(VENV) .tools dist tests/js/node_modules tests/dashboards/schema/node_modules \
		dashboards/preview/node_modules dashboards/preview/dist .coverage* .fuzz .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(INSTALLED): requirements-dev.txt pyproject.toml
	scripts/make-venv $(VENV)
	@touch $@
