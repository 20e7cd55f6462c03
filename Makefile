# Every target makes its own environment when it is missing or older than pyproject.toml. `make help` lists the targets.

VENV     ?= .venv
BIN      := $(VENV)/bin
READY    := $(VENV)/.made

.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench tables scenario conformance image-proof

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): pyproject.toml
	@tools/environment $(VENV)

demo: $(READY)  ## gateway and simulator with sample data until Ctrl-C (SECONDS=20: stops by itself)
	@$(BIN)/stalwart-gateway demo $(if $(filter-out 0,$(SECONDS)),--seconds $(SECONDS))

serve: $(READY)  ## the gateway: GATEWAY_UPSTREAM=http://… make serve (ARGS="--listen 127.0.0.1:8008" for flags)
	@$(BIN)/stalwart-gateway serve $(ARGS)

test: $(READY)  ## everything that needs no real server (ARGS="-k queue" for pytest)
	@$(BIN)/python -m pytest -m "not perf" $(ARGS)

check: $(READY)  ## lint, types, import rules, tests: what .ci/run runs
	@$(BIN)/python tools/check.py

bench: $(READY)  ## measures the gateway against a bare reverse proxy (OUT=docs/performance.md writes the table)
	@$(BIN)/python tools/bench.py $(if $(OUT),--out $(OUT)) $(ARGS)

tables: $(READY)  ## writes the generated tables of README.md anew
	@$(BIN)/python tools/tables.py

scenario: $(READY)  ## runs a recorded old client's scenario: SCENARIO=folder [ONLY=sections] [OUT=file]
	@$(BIN)/python tools/scenario.py $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT)) $(ARGS)

conformance: $(READY)  ## runs the conformance programs against the simulator: SUITE=folder [ONLY=sections]
	@$(BIN)/python tools/conformance.py $(if $(SUITE),--suite $(SUITE)) $(if $(ONLY),--only $(ONLY)) $(if $(OUT),--out $(OUT)) $(ARGS)

image-proof: $(READY)  ## carries out the steps of the Dockerfile in plain environments and starts what they made
	@$(BIN)/python tools/image_proof.py
