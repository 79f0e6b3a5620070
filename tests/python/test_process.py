"""The binding inside a process: Ctrl-C, the import, and what it leaves alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from claudetest import BINDING, CANARY, ROOT, SOURCE, environment
from libclaude._ffi import check_version

if TYPE_CHECKING:
    from sandbox import Sandbox

TURNS = 4


def asleep(pid: int) -> bool:
    """Whether the process waits for something."""
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return stat.rpartition(")")[2].split()[0] == "S"


def run(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(**env), check=False
    )


@pytest.mark.parametrize("way", ["create", "events", "texts", "pings", "final"])
def test_ctrl_c(sandbox: Sandbox, way: str) -> None:
    sandbox.register("silence", {"framing": "length", "body": "{}", "faults": [{"at_body": 1, "do": "stall"}]})
    sandbox.register("pings", {"hold_ms": -1, "ping_interval_ms": 20})
    before = sandbox.stats()["connections_open"]
    command = [sys.executable, str(Path(__file__).with_name("interrupted.py")), sandbox.url, way, str(TURNS)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment())
    assert child.stdin is not None
    assert child.stdout is not None
    took = []
    try:
        for _ in range(TURNS):
            assert child.stdout.readline() == "ready\n"
            deadline = time.monotonic() + 20
            while not asleep(child.pid):
                assert time.monotonic() < deadline
            sent = time.monotonic()
            os.kill(child.pid, signal.SIGINT)
            took.append(float(child.stdout.readline()) - sent)
            # The call has been cancelled: its connection is closed although the process lives on.
            while sandbox.stats()["connections_open"] != before:
                assert time.monotonic() < deadline, "the call goes on"
            child.stdin.write("\n")
            child.stdin.flush()
        assert child.wait(timeout=20) == 0
    finally:
        child.kill()
        child.communicate()
    # A loaded machine may delay one of them, but not all.
    assert min(took) <= 0.2
    assert max(took) <= 5


def test_import_is_silent_and_needs_no_network_module() -> None:
    done = run(
        "import sys, libclaude\n"
        "heavy = {'ssl', 'http', 'urllib', 'asyncio', 'socket', 'dataclasses', 'typing', 'inspect', 'logging'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_import_reads_no_environment(sandbox: Sandbox) -> None:
    code = (
        f"import libclaude\ntry:\n    libclaude.Client(base_url={sandbox.url!r})\n"
        "except libclaude.NoKeyError as error:\n    print('no key')"
    )
    done = run(code, ANTHROPIC_API_KEY=CANARY, ANTHROPIC_BASE_URL="nonsense")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no key\n", "")


def test_signal_handlers_are_left_alone() -> None:
    code = (
        "import signal\nbefore = [signal.getsignal(n) for n in signal.valid_signals()]\nimport libclaude\n"
        f"libclaude.Client({CANARY!r}).close()\n"
        "print(before == [signal.getsignal(n) for n in signal.valid_signals()])"
    )
    assert run(code).stdout == "True\n"


@pytest.fixture(scope="module")
def other_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that calls itself libclaude 9.9.3 when it is loaded first."""
    folder = tmp_path_factory.mktemp("other")
    source = folder / "other.c"
    source.write_text("unsigned claude_version(void);\nunsigned claude_version(void) { return 0x090903; }\n")
    library = folder / "other.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return library


def test_another_version_is_refused(other_library: Path) -> None:
    done = run("import libclaude", LD_PRELOAD=str(other_library))
    assert done.returncode == 1
    assert "ImportError: the libclaude that was loaded is version 9.9.3" in done.stderr
    assert "built for 0.8.0" in done.stderr


@pytest.mark.parametrize(("loaded", "fits"), [(0x000800, True), (0x0008FF, True), (0x000700, False), (0x010800, False)])
def test_major_and_minor_must_be_equal(loaded: int, fits: bool) -> None:
    if fits:
        check_version(loaded, 0x000801)
    else:
        with pytest.raises(ImportError, match=r"0\.8\.1"):
            check_version(loaded, 0x000801)


def test_the_example(sandbox: Sandbox) -> None:
    env = environment(ANTHROPIC_API_KEY=CANARY, ANTHROPIC_BASE_URL=sandbox.url)
    command = [sys.executable, str(ROOT / "examples" / "python" / "stream.py"), "What is an ABI?"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "Echo: What is an ABI?"
    assert [line.split("  ")[0] for line in lines[2:]] == ["usage", "stop reason", "request id", "first token"]
    sandbox.scenario("overloaded")
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 1
    assert "error: overloaded_error" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_example_with_asyncio(sandbox: Sandbox) -> None:
    env = environment(ANTHROPIC_API_KEY=CANARY, ANTHROPIC_BASE_URL=sandbox.url)
    command = [sys.executable, str(ROOT / "examples" / "python" / "together.py"), "One?", "Two?"]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "One?\n  Echo: One?\n" in done.stdout
    assert "Two?\n  Echo: Two?\n" in done.stdout
    sandbox.scenario("overloaded")
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Two?\n  error: overloaded_error" in done.stdout


def test_the_quick_starts(sandbox: Sandbox) -> None:
    readme = (BINDING / "README.md").read_text(encoding="utf-8")
    init = (SOURCE / "libclaude" / "__init__.py").read_text(encoding="utf-8")
    for text in (readme, init):
        block = text[text.index("    import libclaude") :]
        code = "\n".join(line[4:] for line in block.split("\n\nKeyword")[0].split("\n\nEverything")[0].splitlines())
        done = run(code, ANTHROPIC_API_KEY=CANARY, ANTHROPIC_BASE_URL=sandbox.url)
        assert done.returncode == 0, done.stderr
        assert "Echo: Hello" in done.stdout
