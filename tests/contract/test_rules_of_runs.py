"""Rules whose remedies are for the start of a run: through a gate of its own process."""

from __future__ import annotations

import re
import threading
import tomllib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandgate.config.load import load
from sandgate.session import start

UNMAPPED = ("dynamodb", "list_bulk_operations")
"""An operation that no table maps; which error the emulator has for it is its own affair."""


class Yes(BaseHTTPRequestHandler):
    """Says yes to everything."""

    def do_POST(self) -> None:
        body = b"{}"
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - as the base class names it

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def emulator() -> Iterator[str]:
    """HOST:PORT of one that somebody else runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Yes)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def said(root: Path, config: str, ask: Callable[[Any], object], **options: object) -> str:
    """The text of a run's own refusal; empty where the call reached the upstream."""
    (root / "pyproject.toml").write_text(f'[tool.sandgate]\nregion = "eu-west-1"\n{config}\n', encoding="utf-8")
    run = start(load(cwd=root, environ={}, overrides=options), progress=lambda _text: None)
    try:
        ask(run.clients())
    except ClientError as error:
        text = str(error.response["Error"].get("Message", ""))
        return text if text.startswith("sandgate refused") else ""
    finally:
        run.stop()
    return ""


def test_a_service_without_url(tmp_path: Path, emulator: str) -> None:
    def ask(clients: Any) -> object:
        return clients("sqs").list_queues()

    config = f"""tier = "endpoints"
[tool.sandgate.endpoints.dynamodb]
url = "http://{emulator}"
"""
    text = said(tmp_path, config, ask)
    found = re.fullmatch(
        r"sandgate refused this call by rule no-endpoint; value: sqs; from: endpoints = dynamodb; .+pyproject\.toml.*; "
        r"to allow it, in \[tool\.sandgate\]: (.+)",
        text,
    )
    assert found is not None, text
    assert tomllib.loads(found[1]) == {"endpoints": {"sqs": {"url": "http://HOST:PORT"}}}
    assert said(tmp_path, f"{found[1].replace('HOST:PORT', emulator)}\n{config}", ask) == ""


def test_an_unmapped_operation(tmp_path: Path) -> None:
    service, method = UNMAPPED

    def ask(clients: Any) -> object:
        return getattr(clients(service), method)()

    text = said(tmp_path, "", ask)
    found = re.fullmatch(
        r"sandgate refused this call by rule unmapped-operation; value: dynamodb\.ListBulkOperations; "
        r"from: sandgate: .+; to allow it: run with --([a-z-]+), on a tier without a real account",
        text,
    )
    assert found is not None, text
    assert said(tmp_path, "", ask, **{found[1].replace("-", "_"): True}) == ""
