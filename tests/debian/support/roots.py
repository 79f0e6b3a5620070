"""A Debian system of its own below a folder, made of the packages of this one: no network, and nothing else of it.

What is essential to Debian is there, and what was asked for with all it depends on; dpkg knows of nothing more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

DPKG = Path("/var/lib/dpkg")
# Programs run in namespaces of their own, so that whoever runs the tests is root in there, and nothing stays mounted.
INSIDE = 'mount --rbind /proc "$1/proc" && mount --rbind /dev "$1/dev" && exec chroot "$@"'
# What dpkg and the loader keep for themselves.
BOOKKEEPING = re.compile(
    r"var/lib/dpkg/(status|status-old|available|lock|lock-frontend|info/format|triggers/(Lock|Unincorp))$"
    r"|var/log/|var/cache/|etc/ld\.so\.cache$|(proc|dev|tmp|root)/"
)


@dataclass(frozen=True)
class Package:
    """What dpkg says of an installed package."""

    name: str
    stanza: str
    fields: dict[str, str] = field(hash=False, compare=False)

    @property
    def needs(self) -> list[list[str]]:
        """What has to be there, each with what may be there in its place."""
        text = ",".join(self.fields.get(name, "") for name in ("Pre-Depends", "Depends"))
        return alternatives(text)

    def known_as(self) -> set[str]:
        return {self.name, *(names[0] for names in alternatives(self.fields.get("Provides", "")))}


def alternatives(text: str) -> list[list[str]]:
    """The names in a list of dependencies, without versions and architectures."""
    groups = [group.split("|") for group in text.split(",") if group.strip()]
    return [[re.split(r"[\s:(]", name.strip())[0] for name in group] for group in groups]


def installed() -> dict[str, Package]:
    found = {}
    for stanza in (DPKG / "status").read_text(encoding="utf-8").split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): *(.*)$", stanza, re.MULTILINE))
        if fields.get("Status", "").endswith(" installed"):
            found[fields["Package"]] = Package(fields["Package"], stanza.strip("\n"), fields)
    return found


def closure(wanted: list[list[str]]) -> list[Package]:
    """The essential packages, those wanted, and all that they need."""
    every = installed()
    by_name: dict[str, list[Package]] = {}
    for package in every.values():
        for name in package.known_as():
            by_name.setdefault(name, []).append(package)
    chosen: dict[str, Package] = {}
    todo = [[package.name] for package in every.values() if package.fields.get("Essential") == "yes"] + wanted
    while todo:
        names = todo.pop()
        if any(package.name in chosen for name in names for package in by_name.get(name, [])):
            continue
        found = next((package for name in names for package in by_name.get(name, [])), None)
        assert found is not None, f"{' or '.join(names)} is not installed, see scripts/setup"
        chosen[found.name] = found
        todo += found.needs
    return sorted(chosen.values(), key=lambda package: package.name)


def records(package: Package) -> list[Path]:
    """dpkg's own files about a package."""
    names = (package.name, f"{package.name}:{package.fields['Architecture']}")
    return [path for path in (DPKG / "info").iterdir() if path.name.rpartition(".")[0] in names]


def real(path: str) -> str:
    """Where a file lies, through the folders of / that are links today."""
    folder, name = os.path.split(path)
    return os.path.join(os.path.realpath(folder), name)


def copy_files(paths: set[str], root: Path) -> None:
    """Copies files, links and folders, each as it is and none that is not named."""
    there = sorted(path for path in paths if os.path.lexists(path))
    names = "\0".join(path.lstrip("/") for path in there if path != "/.")
    pack = ["tar", "-C", "/", "--no-recursion", "--null", "-T", "-", "-cf", "-"]
    with subprocess.Popen(pack, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as packing:
        assert packing.stdin is not None
        with subprocess.Popen(
            ["tar", "-C", str(root), "--keep-directory-symlink", "-xf", "-"], stdin=packing.stdout
        ) as done:
            packing.stdin.write(names.encode())
            packing.stdin.close()
        assert (packing.wait(), done.returncode) == (0, 0)


def links_of_alternatives(paths: set[str]) -> set[str]:
    """Names such as cc, which belong to no package: those that lead to a program that is there."""
    found = set()
    for path in Path("/usr/bin").iterdir():
        if path.is_symlink() and str(path.readlink()).startswith("/etc/alternatives/") and str(path.resolve()) in paths:
            found |= {str(path), str(path.readlink())}
    return found


class Root:
    """A system below a folder."""

    def __init__(self, folder: Path, wanted: list[list[str]]) -> None:
        self.folder = folder
        folder.mkdir()
        packages = closure(wanted)
        paths = {"/proc", "/dev", "/tmp", "/root", "/etc/passwd", "/etc/group", "/etc/alternatives", "/var/log"}
        paths |= {"/etc/nsswitch.conf", "/etc/hosts"}
        paths |= {str(DPKG / name) for name in ("arch", "info", "info/format", "triggers", "updates")}
        for package in packages:
            for record in records(package):
                paths.add(str(record))
                if record.suffix == ".list":
                    paths |= {real(path) for path in record.read_text(encoding="utf-8").split("\n") if path}
        copy_files(paths | links_of_alternatives(paths), folder)
        own = folder / DPKG.relative_to("/")
        (own / "status").write_text("\n\n".join(package.stanza for package in packages) + "\n", encoding="utf-8")
        names = {package.name for package in packages}
        for interest in (DPKG / "triggers").iterdir():
            lines = [line for line in interest.read_text(encoding="utf-8").splitlines() if _is_about(line, names)]
            if lines and interest.name != "Unincorp":
                (own / "triggers" / interest.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.packages = names

    def attempt(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in the system, whatever comes of it."""
        start = ["unshare", "--map-root-user", "--mount", "/bin/sh", "-c", INSIDE, "sh", str(self.folder)]
        settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root", **environment}
        return subprocess.run(
            [*start, *map(str, command)], capture_output=True, text=True, check=False, env=settings, timeout=300
        )

    def run(self, *command: str | Path, **environment: str) -> str:
        """The output of a program that must succeed."""
        done = self.attempt(*command, **environment)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
        return done.stdout

    def bring(self, file: Path) -> str:
        """Copies a file to /tmp; its name in there."""
        shutil.copy(file, self.folder / "tmp")
        return f"/tmp/{file.name}"

    def files(self) -> dict[str, tuple[int, int, str]]:
        """Everything there is: mode, size and where a link leads; but what is dpkg's own, and scratch."""
        found = {}
        for parent, folders, names in os.walk(self.folder):
            for name in folders + names:
                path = Path(parent, name)
                inside = str(path.relative_to(self.folder))
                state = path.lstat()
                # Python keeps what it has compiled of its own modules, whoever has used them.
                of_python = "__pycache__" in inside and "/dist-packages/" not in inside
                if not BOOKKEEPING.match(inside) and not of_python:
                    link = str(path.readlink()) if path.is_symlink() else ""
                    found[inside] = (state.st_mode, 0 if path.is_dir() else state.st_size, link)
        return found


def _is_about(line: str, names: set[str]) -> bool:
    """Whether a line of dpkg's triggers names a package that is there."""
    return any(re.split(r"[:/]", word)[0] in names for word in line.split())
