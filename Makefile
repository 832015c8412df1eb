# Each target sets up .venv when it is needed and says in one line what is missing.

BIN := .venv/bin

.PHONY: demo test check bench soak embed clean

# make demo ARGS="--port 8080 --data .fermata"
demo:
	@.ci/venv run
	@exec $(BIN)/python -m plugin demo $(ARGS)

# make test ARGS="-k livekit"
test: check
	@.ci/browser >/dev/null
	@$(BIN)/python -m pytest -n 3 --dist loadgroup --no-loadscope-reorder $(ARGS)

# Everything that needs no running: style, types, the direction of imports, the embed file.
check:
	@.ci/venv test
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python ui-snippets/build.py --check

# make bench ARGS="P1 --rounds 5"
bench:
	@.ci/venv bench
	@$(BIN)/python -m benchmarks $(ARGS)

# make soak ARGS="--connections 1000 --minutes 2" BODIES=1000
# First what hosts may send, changed at random, for each host; then many steady connections.
BODIES := 100000
soak:
	@.ci/venv bench
	@$(BIN)/python -m tests.attacks.fuzzing --bodies $(BODIES)
	@$(BIN)/python -m benchmarks.soak $(ARGS)

embed:
	@.ci/venv test
	@$(BIN)/python ui-snippets/build.py

clean:
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
