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

# Checkers make a program slower by far: what is long stays the plain build's.
run_checked() {
    CLAUDE_TEST_LONG='' run_ctest "$@"
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

# Cut streams, hostile servers, hostile JSON; with CLAUDE_TEST_LONG=1 every byte by every way.
suite_fault() {
    need openssl || return 1
    run_ctest dev fault
}

# Deadlines and cancelling; with CLAUDE_TEST_LONG=1 each cell ten times. Prints how late the worst was.
suite_deadlines() {
    local status=0
    need strace || return 1
    run_ctest dev deadlines || status=1
    grep -E '^deadlines, ' "$ROOT/build/dev/Testing/Temporary/LastTest.log"
    return $status
}

# What fork() does to clients, calls and loops, from C and from Python.
suite_fork() {
    local status=0
    run_ctest dev fork || status=1
    run_pytest tests/fork || status=1
    return $status
}

# Loading, unloading, and several builds in one process.
suite_dlopen() {
    run_ctest dev dlopen
}

suite_abi() {
    need abidw abidiff readelf nm g++ || return 1
    run_pytest tests/abi
}

# Builds of the library without some or all of its features; with CLAUDE_TEST_LONG=1 without each of them alone.
suite_features() {
    need cmake gcc nm size swig make lua5.4 || return 1
    build_lua || return 1
    run_pytest tests/features
}

# The cases that every language runs, here in C and Python; and what each binding uses of the interface.
suite_conformance() {
    local status=0
    run_ctest dev conformance || status=1
    run_pytest tests/conformance || status=1
    return $status
}

# Every endpoint against the sandbox: what is sent, and what is made of the answer.
suite_endpoints() {
    run_pytest tests/endpoints
}

suite_python() {
    run_pytest tests/python
}

# The wheel and the source build of the Python binding; with CLAUDE_TEST_LONG=1 also in Debian systems of other years.
suite_packaging() {
    PATH=$PATH:/usr/sbin need cmake gcc pkg-config unshare nginx openssl mmdebstrap dpkg-source || return 1
    run_pytest tests/packaging
}

# The Debian packages, installed and used in a system of their own; with CLAUDE_TEST_LONG=1 also that they are the same
# bytes wherever and whenever they are made.
suite_debian() {
    need cmake cpack doxygen gcc swig dpkg-deb dpkg-shlibdeps dpkg-gensymbols file lintian unshare readelf || return 1
    run_pytest tests/debian
}

# Making a release, in copies of the repository; with CLAUDE_TEST_LONG=1 with all that is made for one.
suite_release() {
    need git cmake || return 1
    run_pytest tests/release
}

# The modules of SWIG that are not Lua's.
suite_swig() {
    need swig perl ruby tclsh pkg-config || return 1
    run_pytest tests/swig
}

# The Lua binding on each Lua, its examples, its guide page and its rock.
suite_lua() {
    need swig make cmake busted luarocks valgrind || return 1
    CLAUDE_BUILD_DIR=$ROOT/build/dev "$ROOT/tests/lua/run"
}

# The Go binding: with Debian's Go, with a newer one under the race detector, with the archive; its examples and guide.
suite_go() {
    need cmake gcc pkg-config readelf || return 1
    CLAUDE_BUILD_DIR=$ROOT/build/dev "$ROOT/tests/go/run"
}

# The command-line tool: with pipes, in terminals, installed.
suite_cli() {
    need cmake man bash shellcheck || return 1
    run_pytest tests/cli
}

# Real servers on loopback: nginx, proxies.
suite_network() {
    PATH=$PATH:/usr/sbin need nginx tinyproxy microsocks openssl setpriv || return 1
    run_pytest tests/network
}

# The examples of event loops. How the library does under pollers is a component test.
suite_loop() {
    need luajit pkg-config || return 1
    run_pytest tests/loop
}

# Programs that load the library: SQLite, nginx, Neovim, one without headers.
suite_hosts() {
    PATH=$PATH:/usr/sbin need sqlite3 nginx nvim setpriv || return 1
    run_pytest tests/hosts
}

suite_sandbox() {
    run_ctest dev sandbox
}

suite_docs() {
    need cmake doxygen gcc git jq || return 1
    run_pytest tests/docs
}

suite_asan() {
    build_preset asan || return 1
    run_checked asan 'unit|component|fork'
}

suite_valgrind() {
    need valgrind || return 1
    run_checked dev 'valgrind-unit|valgrind-component|valgrind-fork|valgrind-dlopen' -C valgrind
}

# Many threads on one client for a few seconds, see tests/stress/main.c.
suite_stress() {
    PATH=$PATH:/usr/sbin need nginx openssl || return 1
    run_ctest dev stress
}

# The threads of the stress test for a minute, ten where everything is to be run.
suite_tsan() {
    local seconds=60
    [ "${CLAUDE_TEST_LONG:-}" != 1 ] || seconds=600
    build_preset tsan || return 1
    printf 'left out: unit.auth.leftovers, which has no threads and would read terabytes of the sanitizer'"'"'s own memory\n'
    run_checked tsan 'unit|component|fork' -E '^unit[.]auth[.]leftovers$' || return 1
    CLAUDE_STRESS_SECONDS=${CLAUDE_STRESS_SECONDS:-$seconds} run_ctest tsan stress
}

# Lines and branches per room; a room under 80 % of lines fails.
suite_coverage() {
    need gcovr || return 1
    build_preset coverage || return 1
    find "$ROOT/build/coverage" -name '*.gcda' -delete
    run_checked coverage 'unit|component' || return 1
    "$VENV/bin/python" "$ROOT/scripts/lib/coverage.py" "$ROOT/build/coverage"
}

# Every preset builds, and what is shipped also passes its tests.
suite_presets() {
    local preset
    for preset in release dev-clang fuzz asan tsan coverage; do
        build_preset "$preset" || return 1
    done
    for preset in release dev-clang; do
        run_checked "$preset" 'unit|component' || return 1
    done
}

# Hostile surroundings: memory that runs out (also under the address sanitizer), locales, small stacks, environments.
# With CLAUDE_TEST_LONG=1 also memory that runs out inside the dependencies, and each surrounding alone.
suite_hostile() {
    local status=0 configuration=default
    need localedef openssl nm || return 1
    [ "${CLAUDE_TEST_LONG:-}" != 1 ] || configuration=long
    build_preset asan claude-sandbox hostile_oom hostile_oom_libcurl hostile_process_state hostile_watches || return 1
    run_ctest dev hostile -C "$configuration" || status=1
    run_ctest asan hostile || status=1
    run_pytest tests/hostile || status=1
    return $status
}

# fuzz_one TARGET SECONDS: a fuzz target on top of its corpus. Prints what it did, and the input that ended it.
fuzz_one() {
    local name work log
    name=$(basename "$1")
    work=$ROOT/build/fuzz/runs/$name
    log=$work/log
    mkdir -p "$work/found"
    find "$work" -maxdepth 1 -type f -delete
    if "$1" -max_total_time="$2" -timeout=10 -rss_limit_mb=1024 -verbosity=0 -print_final_stats=1 \
        -artifact_prefix="$work/" "$work/found" "$ROOT/tests/fuzz/corpus/${name#fuzz_}" >"$log" 2>&1; then
        printf '%-16s passed, %s runs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
    else
        grep -v '^stat::' "$log" | tail -n 60
        printf '%-16s FAILED; the input: %s\n' "$name" "$(find "$work" -maxdepth 1 -type f ! -name log | tr '\n' ' ')"
        return 1
    fi
}

# Each fuzz target on top of its corpus, as many at a time as there are jobs: for 20 seconds each, with
# CLAUDE_TEST_LONG=1 for ten minutes. CLAUDE_FUZZ_SECONDS overrides.
suite_fuzz() {
    local target seconds=20 running=0 passed=0 failed=0
    need clang || return 1
    build_preset fuzz || return 1
    [ "${CLAUDE_TEST_LONG:-}" != 1 ] || seconds=600
    for target in "$ROOT"/build/fuzz/bin/fuzz_*; do
        if [ "$running" -ge "$(jobs_count)" ]; then
            if wait -n; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
            running=$((running - 1))
        fi
        fuzz_one "$target" "${CLAUDE_FUZZ_SECONDS:-$seconds}" &
        running=$((running + 1))
    done
    while [ "$running" -gt 0 ]; do
        if wait -n; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
        running=$((running - 1))
    done
    printf 'fuzz: %d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}

# Only on demand: needs a key and talks to the real API.
suite_integration() {
    run_ctest dev integration -C integration -j 1
}
