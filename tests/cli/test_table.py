"""One table of options: help, man page, guide and shell completion say the same. And what is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from claudec import BUILD, PROGRAM, ROOT, SECONDS, Claudec

if TYPE_CHECKING:
    from pathlib import Path

MAN = ROOT / "examples" / "cli" / "claudec.1"
GUIDE = ROOT / "docs" / "cli.md"
COMMANDS = ["ask", "batch", "completion", "count", "curl", "doctor", "models"]


def options(claudec: Claudec, *command: str) -> dict[str, tuple[str, str]]:
    """What --help lists: the letter, or nothing, and the value of each option."""
    done = claudec(*command, "--help", ANTHROPIC_API_KEY="")
    assert (done.code, done.err) == (0, "")
    found = re.findall(r"^  (?:-(\w),|   ) --([a-z-]+)(?: (\S+))?", done.out, re.MULTILINE)
    return {name: (letter, value) for letter, name, value in found}


def man_options() -> dict[str, tuple[str, str]]:
    """What the man page lists below OPTIONS."""
    text = MAN.read_text(encoding="utf-8").split(".SH OPTIONS")[1].split(".SH ")[0]
    text = re.sub(r"\\f[IR]", "", text).replace("\\-", "-")
    found = re.findall(r'^\.TP\n\.BR? (?:-(\w) ", " )?--([a-z-]+)(?: "? ?([^"\n]+)"?)?$', text, re.MULTILINE)
    return {name: (letter, value) for letter, name, value in found}


def test_the_man_page_has_the_options(claudec: Claudec) -> None:
    listed = options(claudec)
    assert len(listed) > 20
    assert list(man_options().items()) == list(listed.items())


def test_the_guide_has_the_options_and_exit_codes(claudec: Claudec) -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for name, (letter, _) in options(claudec).items():
        assert f"`--{name}" in text, name
        assert letter == "" or f"`-{letter}" in text, name
    man = MAN.read_text(encoding="utf-8").split(".SH EXIT STATUS")[1].split(".SH ")[0]
    codes = re.findall(
        r"\b\d+\b", " ".join(re.findall(r"^\.B (.*)$", man, re.MULTILINE)).replace("\\fR", " ").replace("\\fB", " ")
    )
    header = (ROOT / "examples" / "cli" / "errors.h").read_text(encoding="utf-8")
    defined = re.findall(r"CLI_EXIT_\w+ = (\d+)", header)
    assert len(defined) > 10
    assert sorted(set(defined) | {"129", "130", "143"}) == sorted(codes)
    assert sorted(codes) == sorted(
        code for row in re.findall(r"^\| ([\d, ]+) \|", text, re.MULTILINE) for code in row.split(", ")
    )


def test_the_man_page_is_well_formed() -> None:
    done = subprocess.run(
        ["man", "--warnings", "-l", str(MAN)],
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat", "MANWIDTH": "80"},
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    assert done.stderr == ""
    assert "Claude on the command line" in done.stdout
    if shutil.which("mandoc"):
        subprocess.run(["mandoc", "-T", "lint", "-W", "warning", str(MAN)], check=True, timeout=SECONDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_of_its_own(claudec: Claudec, command: str) -> None:
    done = claudec(command, "--help")
    first = done.out.splitlines()[0]
    assert first.startswith("usage: claudec")
    listed = options(claudec, command)
    assert {"help", "version", "quiet"} <= set(listed)
    assert ("resume" in listed) == (command in {"batch", "ask"})  # that of ask lists all
    assert all(len(line) <= 115 and line == line.rstrip() for line in done.out.splitlines())


def complete(script: Path, *words: str) -> list[str]:
    """What bash offers for the last of the words."""
    program = (
        'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }\n'
        '_claudec claudec "${COMP_WORDS[COMP_CWORD]}" ""; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "-c", program, "bash", str(script), "claudec", *words],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=SECONDS,
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_bash_completes(claudec: Claudec, tmp_path: Path) -> None:
    script = tmp_path / "claudec.bash"
    script.write_text(claudec("completion", "bash").out, encoding="utf-8")
    subprocess.run(["shellcheck", "-s", "bash", str(script)], check=True, timeout=SECONDS)
    (tmp_path / "photo.png").touch()
    assert complete(script, "--mo") == ["--model"]
    assert complete(script, "mod") == ["models"]
    assert complete(script, "-a", "ph") == ["photo.png"]
    assert "claude-haiku-5-5" in complete(script, "-m", "claude-h")
    assert "retry.max_retries=" in complete(script, "-o", "retry.")
    assert complete(script, "--effort", "m") == ["medium", "max"]
    assert complete(script, "completion", "f") == ["fish"]
    assert {name.removeprefix("--") for name in complete(script, "batch", "--")} == set(options(claudec, "batch"))
    assert {name.removeprefix("--") for name in complete(script, "--")} - {"events"} >= {"model", "json"}


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_read_theirs(claudec: Claudec, tmp_path: Path, shell: str) -> None:
    script = tmp_path / shell
    script.write_text(claudec("completion", shell).out, encoding="utf-8")
    for name in options(claudec):
        assert (f"--{name}" if shell == "zsh" else f" -l {name} ") in script.read_text().replace("\n", " "), name
    if shutil.which(shell):
        subprocess.run([shell, "-n", str(script)], check=True, timeout=SECONDS)


def test_installed(claudec: Claudec, tmp_path: Path) -> None:
    """The component alone, and with the library beside it, which it then finds by itself."""
    prefix = tmp_path / "usr"
    command = ["cmake", "--install", str(BUILD), "--prefix", str(prefix), "--component", "claudec"]
    subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
    files = sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file())
    assert files == [
        "bin/claudec",
        "share/bash-completion/completions/claudec",
        "share/fish/vendor_completions.d/claudec.fish",
        "share/man/man1/claudec.1",
        "share/zsh/site-functions/_claudec",
    ]
    for shell, name in {"bash": files[1], "fish": files[2], "zsh": files[4]}.items():
        assert (prefix / name).read_text(encoding="utf-8") == claudec("completion", shell).out
    dynamic = subprocess.run(
        ["readelf", "-d", str(prefix / "bin" / "claudec")], check=True, capture_output=True, text=True
    )
    [path] = re.findall(r"\(RUNPATH\).*\[\$ORIGIN/(.*?)\]", dynamic.stdout)
    library = prefix / "bin" / path / "libclaude.so.0.8"
    library.resolve().parent.mkdir(parents=True)
    shutil.copy(BUILD / "lib" / library.name, library)
    done = subprocess.run(
        [str(prefix / "bin" / "claudec"), "hello"],
        env={**claudec.environment, "LD_LIBRARY_PATH": ""},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "Echo: hello\n", "")


def test_it_uses_the_public_interface_only() -> None:
    for path in sorted((ROOT / "examples" / "cli").glob("*.[ch]")):
        for header in re.findall(r'^#include [<"](.*)[>"]', path.read_text(encoding="utf-8"), re.MULTILINE):
            assert header == "claude/claude.h" or "/" not in header.replace("sys/", ""), f"{path.name}: {header}"
    needed = subprocess.run(["readelf", "-d", str(PROGRAM)], check=True, capture_output=True, text=True).stdout
    libraries = re.findall(r"\(NEEDED\).*\[(.*?)\]", needed)
    assert [name for name in libraries if not re.match(r"lib(c|asan|ubsan)\.so", name)] == ["libclaude.so.0.8"]
