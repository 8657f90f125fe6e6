"""The gate as an HTTPS proxy: clients of AWS's own hosts, other hosts, and clients that must not be served."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from sandgate.run import Run

REGION = "us-east-1"
IDP = f"https://cognito-idp.{REGION}.amazonaws.com"


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.seen: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listening.accept()
            except OSError:
                return
            with sock:
                while data := sock.recv(65536):
                    self.seen.append(data)
                    sock.sendall(data)

    def close(self) -> None:
        """Serve no more."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    """One for all."""
    server = Echo()
    yield server
    server.close()


@pytest.fixture(scope="module")
def proxied(make_run: Callable[..., Any]) -> Iterator[Run]:
    """A run that may reach one name of this machine."""
    with make_run('egress = ["localhost", "nowhere.invalid", "*.0.0.1"]\n') as run:
        yield run


@pytest.fixture(scope="module")
def environ(proxied: Run) -> dict[str, str]:
    """What a child of it sees."""
    own = {name: value for name, value in os.environ.items() if not name.upper().endswith(("_PROXY", "_BUNDLE"))}
    return proxied.environment({name: value for name, value in own.items() if name != "SSL_CERT_FILE"})


@pytest.fixture(scope="module")
def child(environ: Mapping[str, str]) -> Iterator[None]:
    """This process as such a child."""
    with pytest.MonkeyPatch.context() as patch:
        for name in set(os.environ) - set(environ):
            patch.delenv(name)
        for name, value in environ.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def pool(proxied: Run) -> Iterator[str]:
    """Id of a user pool."""
    idp = proxied.clients()("cognito-idp")
    found = idp.create_user_pool(PoolName="test-proxy")["UserPool"]["Id"]
    yield str(found)
    idp.delete_user_pool(UserPoolId=found)


def events(run: Run, kind: str) -> list[dict[str, Any]]:
    """What the log holds of a kind."""
    run.mark()
    lines = (run.directory / "events.jsonl").read_text().splitlines()
    return [event for event in map(json.loads, lines) if event["event"] == kind]


def ask(environ: Mapping[str, str], target: str, *, login: str | None = None, line: str = "") -> tuple[int, bytes]:
    """Ask the proxy for a tunnel, and give status and the whole answer."""
    url = urlsplit(environ["HTTPS_PROXY"])
    login = f"{url.username}:{url.password}" if login is None else login
    fields = f"Proxy-Authorization: Basic {base64.b64encode(login.encode()).decode()}\r\n" if login else ""
    with socket.create_connection(("127.0.0.1", url.port or 0), timeout=30) as sock:
        sock.sendall(f"{line or f'CONNECT {target} HTTP/1.1'}\r\nHost: {target}\r\n{fields}\r\n".encode())
        answer = b""
        while piece := sock.recv(65536):
            answer += piece
    return int(answer.split(b" ")[1]), answer


def _send_the_rest(sock: socket.socket, data: bytes) -> None:
    sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)


READERS: Mapping[str, Callable[[str], object]] = {
    "requests": lambda url: requests.get(url, timeout=30).json(),
    "httpx": lambda url: httpx.get(url, timeout=30).json(),
    "urllib": lambda url: json.load(urllib.request.urlopen(url, timeout=30)),
    "curl": lambda url: json.loads(subprocess.check_output(["curl", "-sS", "--max-time", "30", url])),
}


@pytest.mark.parametrize("client", READERS)
@pytest.mark.usefixtures("child")
def test_a_key_set_at_its_own_address(client: str, pool: str, proxied: Run) -> None:
    if client == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    before = len([event for event in events(proxied, "call") if event["operation"] == "GetJwks"])
    found: Any = READERS[client](f"{IDP}/{pool}/.well-known/jwks.json")
    assert found["keys"]
    calls = [event for event in events(proxied, "call") if event["operation"] == "GetJwks"][before:]
    assert [(call["service"], call["worker"], call["principal"]) for call in calls] == [
        ("cognito-idp", "main", "anonymous")
    ]


@pytest.mark.usefixtures("child")
def test_an_sdk_that_ignores_the_endpoint(proxied: Run) -> None:
    """Signatures, the guard and streamed bodies are what they are at the gate's own address."""
    config = Config(ignore_configured_endpoint_urls=True, s3={"addressing_style": "path"})  # type: ignore[call-arg, unused-ignore]
    session = boto3.Session(region_name=REGION)
    dynamodb = session.client("dynamodb", config=config)
    assert dynamodb.meta.endpoint_url == f"https://dynamodb.{REGION}.amazonaws.com"
    dynamodb.list_tables()
    with pytest.raises(ClientError) as refused:
        dynamodb.delete_table(TableName="production")
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    s3 = session.client("s3", endpoint_url=f"https://s3.{REGION}.amazonaws.com", config=config)
    body = bytes(range(256)) * 2048
    s3.create_bucket(Bucket="test-proxy-b")
    s3.put_object(Bucket="test-proxy-b", Key="k", Body=body)
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "test-proxy-b", "Key": "k"})
    assert url.startswith(f"https://s3.{REGION}.amazonaws.com/test-proxy-b/k?")
    assert requests.get(url, timeout=30).content == body
    s3.delete_object(Bucket="test-proxy-b", Key="k")
    s3.delete_bucket(Bucket="test-proxy-b")
    assert next(event for event in events(proxied, "call") if event["service"] == "s3")["principal"] == "identity"


@pytest.mark.usefixtures("child")
def test_other_keys_are_refused_there_too() -> None:
    config = Config(ignore_configured_endpoint_urls=True)  # type: ignore[call-arg, unused-ignore]
    session = boto3.Session("AKIDOTHER", "other", region_name=REGION)
    client = session.client("sts", config=config)
    with pytest.raises(ClientError, match="unknown-key"):
        client.get_caller_identity()


@pytest.mark.usefixtures("child")
def test_a_connection_is_for_the_host_that_it_was_made_to() -> None:
    answer = requests.get(f"{IDP}/", headers={"Host": f"dynamodb.{REGION}.amazonaws.com"}, timeout=30)
    assert answer.status_code == 421


@pytest.mark.parametrize(
    "login", ["", "main:", "main:wrong", "wrong", ":"], ids=["none", "empty", "wrong", "no colon", "nobody"]
)
def test_without_the_secret_nobody_is_served(environ: Mapping[str, str], proxied: Run, login: str) -> None:
    before = len(events(proxied, "egress")) + len(events(proxied, "call"))
    for target in (f"dynamodb.{REGION}.amazonaws.com:443", "localhost:1"):
        status, answer = ask(environ, target, login=login)
        assert status == 407
        assert b"proxy-authenticate: basic" in answer.lower()
    assert len(events(proxied, "egress")) + len(events(proxied, "call")) == before


@pytest.mark.usefixtures("child")
def test_a_host_that_is_not_listed_is_refused_with_its_remedy(environ: Mapping[str, str], proxied: Run) -> None:
    status, answer = ask(environ, "telemetry.example.org:443")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status == 403
    assert b"X-Sandgate-Refused: telemetry.example.org: egress" in head
    assert b'egress = ["telemetry.example.org"] in [tool.sandgate]' in body
    with pytest.raises(requests.exceptions.ProxyError, match=r"telemetry\.example\.org is no host of an AWS service"):
        requests.get("https://telemetry.example.org/", timeout=30)
    found = [event for event in events(proxied, "egress") if event["host"] == "telemetry.example.org"]
    assert [(event["refused"], event["worker"], event["port"]) for event in found] == [("egress", "main", 443)] * 2


@pytest.mark.parametrize("host", [f"test-b.s3.{REGION}.amazonaws.com", f"lb-1.{REGION}.elb.amazonaws.com"])
def test_hosts_of_customers_at_aws_count_as_others(environ: Mapping[str, str], host: str) -> None:
    status, answer = ask(environ, f"{host}:443")
    assert (status, b"egress" in answer) == (403, True)


@pytest.mark.parametrize("target", ["127.0.0.1", "10.0.0.1", "[::1]", "2130706433", "0.0.0.0", "169.254.169.254"])
def test_this_machine_is_not_reached_by_its_addresses(environ: Mapping[str, str], echo: Echo, target: str) -> None:
    status, answer = ask(environ, f"{target}:{echo.port}")
    assert status == 403
    # Even where a pattern lists it.
    assert (b": egress-address\r\n" in answer) == target.endswith(".0.0.1")


def test_a_listed_host_is_reached_untouched(environ: Mapping[str, str], echo: Echo, proxied: Run) -> None:
    url = urlsplit(environ["HTTPS_PROXY"])
    login = base64.b64encode(f"gw1:{url.password}".encode()).decode()
    data = os.urandom(300_000)
    with socket.create_connection(("127.0.0.1", url.port or 0), timeout=30) as sock:
        head = f"CONNECT localhost:{echo.port} HTTP/1.1\r\nProxy-Authorization: Basic {login}\r\n\r\n"
        # In pieces, and with the first bytes of the tunnel behind the head: what follows is not the proxy's.
        sock.sendall(head[:30].encode())
        sock.sendall(head[30:].encode() + data[:1000])
        answer = b""
        while len(answer) < len(b"HTTP/1.1 200 Connection established\r\n\r\n") + 1000:
            answer += sock.recv(65536)
        begun = answer.partition(b"\r\n\r\n")[2]
        sender = threading.Thread(target=_send_the_rest, args=(sock, data[1000:]))
        sender.start()
        while piece := sock.recv(65536):
            begun += piece
        sender.join()
    assert begun == data
    found = [event for event in events(proxied, "egress") if event["host"] == "localhost" and not event["refused"]]
    assert [(event["worker"], event["port"]) for event in found] == [("gw1", echo.port)]
    for _ in range(600):
        found = [event for event in events(proxied, "tunnel") if event["port"] == echo.port]
        if found:
            break
        proxied.status()
    assert [(event["worker"], event["sent"], event["received"]) for event in found] == [("gw1", len(data), len(data))]


def test_a_host_that_nobody_knows(environ: Mapping[str, str]) -> None:
    status, answer = ask(environ, "nowhere.invalid:443")
    assert (status, b"nowhere.invalid" in answer) == (502, True)


def test_plain_http_is_refused_in_words(environ: Mapping[str, str]) -> None:
    status, answer = ask(environ, "x", line="GET http://example.org/ HTTP/1.1")
    assert (status, b"https:// only" in answer) == (403, True)


def test_a_client_that_pins_a_certificate_is_told_of(environ: Mapping[str, str], proxied: Run) -> None:
    """One that trusts other roots breaks off; one that compares afterwards leaves without a request."""
    url = urlsplit(environ["HTTPS_PROXY"])
    login = base64.b64encode(f"main:{url.password}".encode()).decode()
    host = f"sqs.{REGION}.amazonaws.com"

    def shake_hands(context: ssl.SSLContext) -> None:
        with socket.create_connection(("127.0.0.1", url.port or 0), timeout=30) as sock:
            sock.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nProxy-Authorization: Basic {login}\r\n\r\n".encode())
            assert sock.recv(65536).startswith(b"HTTP/1.1 200 ")
            with context.wrap_socket(sock, server_hostname=host):
                pass

    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    shake_hands(ssl.create_default_context(cafile=environ["SSL_CERT_FILE"]))
    found: list[dict[str, Any]] = []
    for _ in range(600):
        found = [event for event in events(proxied, "handshake") if event["host"] == host]
        if len(found) == 2:
            break
        proxied.status()
    assert ["pins" in event["why"] for event in found] == [True, True]


def test_the_secret_is_in_no_file_but_java_s_and_the_key_in_none(environ: Mapping[str, str], proxied: Run) -> None:
    secret = str(urlsplit(environ["HTTPS_PROXY"]).password)
    folders = [proxied.directory, Path(json.loads((proxied.directory / "run.json").read_text())["work_dir"])]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert {"events.jsonl", "gate.log", "ca.pem", "ca-bundle.pem"} <= {path.name for path in files}
    for path in files:
        data = path.read_bytes()
        private = path.name.endswith(".sandgate.vmoptions") and path.stat().st_mode & 0o077 == 0
        assert private or secret.encode() not in data, path
        # The emulator keeps the keys of its user pools there.
        assert b"PRIVATE KEY" not in data or "state" in path.parts, path


def test_the_users_own_bundle_stays_trusted(proxied: Run, tmp_path: Path) -> None:
    own = tmp_path / "corp.pem"
    own.write_text("-----BEGIN CERTIFICATE-----\nof the company\n-----END CERTIFICATE-----\n")
    (tmp_path / "gone.pem").touch()
    seen = proxied.environment({"REQUESTS_CA_BUNDLE": str(own), "CURL_CA_BUNDLE": str(tmp_path / "none.pem")})
    text = Path(seen["REQUESTS_CA_BUNDLE"]).read_text()
    assert text == own.read_text() + (proxied.directory / "ca.pem").read_text()
    assert seen["CURL_CA_BUNDLE"] == seen["SSL_CERT_FILE"] == str(proxied.directory / "ca-bundle.pem")
    assert seen["NODE_EXTRA_CA_CERTS"] == str(proxied.directory / "ca.pem")
    assert proxied.environment(seen)["REQUESTS_CA_BUNDLE"] == seen["REQUESTS_CA_BUNDLE"]
