"""What a module of one's own does: use.py URL KEY. Prints lines "name=value"."""

from __future__ import annotations

import importlib
import sys
from typing import Any

claude: Any = importlib.import_module("claude_example")


def failure(name: str, function: Any, *arguments: Any) -> None:
    try:
        function(*arguments)
    except (RuntimeError, TypeError) as error:
        print(f"{name}={error}")


def main(url: str, key: str) -> None:
    config = claude.claude_config_new()
    claude.claude_config_set(config, "api_key", key)
    claude.claude_config_set(config, "base_url", url)
    client = claude.claude_client_new(config)
    request = claude.claude_request_new("messages.create")
    claude.claude_request_set_model(request, "claude-haiku-5-5")
    claude.claude_request_set_max_tokens(request, 1024)
    claude.claude_request_add_user_text(request, "a\0b")
    print("text=" + ascii(claude.claude_response_text(claude.claude_client_execute(client, request))))

    call = claude.claude_client_stream(client, request)
    code, event = claude.claude_call_next(call, 5000)
    while code == 1:
        print(claude.claude_event_name(event) + "=" + str(claude.claude_event_index(event)))
        code, event = claude.claude_call_next(call, 5000)
    print(f"end={code} {event}")

    failure("kind", claude.claude_client_trim, request)
    failure("large", claude.claude_request_set_max_tokens, request, 2**63)
    failure("small", claude.claude_request_set_max_tokens, request, -(2**63))
    claude.claude_client_unref(client)
    claude.claude_client_unref(client)
    failure("released", claude.claude_client_execute, client, request)


main(*sys.argv[1:])
