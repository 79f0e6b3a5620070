"""Surroundings that a host may have, made so that programs can be run in them."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BUILD = Path(os.environ.get("CLAUDE_BUILD_DIR", Path(__file__).resolve().parents[2] / "build" / "dev"))
LONG = os.environ.get("CLAUDE_TEST_LONG") == "1"
SMALL_STACK = 128 * 1024
# Every variable that a surrounding may set; programs are started without those that theirs does not.
CLEARED = ("LC_", "LANG", "ANTHROPIC_", "CURL_", "SSL", "OPENSSL_", "MALLOC_", "LD_PRELOAD", "LOCPATH", "TZ")


def require(program: str, package: str) -> str:
    """Path of a program; a missing one is a failure that names its Debian package."""
    path = shutil.which(program)
    if path is None:
        raise AssertionError(f"{program} is missing: apt-get install {package}")
    return path


@dataclass(frozen=True)
class Surrounding:
    """Environment variables to set, variables to remove, and whether the stack is small."""

    name: str
    variables: dict[str, str] = field(default_factory=dict)
    removed: tuple[str, ...] = ()
    small_stack: bool = False

    def environment(self, own: dict[str, str] | None = None) -> dict[str, str]:
        """The environment for a program that asks for variables of its own."""
        known = {name: value for name, value in os.environ.items() if not name.startswith(CLEARED)}
        known.pop("CLAUDE_TEST_LONG", None)
        known.update(own or {})
        known.update(self.variables)
        for name in self.removed:
            known.pop(name, None)
        if self.small_stack:
            known["CLAUDE_HOST_STACK"] = str(SMALL_STACK)
        if any(name.startswith("CLAUDE_HOST_") for name in known):
            known["LD_PRELOAD"] = str(BUILD / "lib" / "libhostile_host.so")
        return known

    def run(self, command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a program in it."""

        def limit_stack() -> None:
            resource.setrlimit(resource.RLIMIT_STACK, (SMALL_STACK, SMALL_STACK))

        return subprocess.run(
            command,
            env=self.environment(options.pop("own", None)),
            preexec_fn=limit_stack if self.small_stack else None,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=options.pop("timeout", 300),
            **options,
        )

    def with_(self, *others: Surrounding) -> Surrounding:
        """All of them at once."""
        variables = dict(self.variables)
        for other in others:
            variables.update(other.variables)
        return Surrounding(
            "+".join([self.name, *(other.name for other in others)]),
            variables,
            self.removed + tuple(name for other in others for name in other.removed),
            self.small_stack or any(other.small_stack for other in others),
        )


def make_locales(folder: Path) -> None:
    """Compiles a locale with a comma, and the one in which I and i are no pair."""
    localedef = require("localedef", "libc-bin")
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("de_DE", "tr_TR"):
        target = folder / f"{name}.UTF-8"
        if not target.exists():
            definitions = Path("/usr/share/i18n/locales") / name
            assert definitions.exists(), f"{definitions} is missing: apt-get install locales"
            temporary = folder / f"{name}.tmp"
            subprocess.run([localedef, "-i", name, "-f", "UTF-8", str(temporary)], check=True, capture_output=True)
            temporary.rename(target)


def all_surroundings(junk: Path) -> dict[str, Surrounding]:
    """By name. `junk` is a folder for files that are not what they are said to be."""
    locales = BUILD / "locales"
    make_locales(locales)
    nonsense = junk / "nonsense"
    nonsense.write_text("this is neither a certificate nor a configuration\n[ = \x01\n", encoding="utf-8")
    proxy = "http://somebody:secret@127.0.0.1:9"
    nowhere = "/nonexistent"
    proxies = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
    found = [
        Surrounding("plain"),
        Surrounding(
            "comma",
            {"LOCPATH": str(locales), "LC_ALL": "de_DE.UTF-8", "CLAUDE_HOST_DECIMAL_POINT": ","},
        ),
        Surrounding(
            "turkish",
            {"LOCPATH": str(locales), "LC_ALL": "tr_TR.UTF-8", "CLAUDE_HOST_DECIMAL_POINT": ","},
        ),
        Surrounding("small-stack", small_stack=True),
        Surrounding("proxies", dict.fromkeys(proxies, proxy)),
        Surrounding("no-proxy", {"no_proxy": "*", "NO_PROXY": "*"}),
        Surrounding(
            "certificates",
            {
                "CURL_CA_BUNDLE": str(nonsense),
                "SSL_CERT_FILE": str(nonsense),
                "SSL_CERT_DIR": nowhere,
                "OPENSSL_CONF": str(nonsense),
                "OPENSSL_MODULES": nowhere,
                "OPENSSL_ENGINES": nowhere,
                "CURL_SSL_BACKEND": "nonsense",
            },
        ),
        Surrounding(
            "anthropic",
            {
                "ANTHROPIC_API_KEY": "sk-ant-api03-of-somebody-else-0123456789",
                "ANTHROPIC_AUTH_TOKEN": "token-of-somebody-else",
                "ANTHROPIC_BASE_URL": "https://evil.invalid/steal",
                "ANTHROPIC_CUSTOM_HEADERS": "x-evil: 1",
                "ANTHROPIC_MODEL": "evil-model",
                "ANTHROPIC_BETAS": "evil-beta",
                "ANTHROPIC_LOG": "debug",
            },
        ),
        Surrounding("dirty-memory", {"MALLOC_PERTURB_": "165", "MALLOC_ARENA_MAX": "1", "MALLOC_TOP_PAD_": "0"}),
        Surrounding(
            "bare",
            {"TMPDIR": nowhere, "TZ": ":/nonexistent/zone", "LC_ALL": "xx_YY.nonsense", "CURL_HOME": nowhere},
            removed=("HOME", "USER", "LOGNAME", "SHELL", "TERM", "PWD", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"),
        ),
        Surrounding("far-zone", {"TZ": "America/St_Johns"}),
        # libcurl opens that file and writes the keys of TLS connections to it, for whoever starts the process.
        Surrounding("key-log", {"SSLKEYLOGFILE": str(junk / "keys")}),
    ]
    return {surrounding.name: surrounding for surrounding in found}


@dataclass(frozen=True)
class Program:
    """A test of the build, as ctest would start it."""

    name: str
    command: list[str]
    folder: str
    variables: dict[str, str]


def programs(*labels: str) -> list[Program]:
    """The build's tests with one of these labels, except those that run no program of ours."""
    ctest = require("ctest", "cmake")
    text = subprocess.run(
        [ctest, "--show-only=json-v1"], cwd=BUILD, check=True, capture_output=True, encoding="utf-8"
    ).stdout
    found = []
    for test in json.loads(text)["tests"]:
        properties: dict[str, Any] = {entry["name"]: entry["value"] for entry in test["properties"]}
        if not set(properties.get("LABELS", [])) & set(labels) or not test["command"][0].startswith(str(BUILD)):
            continue
        variables = dict(entry.split("=", 1) for entry in properties.get("ENVIRONMENT", []))
        found.append(Program(test["name"], test["command"], properties["WORKING_DIRECTORY"], variables))
    return found
