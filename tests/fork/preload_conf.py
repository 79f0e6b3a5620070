"""gunicorn's configuration: its master uses the client before it forks workers, and when they have ended."""

from __future__ import annotations

from importlib import import_module

answer = import_module("preload_app").answer

preload_app = True


def when_ready(_server: object) -> None:
    answer("master-is-ready")


def on_exit(_server: object) -> None:
    answer("master-ends")
