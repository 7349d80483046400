# Two commands on a machine with nothing but Python (3.11 or newer) and make:
#   make demo    the essay in five minutes: writes demo/report.html
#   make test    proves the tests
# Both first make the virtual environment .venv, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PEERS := $(VENV)/.peers
INSTALL_PEERS = $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev,bench-peers]"
NO_PEERS = pythae, diffusers and pyod are not installed, and what is measured beside them is not: $(subst ",',$(INSTALL_PEERS))

.PHONY: demo demo-models test test-oracles format coverage bench evidence kill-points clean

demo: $(READY)
	$(BIN)/copyist demo --out demo

test: $(READY)
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/pyright
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

# The samplers of diffusion beside those of azula and diffusers, which `make test` passes over where they are missing. Of
# azula without torchvision and gdown, which the tests do not need: beside a torch for CPUs the torchvision that pip finds
# cannot be imported. Elsewhere the extra 'oracles' brings all.
test-oracles: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt diffusers einops jaxtyping
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps azula
	$(BIN)/python -c "import azula.sample, diffusers"
	$(BIN)/python -m pytest -q tests/procedures/diffusion/test_oracles.py

format: $(READY)
	$(BIN)/ruff check --fix src tests
	$(BIN)/ruff format src tests

coverage: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --skip-covered --show-missing

# What `make bench` measures, as the name of a result and the words behind `copyist bench`: in all about 17 minutes on two
# cores that do nothing else (docs/benchmarks.md has the time of each, and what of it was measured).
define BENCHES
train train
sample sample
walk walk
vae vae
diffusion-training-float32 diffusion --of training --precision float32
diffusion-training-auto diffusion --of training --precision auto
diffusion-sampling-float32 diffusion --of sampling --precision float32
diffusion-sampling-auto diffusion --of sampling --precision auto
tables tables
codec codec photos?size=288
export export
web web
web-served web --served
roofline roofline
denoise denoise --count 192
scaling scaling --rounds 2
scaling-per-device scaling --batch-statistics per-device --rounds 2
shards shards --rounds 5
shards-hf shards --source hf --rounds 5
endef
export BENCHES

# One that cannot run is passed over, and named at the end. What ran is in bench/, and on one page: bench/performance.md.
# The seconds of each, and of all together, are in bench/seconds.txt.
bench: $(PEERS)
	@mkdir -p bench
	@printf '%s\n' "$$BENCHES" | { set -f; found=; missed=; began=$$(date +%s); : > bench/seconds.txt; \
	while read -r name words; do \
		echo "copyist bench $$words"; rm -f "bench/$$name.json"; since=$$(date +%s); \
		$(BIN)/copyist bench $$words --out "bench/$$name.json" </dev/null; code=$$?; \
		test $$code -ne 130 || exit 130; \
		echo "$$name $$(($$(date +%s) - since))" >> bench/seconds.txt; \
		if test $$code -eq 0; then found="$$found bench/$$name.json"; else missed="$$missed $$name"; fi; \
	done; \
	test -z "$$found" || $(BIN)/copyist bench page $$found --out bench/performance.md --force || missed="$$missed page"; \
	seconds=$$(($$(date +%s) - began)); \
	echo "all $$seconds" >> bench/seconds.txt; echo "all of it took $$seconds seconds: bench/seconds.txt"; \
	test -e $(PEERS) || echo "$(NO_PEERS)"; \
	test -z "$$missed" || { echo "not measured, for the reasons above:$$missed"; exit 1; }; }

kill-points: $(READY)
	$(BIN)/python tests/kill_points.py --points 200 --out docs/evidence/kill-points.json

# The nets that claims share, and all claims: overnight on two cores; stopped and started again, it goes on where it was.
# Part of it: copyist claims run NAME... with the same options. `make kill-points` and `make bench` measure the rest.
# docs/evidence/report.html, all of it on one page, is made here and not committed.
evidence: $(READY)
	$(BIN)/copyist claims train --scale standard --models runs/evidence
	$(BIN)/copyist claims run --scale standard --out docs/evidence --models runs/evidence
	$(BIN)/copyist claims report docs/evidence

# The networks that the demo loads, trained again by the recipes in src/copyist/demo/shipped.py: hours on two cores.
# Stopped and started again, it goes on where it was. Then the picture of README.md.
demo-models: $(READY)
	$(BIN)/python -m copyist.demo.shipped
	$(BIN)/copyist demo --out demo
	$(BIN)/python docs/demo_picture.py demo docs/demo.webp

clean:
	rm -rf $(VENV) demo bench

# torch is pinned without a label: pip takes a CPU wheel that lies at hand, and the CUDA build elsewhere on Linux.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "copyist needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	@touch $(READY)

# The libraries that benchmarks are against. Without them the rest is measured.
$(PEERS): $(READY)
	@$(INSTALL_PEERS) && touch $(PEERS) || echo "$(NO_PEERS)"
