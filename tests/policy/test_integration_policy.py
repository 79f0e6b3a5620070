"""Scans tests/integration/ for what its policy forbids, and proves that the scan notices each kind of breach.

Run by ctest (unit.integration-policy) with the standard library alone: python3 -m unittest.
"""

from __future__ import annotations

import pathlib
import re
import tempfile
import unittest

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "integration"
POLICY = "INTEGRATION TEST POLICY: REAL API ONLY"
SOURCES = (".c", ".h", ".py")

FORBIDDEN = {
    "an API key written down": r"\bsk-[A-Za-z]+-?|\bANTHROPIC_(API_KEY|AUTH_TOKEN)\b",
    # To hand on the key of a client is no other way; to make one is.
    "a key by another way than from_workspace": r"\bclaude_secret_(?!(t|ref|unref|fingerprint|set_expiry)\b)\w+"
    r"|\bclaude_config_set_secret\b|\bapi_key\s*="
    r"|[\"'](api_key|auth\.\w+)[\"']",
    "a client by another way than from_workspace": r"\bclaude_client_(new|from_env)\b|\bClient\s*\(",
    "a changed environment": r"\b(setenv|putenv|unsetenv)\b|os\.environ\[|monkeypatch",
    "a base URL": r"(?<!ANTHROPIC_)base_url|network\.\w+|tls\.\w+",
    "a server that is not the real one": r"https?://(?!api\.anthropic\.com(?![\w.@:-]))|\b127\.0\.0\.1\b|\blocalhost\b|\[::1\]",
    "a server": r"\b(socket|bind|listen|accept4?|socketpair)\s*\(|\bhttp\.server\b|socketserver|\bsandbox",
    "a test double": r"(?<![a-z])(mock|fake|stub|dummy|simulat|canned)\w*",
    "a canned reply": r"message_start|content_block_(start|delta|stop)|message_stop|data:\s*\{|\\?[\"']role\\?[\"']\s*:"
    r"|\\?[\"']stop_reason\\?[\"']\s*:|HTTP/1\.1\s+\d"
    # Schemas of requests have types as well: object, string, ...; those of replies are others.
    r"|\\?[\"']type\\?[\"']\s*:(?!\s*\\?[\"'](object|array|string|integer|number|boolean)\\?[\"'])",
    "a skipped test": r"\bskip\b|\bskip\s*\(|pytest\.(skip|xfail)|\bunittest\.skip",
}


def breaches(folder: pathlib.Path) -> list[str]:
    """What is wrong in a folder of integration tests, as file:line: text."""
    found = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or "__pycache__" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        if POLICY not in "\n".join(text.split("\n")[:5]):
            found.append(f"{path.name}:1: does not open with the policy")
        if path.suffix not in SOURCES:
            continue
        for number, line in enumerate(text.split("\n"), start=1):
            for what, pattern in FORBIDDEN.items():
                match = re.search(pattern, line, re.IGNORECASE)
                if match:
                    found.append(f"{path.name}:{number}: {what}: {match[0]}")
    return found


class Scan(unittest.TestCase):
    """The folder as it is."""

    def test_folder_keeps_the_policy(self) -> None:
        self.assertEqual(breaches(FOLDER), [])

    def test_there_are_tests_that_use_the_workspace(self) -> None:
        texts = [path.read_text(encoding="utf-8") for path in FOLDER.glob("*.[ch]")]
        self.assertGreaterEqual(len(list(FOLDER.glob("test_*"))), 1)
        self.assertTrue(any("claude_client_from_workspace(" in text for text in texts))


class ScanOfBreaches(unittest.TestCase):
    """The scan can fail."""

    def check(self, line: str, expected: str, name: str = "test_probe.c", head: str = f"/* {POLICY} */\n") -> None:
        """A file with that line is found out."""
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / name).write_text(f"{head}{line}\n", encoding="utf-8")
            self.assertTrue(any(expected in text for text in breaches(pathlib.Path(folder))), line)

    def test_every_kind_of_breach(self) -> None:
        for line, expected in [
            ('key = "sk-ant-test-0123456789";', "an API key written down"),
            ('getenv("ANTHROPIC_API_KEY")', "an API key written down"),
            ("claude_secret_new(text, len, &secret, &err);", "a key by another way"),
            ("claude_secret_ref_new(text, len, &secret, &err);", "a key by another way"),
            ("claude_secret_load_with_precedence(NULL, NULL, &secret, &err);", "a key by another way"),
            ('claude_config_set(config, "api_key", text, &err);', "a key by another way"),
            ("claude_client_new(config, &client, &err);", "a client by another way"),
            ("claude_client_from_env(NULL, &client, &err);", "a client by another way"),
            ('setenv("ANTHROPIC_X", "1", 1);', "a changed environment"),
            ('claude_config_set(config, "base_url", url, &err);', "a base URL"),
            ('#define URL "https://example.com"', "a server that is not the real one"),
            ('#define URL "https://api.anthropic.com.example.com"', "a server that is not the real one"),
            ('#define URL "https://api.anthropic.com@example.com"', "a server that is not the real one"),
            ('connect_to("127.0.0.1")', "a server that is not the real one"),
            ("int fd = socket(AF_INET, SOCK_STREAM, 0);", "a server"),
            ('#include "sandbox/client.h"', "a server"),
            ("static int mock_transport(void)", "a test double"),
            ("will_return(fake_send, 0);", "a test double"),
            (r'"{\"type\":\"message\",\"role\":\"assistant\"}"', "a canned reply"),
            ('"event: message_start"', "a canned reply"),
            (r'"{\"type\": \"text\", \"text\": \"\"}"', "a canned reply"),
            (r'"{\"type\":\"objects\"}"', "a canned reply"),
            (r'"{\"type\": \"object\", \"x\": {\"type\": \"text\"}}"', "a canned reply"),
            ("if (err) skip();", "a skipped test"),
        ]:
            with self.subTest(line=line):
                self.check(line, expected)

    def test_policy_must_be_stated(self) -> None:
        self.check("", "does not open with the policy", head="/* tests */\n")
        self.check("", "does not open with the policy", name="CMakeLists.txt", head="# tests\n")

    def test_honest_code_passes(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            text = f'/* {POLICY} */\n#include <cmocka.h>\n#define URL "https://api.anthropic.com"\n'
            text += "must(claude_client_from_workspace(NULL, &client, &err), err);\n"
            text += "claude_secret_t *secret = claude_client_secret(client, CLAUDE_KEY_OF_CLIENT);\n"
            text += r'#define SCHEMA "{\"type\": \"object\", \"properties\": {\"a\": {\"type\":\"integer\"}}}"' + "\n"
            (pathlib.Path(folder) / "test_probe.c").write_text(text, encoding="utf-8")
            self.assertEqual(breaches(pathlib.Path(folder)), [])


if __name__ == "__main__":
    unittest.main()
