# shellcheck shell=bash
# The suites of scripts/test, a function each. A suite runs in a shell of its own with `errexit` off in the caller, so
# every step that must hold says `|| return 1`.

# Fails with the reason when a program is not there: no suite is skipped for want of a tool.
need() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || {
            printf 'error: %s is missing, see scripts/setup\n' "$program"
            return 1
        }
    done
}

# run_ctest PRESET LABEL [ctest options]: fails also when no test has that label.
run_ctest() {
    local preset=$1 label=$2
    shift 2
    (cd "$ROOT/build/$preset" &&
        ctest -L "^($label)\$" -j "$(jobs_count)" --output-on-failure --no-tests=error --no-label-summary "$@")
}

# run_pytest PATH...: pytest's "no tests" (5) is a failure like any other.
run_pytest() {
    [ -x "$VENV/bin/python" ] || {
        printf 'error: .venv is missing, see scripts/setup\n'
        return 1
    }
    (cd "$ROOT" && export CLAUDE_BUILD_DIR=$ROOT/build/dev CLAUDE_SANDBOX=$ROOT/build/dev/bin/claude-sandbox &&
        PYTHONPATH=$ROOT/bindings/python/src "$VENV/bin/python" -m pytest -q -ra -p no:cacheprovider "$@")
}

suite_setup() {
    "$ROOT/scripts/setup"
}

suite_build() {
    build_preset dev && build_python
}

suite_lint() {
    "$ROOT/scripts/lint"
}

suite_unit() {
    run_ctest dev unit
}

suite_component() {
    run_ctest dev component
}

suite_abi() {
    need abidw abidiff readelf nm g++ || return 1
    run_pytest tests/abi
}

suite_python() {
    run_pytest tests/python
}

suite_sandbox() {
    run_ctest dev sandbox
}

suite_docs() {
    run_pytest tests/docs
}

suite_asan() {
    build_preset asan || return 1
    run_ctest asan 'unit|component'
}

# Under memcheck a component test takes long; with --long all of them run.
suite_valgrind() {
    local labels=valgrind-unit
    [ "$LONG" = no ] || labels='valgrind-unit|valgrind-component'
    need valgrind || return 1
    run_ctest dev "$labels" -C valgrind
}

suite_tsan() {
    build_preset tsan || return 1
    run_ctest tsan 'unit|component'
}

# Only on demand: needs a key and talks to the real API.
suite_integration() {
    run_ctest dev integration -C integration -j 1
}
