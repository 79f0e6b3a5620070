"""The modules that come out of swig/claude.i: how each is built, and how a script that uses it is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", ROOT / "build" / "dev")).resolve()
HEADERS = ROOT / "capi" / "include"
SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
SECONDS = 60  # longer than anything here takes: turns a hang into a failure

# In no text may this appear.
CANARY = "sk-ant-canary-J4q0dTz8W3vX-must-never-show"

# All warnings but two: SWIG's support code is the same for every module, which never uses all of its functions, and all
# wrapper functions have the same parameters.
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-unused-function", "-Wno-unused-parameter"]


def output(*command: str) -> list[str]:
    """The words that a program prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS).stdout.split()


def need(program: str, package: str) -> str:
    path = shutil.which(program)
    assert path, f"{program} is missing; on Debian: apt-get install {package}"
    return path


def generate(folder: Path, options: Sequence[str]) -> Path:
    """Runs swig, for which every warning is an error; the C file that comes out."""
    wrapper = folder / "claude_wrap.c"
    command = [need("swig", "swig"), *options, "-Werror", f"-I{HEADERS}", f"-I{ROOT / 'swig'}"]
    command += ["-outdir", str(folder), "-o", str(wrapper), str(ROOT / "swig" / "claude.i")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return wrapper


def compile_module(wrapper: Path, module: Path, flags: Sequence[str], packages: str = "") -> None:
    """Compiles what swig has generated, against the library of the build folder."""
    command = [need("gcc", "gcc"), "-std=gnu11", "-O1", "-g", "-fPIC", "-shared", *WARNINGS, *flags, f"-I{HEADERS}"]
    command += ["-o", str(module), str(wrapper), f"-L{BUILD / 'lib'}", f"-Wl,-rpath,{BUILD / 'lib'}", "-lclaude"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, f"for the headers, on Debian: apt-get install {packages}\n{done.stderr}"


@dataclass(frozen=True)
class Language:
    """A language of SWIG: its options, and where its headers are."""

    name: str
    options: tuple[str, ...]
    module: str
    program: str
    packages: str
    script: str
    load: tuple[str, ...]

    def flags(self) -> list[str]:
        """What the compiler must know of the language. Its headers are not ours to be warned of."""
        if self.name == "perl":
            words = output("perl", "-MExtUtils::Embed", "-e", "ccopts")
        elif self.name == "ruby":
            places = 'puts RbConfig::CONFIG.values_at("rubyhdrdir", "rubyarchhdrdir").map { "-I" + _1 }'
            words = output("ruby", "-rrbconfig", "-e", places)
        else:
            words = output("pkg-config", "--cflags", "tcl")
        return [word.replace("-I", "-isystem", 1) if word.startswith("-I") else word for word in words]

    def build(self, folder: Path) -> Module:
        need(self.program, self.packages)
        compile_module(generate(folder, self.options), folder / self.module, self.flags(), self.packages)
        return Module(self, folder)


@dataclass(frozen=True)
class Module:
    """A built module."""

    language: Language
    folder: Path

    def run(self, part: str, url: str) -> list[tuple[str, str]]:
        """What a part of the language's script prints: names and values."""
        language = self.language
        load = [word.format(folder=self.folder) for word in language.load]
        command = [need(language.program, language.packages), *load, str(SCRIPTS / language.script), part, url, CANARY]
        command.append(str(self.folder / language.module))
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANTHROPIC_")}
        done = subprocess.run(
            command,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            cwd=self.folder,
            env={**kept, "LC_ALL": "C.UTF-8"},
        )
        said, complaints = done.stdout.decode(), done.stderr.decode()
        assert (done.returncode, complaints) == (0, ""), f"{said}{complaints}"
        assert CANARY not in said
        return [(name, value) for name, _, value in (line.partition("=") for line in said.splitlines())]


LANGUAGES = [
    Language(
        name="perl",
        options=("-perl5", "-const", "-module", "Claude"),
        module="Claude.so",
        program="perl",
        packages="perl libperl-dev",
        script="use.pl",
        load=("-I{folder}",),
    ),
    Language(
        name="ruby",
        options=("-ruby",),
        module="claude.so",
        program="ruby",
        packages="ruby ruby-dev",
        script="use.rb",
        load=("-w", "-I{folder}"),
    ),
    Language(
        name="tcl",
        options=("-tcl8",),
        module="claude.so",
        program="tclsh",
        packages="tcl tcl-dev pkg-config",
        script="use.tcl",
        load=(),
    ),
]
