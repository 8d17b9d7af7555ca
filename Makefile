# Everything a fresh clone needs. `make help` lists the targets.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PY := $(VENV)/bin/python
# PyPI's torch brings 3 GB of CUDA, which nothing here needs: its CPU build is taken from torch's own index, or from the
# one that TORCH_INDEX names. `make setup CUDA=1` takes what the index of your pip has. An index that has the CPU build
# by itself is asked for it as for any other package.
CUDA ?=
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

# gcc builds the host side of the firmware, the next ones the board's; cmake, cppcheck, clang (libFuzzer), chromium and ccache serve tests and lint.
DEBIAN_PACKAGES := make gcc libc6-dev gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm cmake cppcheck clang libclang-rt-14-dev chromium ccache

ifneq ($(wildcard ../shared/data),)
export SCL_DATA_DIR ?= $(abspath ../shared/data)
endif
# Spinning OpenMP workers slow small machines down.
export OMP_WAIT_POLICY ?= passive
export KMP_BLOCKTIME ?= 0
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

.PHONY: debian
debian:
	@missing=""
	for package in $(DEBIAN_PACKAGES); do
	  dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"
	done
	if [ -n "$$missing" ]; then
	  if [ "$$(id -u)" = 0 ]; then
	    apt-get update
	    apt-get install -y --no-install-recommends $$missing
	  else
	    echo "error: Debian packages are missing:$$missing. Run: sudo apt-get update && sudo apt-get install -y --no-install-recommends$$missing" >&2
	    exit 2
	  fi
	fi

$(VENV)/ready: requirements.lock pyproject.toml
	@version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	case "$$version" in
	  3.11 | 3.12 | 3.13) ;;
	  *) echo "error: $(PYTHON) is Python $$version; 3.11 to 3.13 is needed. Run: make PYTHON=/path/to/python3.11" >&2; exit 2 ;;
	esac
	$(PYTHON) -m venv $(VENV) || { echo "error: no venv module. Run: sudo apt-get install -y python3-venv" >&2; exit 2; }
	$(PY) -m pip install --quiet --upgrade pip
	torch=$$(grep '^torch==' requirements.lock)
	if [ -z "$(CUDA)" ] && $(PY) -m pip install --quiet --dry-run --report - "$$torch" | grep '"name": "nvidia' > /dev/null; then
	  $(PY) -m pip install --quiet --no-deps --index-url "$(TORCH_INDEX)" "$$torch" || {
	    echo "error: no CPU build of torch at $(TORCH_INDEX). Run: make setup TORCH_INDEX=URL, or make setup CUDA=1" >&2; exit 2; }
	fi
	$(PY) -m pip install --quiet -r requirements.lock
	$(PY) -m pip install --quiet --no-deps --editable .
	touch $@

.PHONY: setup
setup: debian $(VENV)/ready ## Install what is missing: Debian packages, .venv, Python packages from the lock file

# A float model of invariants is wholly consistent, so all of int8's rounding shows as a loss of consistency: about half a point, and
# another one on another CPU, which trains other weights. The demo prints the loss and stops at a point; the default is half a point.
# Half of the bundle's windows are sent, which saves minutes.
.PHONY: demo
demo: setup ## The main job: train, calibrate, export, build, emulate, validate (10 minutes)
	$(PY) -m train.imu --force --out runs/demo
	$(PY) -m calibration.ranges runs/demo
	$(PY) -m export.quantize runs/demo --out bundles/demo --max-loss 1 --battery small
	$(PY) -m firmware_host.validate bundles/demo --port emulator --limit 300 --battery --out reports/demo

# Every nuisance at every strength: 120 windows, 57 times, and 300 of the golden ones. What the demo made is used where it is there.
.PHONY: battery
battery: setup ## The demo's model under every nuisance, on an emulated board (10 minutes behind make demo)
	test -f runs/demo/ranges.json || { $(PY) -m train.imu --force --out runs/demo && $(PY) -m calibration.ranges runs/demo; }
	$(PY) -m export.quantize runs/demo --out bundles/battery --max-loss 1 --battery whole
	$(PY) -m firmware_host.validate bundles/battery --port emulator --limit 60 --battery --out reports/battery

# Of each of the 22 test recordings the begin is sent, with 20,500 beats together: four and a half hours of ECG.
.PHONY: demo-ecg
demo-ecg: setup ## The ECG path: heartbeats found and classified on the board, on MIT-BIH (15 minutes)
	$(PY) -m train.ecg --task beat --force --out runs/demo-ecg
	$(PY) -m calibration.ranges runs/demo-ecg
	$(PY) -m export.quantize runs/demo-ecg --out bundles/demo-ecg --max-loss 1
	$(PY) -m firmware_host.validate bundles/demo-ecg --port emulator --limit 20500 --out reports/demo-ecg

# A quarter of the bundle's windows is sent: a strip is 11 kB of counts.
.PHONY: demo-strip
demo-strip: setup ## Strips of ten seconds under time shift, by a convolutional network, on MIT-BIH (15 minutes)
	$(PY) -m train.ecg --task strip --input raw --force --out runs/demo-strip
	$(PY) -m calibration.ranges runs/demo-strip
	$(PY) -m export.quantize runs/demo-strip --out bundles/demo-strip --draws 5 --max-loss 1
	$(PY) -m firmware_host.validate bundles/demo-strip --port emulator --limit 150 --out reports/demo-strip

.PHONY: bench-device
bench-device: setup ## Instructions, flash and RAM of the engine, emulated: the table and benchmarks/results/device.json
	$(PY) -m benchmarks.device

# Runs that are there are not run again, so it can be interrupted. No $(MAKE) here: with it, make -n would run it all.
LOGS := build
.PHONY: results
results: setup ## docs/RESULTS.md and docs/results from their runs (a day on two cores; resumable)
	mkdir -p $(LOGS)
	$(PY) benchmarks/wisdm_folds.py
	$(PY) benchmarks/decisions.py
	$(PY) benchmarks/ablations.py
	$(PY) benchmarks/fusion.py
	$(PY) benchmarks/ecg_methods.py
	$(PY) benchmarks/train_cost.py
	make bench-device
	make demo 2>&1 | tee $(LOGS)/demo.log
	make demo-ecg 2>&1 | tee $(LOGS)/demo-ecg.log
	make demo-strip 2>&1 | tee $(LOGS)/demo-strip.log
	$(PY) benchmarks/cold_start.py bundles/demo-strip
	$(PY) benchmarks/qrs.py
	$(PY) benchmarks/scl_control.py
	$(PY) benchmarks/regimes.py
	$(PY) benchmarks/change_of_wear.py
	$(PY) benchmarks/battery_folds.py
	$(PY) benchmarks/beat_folds.py
	$(PY) benchmarks/beat_seeds.py
	$(PY) benchmarks/beat_conditions.py
	for set in against=inverted against=lead against=inverted+lead polarity=corrected "against=lead polarity=corrected"; do \
	  $(PY) benchmarks/beat_conditions.py --set $$set --seeds 0 1 2 --conditions "as recorded" "second lead" inverted || exit; done
	$(PY) benchmarks/qrs_leads.py
	$(PY) benchmarks/beat_pictures.py build/beat-seeds/bundle-features-0
	$(PY) -m export.profile bundles/demo > $(LOGS)/profile.log
	$(PY) -m export.profile bundles/demo-ecg > $(LOGS)/beats.log
	! $(PY) -m export.quantize runs/demo --out bundles/small --budget flash=64k,ram=6k,instructions=1M 2> $(LOGS)/budget.log
	$(PY) -m train.imu --padding valid --epochs 1 --force --out runs/stream  # its cost is shown, which no weight changes
	$(PY) -m calibration.ranges runs/stream
	$(PY) -m export.quantize runs/stream --out bundles/stream --streaming 16 --max-loss 100 > $(LOGS)/stream.log
	$(PY) -m export.package bundles/demo --for arduino --out packages/demo > $(LOGS)/package.log
	$(PY) -m train.transfer runs/demo --eval-data watch-set > $(LOGS)/transfer.log
	$(PY) benchmarks/update_docs.py $(foreach log,demo ecg:demo-ecg strip:demo-strip profile beats budget stream package transfer,\
	  --$(firstword $(subst :, ,$(log)))-log $(LOGS)/$(lastword $(subst :, ,$(log))).log)

SMALL := build/results-small
.PHONY: results-small
results-small: setup ## Some of the tables in small: a fold, a seed, two epochs; printed, docs stay (15 minutes)
	mkdir -p $(SMALL)
	$(PY) benchmarks/wisdm_folds.py --folds 1 --compared 1 --epochs 2 --runs $(SMALL)/folds --bundles $(SMALL)/bundles --results $(SMALL)/wisdm_folds.json
	$(PY) benchmarks/ablations.py --seeds 0 --tables methods --runs $(SMALL)/ablations --results $(SMALL)/ablations.csv
	$(PY) benchmarks/train_cost.py --rounds 5 --results $(SMALL)/train_cost.json

# Three processes on two cores: some tests wait for boards and time-outs.
# The tests build the same C around hundreds of models, in folders of their own: ccache compiles each file once.
test test-faults test-exact: export PATH := /usr/lib/ccache:$(PATH)
test test-faults test-exact: export CCACHE_DIR := $(abspath build/ccache)
test test-faults test-exact: export CCACHE_NOHASHDIR := 1

.PHONY: test
test: setup ## The whole test suite, C and emulated boards included (a quarter of an hour on two cores)
	$(PY) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: test-faults
test-faults: setup ## The exhaustive half of the injected faults: line, board, files, disk, kills; make test has the fast half
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m faults

.PHONY: test-exact
test-exact: setup ## The long families against TFLite Micro: 1,500 random models and 600 streams here, 423 on every emulated core
	$(PY) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m exact

.PHONY: screenshots
screenshots: setup ## The pictures of pages in docs/images, anew, by the tests that open the pages
	SCL_SCREENSHOTS=1 $(PY) -m pytest -m screenshots

.PHONY: fuzz
fuzz: setup ## Long fuzzing of the link, 10 minutes a model
	mkdir -p build
	FUZZ_S=600 $(PY) -m pytest --timeout 0 --basetemp build/fuzz -m faults -k test_nothing_is_found tests/firmware/test_fuzz_link.py

.PHONY: docs
docs: setup ## The site of docs/, in build/site: open index.html there
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build --strict

.PHONY: lint
lint: setup ## ruff, mypy, the C compilers with every warning an error, gcc's analyzer, cppcheck with its MISRA addon
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(PY) -m mypy
	$(MAKE) -C firmware lint
	$(MAKE) -C firmware analyze
	$(MAKE) -C firmware misra

.PHONY: schemas
schemas: setup ## docs/schemas anew, from the types that write the JSON files
	$(PY) -m benchmarks.schemas

.PHONY: lock
lock: ## Make requirements.lock anew from pyproject.toml, in an environment of its own
	@rm -rf build/lock
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --upgrade pip
	build/lock/bin/pip install --quiet '.[dev]'
	{ echo "# Made by make lock; install with: pip install -r requirements.lock"
	  build/lock/bin/pip freeze --exclude scl-wearable | sed -E 's/\+cpu$$//'; } > requirements.lock.new
	mv requirements.lock.new requirements.lock

.PHONY: clean
clean: ## Remove build products; runs, bundles, reports, .cache and .venv stay
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
