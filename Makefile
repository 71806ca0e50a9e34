# Two commands on a fresh machine: `make demo` and `make test`. Each makes .venv with the pinned versions first.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test cover slow howto lint docs bench mutants data clean

.venv: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	touch .venv/ready

demo: .venv/ready
	$(BIN)/jxgis demo --out out/demo

# A test that waits without end is ended and named.
test: .venv/ready
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not slow and not howto" --max-worker-restart 0 \
		-o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true

# The share of lines and branches that `make test` runs, by module; compiled kernels count as not run. Takes half as long again.
cover: .venv/ready
	PYTEST_ADDOPTS="--cov --cov-report=term" $(MAKE) test

# What `make test` leaves out: whole reports, notebooks, simulations. In the order of the files: a file of one long test
# would else come last, and one core would wait for it.
slow: .venv/ready
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m slow

# Every how-to of the documentation, as it stands: a quarter of an hour and more.
howto: .venv/ready
	$(BIN)/python -m pytest -q -m howto

lint: .venv/ready
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini

# The documentation as a site, build/site/index.html, with pictures of the demo's results; a broken link is an error.
docs: .venv/ready out/demo/run.json
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[docs]"
	$(BIN)/python docs/make_site.py out/demo

out/demo/run.json:
	$(MAKE) demo

data: .venv/ready
	$(BIN)/python -m jxgis.demo data

bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	for script in import_time hotspots sources parks units scorecard clusters scan trends pages; do $(BIN)/python benchmarks/$$script.py || exit 1; done
	test ! -d ../shared/instances || $(BIN)/python benchmarks/instances.py --out /dev/null

# Hours: small changes to the code, each with the tests run on it. Goes on where it was stopped.
mutants: .venv/ready
	$(BIN)/python benchmarks/mutants.py --sample 300

clean:
	rm -rf .venv out build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
