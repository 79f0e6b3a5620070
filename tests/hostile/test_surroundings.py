"""Whatever the host's surroundings are, tests pass, requests have the same bytes, and the process keeps its state."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from surroundings import BUILD, LONG, SMALL_STACK, Program, Surrounding, all_surroundings, programs, require

if TYPE_CHECKING:
    from collections.abc import Iterator

ALONE = "comma turkish small-stack proxies no-proxy certificates anthropic dirty-memory bare far-zone key-log".split()
# What does not get in each other's way is tried together: whole suites take their time.
TOGETHER = (
    ("comma", "proxies", "anthropic"),
    ("turkish", "small-stack", "dirty-memory"),
    ("certificates", "bare", "no-proxy", "key-log"),
)
HERE = Path(__file__).resolve().parent
REQUESTS = str(BUILD / "bin" / "hostile_requests")
SANDBOX = {"CLAUDE_SANDBOX": str(BUILD / "bin" / "claude-sandbox")}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Surrounding]:
    return all_surroundings(tmp_path_factory.mktemp("junk"))


def sent(surrounding: Surrounding) -> str:
    """What the server receives; the port is another one each time."""
    done = surrounding.run([REQUESTS], own=SANDBOX)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert '"count":4' in done.stdout
    return re.sub(r"127\.0\.0\.1:[0-9]+", "127.0.0.1:PORT", done.stdout)


@pytest.mark.parametrize("name", ALONE)
def test_requests_have_the_same_bytes(known: dict[str, Surrounding], name: str) -> None:
    assert sent(known[name]) == sent(known["plain"])


@pytest.mark.parametrize("name", ALONE)
def test_the_process_keeps_its_state(known: dict[str, Surrounding], name: str) -> None:
    done = known[name].run([str(BUILD / "bin" / "hostile_process_state")], own=SANDBOX)
    assert done.returncode == 0, done.stdout + done.stderr


def failure_of(surrounding: Surrounding, program: Program) -> str:
    """Empty if the program passes."""
    try:
        done = surrounding.run(program.command, own=program.variables, cwd=program.folder)
    except subprocess.TimeoutExpired:
        return f"{program.name} did not end"
    if done.returncode == 0:
        return ""
    return f"{program.name} ended with {done.returncode}\n{(done.stdout + done.stderr)[-3000:]}"


def check_suites(surrounding: Surrounding) -> None:
    # Those that wait most begin first.
    found = sorted(programs("unit", "component"), key=lambda program: program.name.startswith("unit"))
    assert len(found) > 30
    with ThreadPoolExecutor(int(os.environ.get("CLAUDE_JOBS", "2"))) as pool:
        failures = [text for text in pool.map(lambda program: failure_of(surrounding, program), found) if text]
    assert not failures, f"{surrounding.name}: " + "\n".join(failures)


@pytest.mark.parametrize("names", TOGETHER + tuple((name,) for name in ALONE if LONG), ids="+".join)
def test_suites_pass(known: dict[str, Surrounding], names: tuple[str, ...]) -> None:
    first, *others = (known[name] for name in names)
    check_suites(first.with_(*others))


def test_the_small_stack_is_small(known: dict[str, Surrounding]) -> None:
    assert known["plain"].run([REQUESTS, "deep"]).returncode == 0
    assert known["small-stack"].run([REQUESTS, "deep"]).returncode < 0
    assert SMALL_STACK == 131072


def test_a_locale_that_is_not_there_is_noticed(known: dict[str, Surrounding]) -> None:
    nothing = Surrounding("nothing", {**known["comma"].variables, "LOCPATH": "/nonexistent"})
    assert nothing.run([REQUESTS], own=SANDBOX).returncode == 97


# ---- memory ----

# What allocates, of all that a C library offers; and what of our dependencies is nothing but an allocation.
ALLOCATORS = set(
    "malloc calloc realloc reallocarray aligned_alloc posix_memalign memalign valloc pvalloc strdup strndup wcsdup "
    "asprintf vasprintf __asprintf_chk __vasprintf_chk getline getdelim open_memstream fopen fdopen opendir scandir "
    "realpath canonicalize_file_name get_current_dir_name mmap mremap newlocale duplocale pthread_create "
    "curl_easy_init curl_easy_duphandle curl_easy_escape curl_easy_unescape curl_multi_init curl_share_init curl_url "
    "curl_url_dup curl_slist_append curl_mime_init curl_mime_addpart json_tokener_new json_tokener_new_ex "
    "json_object_new_object json_object_new_array json_object_new_string json_object_new_string_len".split()
)


def test_every_allocation_of_ours_can_be_made_to_fail() -> None:
    archive = str(BUILD / "lib" / "libclaude.a")
    nm = subprocess.run([require("nm", "binutils"), "-u", archive], check=True, capture_output=True, encoding="utf-8")
    imported = {line.split()[-1] for line in nm.stdout.splitlines() if line.startswith(" ")}
    renamed = {line.split()[0] for line in (HERE / "failing.syms").read_text(encoding="utf-8").splitlines()}
    assert {"malloc", "free"} <= imported
    assert imported & ALLOCATORS <= renamed


# ---- certificates: the environment neither adds trust nor takes it away ----


class Answer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = b'{"type": "message", "content": []}'
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class QuietServer(HTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A handshake that the client ends is what some tests want."""


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """URL of a server and its certificate, which signs itself."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    form = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([require("openssl", "openssl"), "req", *form, *subject, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = QuietServer(("127.0.0.1", 0), Answer)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}", certificate
    server.shutdown()
    thread.join()
    server.server_close()


def end_of_call(surrounding: Surrounding, url: str, *ca_file: str) -> str:
    done = surrounding.run([REQUESTS, "tls", url, *ca_file])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("name", ALONE)
def test_trusts_what_it_was_told_to(known: dict[str, Surrounding], tls_server: tuple[str, Path], name: str) -> None:
    url, certificate = tls_server
    assert end_of_call(known[name], url, str(certificate)) == "CLAUDE_OK"
    assert end_of_call(known[name], url) == "CLAUDE_E_TLS"


def test_the_environment_adds_no_trust(known: dict[str, Surrounding], tls_server: tuple[str, Path]) -> None:
    url, certificate = tls_server
    names = ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
    trusting = Surrounding(
        "trusting", {**dict.fromkeys(names, str(certificate)), "SSL_CERT_DIR": str(certificate.parent)}
    )
    assert end_of_call(trusting, url) == "CLAUDE_E_TLS"
    assert end_of_call(trusting, url, str(certificate)) == "CLAUDE_OK"
