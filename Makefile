# Two commands on a machine with nothing but Python (3.11 or newer) and make:
#   make demo    the essay in five minutes: writes demo/report.html
#   make test    proves the tests
# Both first make the virtual environment .venv, once.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo demo-models test format coverage bench evidence kill-points clean

demo: $(READY)
	$(BIN)/copyist demo --out demo

test: $(READY)
	$(BIN)/ruff format --check src tests
	$(BIN)/ruff check src tests
	$(BIN)/pyright
	$(BIN)/python -m pytest -q -n 2 --dist worksteal

format: $(READY)
	$(BIN)/ruff check --fix src tests
	$(BIN)/ruff format src tests

coverage: $(READY)
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -q
	$(BIN)/coverage combine -q
	$(BIN)/coverage report --skip-covered --show-missing

bench: $(READY)
	$(BIN)/copyist bench train --out bench/train.json --force
	$(BIN)/copyist bench sample --out bench/sample.json --force
	$(BIN)/copyist bench walk --out bench/walk.json --force
	$(BIN)/copyist bench vae --out bench/vae.json --force
	$(BIN)/copyist bench export --out bench/export.json --force
	$(BIN)/copyist bench denoise --count 300 --out bench/denoise.json --force
	$(BIN)/copyist bench roofline --out bench/roofline.json --force
	$(BIN)/copyist bench page $(addprefix bench/,train.json sample.json walk.json vae.json export.json denoise.json roofline.json) --out bench/performance.md --force

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
