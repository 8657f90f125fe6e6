"""What a gate of the tier `endpoints` sends: host, path, key, region and TLS, seen by a server that writes it down."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sandgate.errors import ConfigError, EnvironmentFault
from sandgate.run import Run

KEY, SECRET = "MINIOEXAMPLEKEY", "a-secret of/minio+1"
ANSWERS = {
    "dynamodb": ("application/x-amz-json-1.0", b'{"TableNames": []}'),
    "iam": (
        "text/xml",
        (
            b'<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult>'
            b"<IsTruncated>false</IsTruncated><Users/></ListUsersResult></ListUsersResponse>"
        ),
    ),
}


class Notebook(ThreadingHTTPServer):
    """Answers every call with an empty listing and keeps what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Mapping[str, str], bytes]] = []
        super().__init__(("127.0.0.1", 0), Page)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def signed(self) -> list[tuple[str, str, Mapping[str, str], bytes]]:
        """The calls that carry a signature."""
        return [call for call in self.calls if "authorization" in call[2]]


class Page(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Notebook

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.calls.append((self.command, self.path, headers, body))
        kind, data = ANSWERS["iam" if b"Action=" in body else "dynamodb"]
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Quiet."""


@contextlib.contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[Notebook]:
    server = Notebook()
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def server() -> Iterator[Notebook]:
    with listening() as found:
        yield found


def assert_signed(call: tuple[str, str, Mapping[str, str], bytes], url: str, service: str, region: str) -> None:
    """botocore's signer comes to the same signature over what arrived."""
    method, path, headers, body = call
    claimed = re.search(r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", headers["authorization"])
    assert claimed is not None
    wanted = {name: headers[name] for name in claimed[1].split(";")}
    request = AWSRequest(method=method, url=f"{url}{path}", headers=wanted, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials(KEY, SECRET), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    assert signer.signature(text, request) == claimed[2]
    assert f"Credential={KEY}/{headers['x-amz-date'][:8]}/{region}/{service}/aws4_request" in headers["authorization"]


def test_key_region_host_and_path_are_those_of_the_table(
    server: Notebook, make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIO_KEY", KEY)
    monkeypatch.setenv("MINIO_SECRET", SECRET)
    pair = 'access_key_id_env = "MINIO_KEY"\nsecret_access_key_env = "MINIO_SECRET"'
    toml = f"""
        tier = "endpoints"
        region = "eu-west-1"
        [tool.sandgate.endpoints.dynamodb]
        url = "http://localhost:{server.port}/some/where/"
        region = "ap-southeast-2"
        {pair}
        [tool.sandgate.endpoints.iam]
        url = "http://127.0.0.1:{server.port}"
        {pair}
        """
    with make_run(toml) as run:
        server.calls.clear()
        run.clients()("dynamodb").list_tables()
        run.clients()("iam").list_users()
        dynamodb, iam = server.signed()
        assert (dynamodb[1], dynamodb[2]["host"]) == ("/some/where/", f"localhost:{server.port}")
        assert_signed(dynamodb, f"http://localhost:{server.port}", "dynamodb", "ap-southeast-2")
        # No region in its table: the run's, and for IAM what botocore's rules make of it.
        assert_signed(iam, f"http://127.0.0.1:{server.port}", "iam", "us-east-1")
        children = run.environment({"MINIO_KEY": KEY, "MINIO_SECRET": SECRET, "OTHER": "kept"})
        assert {"MINIO_KEY", "MINIO_SECRET"}.isdisjoint(children)
        assert children["OTHER"] == "kept"
    assert_nowhere(run, SECRET)


def assert_nowhere(run: Run, secret: str) -> None:
    """No file of the run holds the secret."""
    found = [path for path in run.directory.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert found == []


def test_the_default_pair_is_test(server: Notebook, make_run: Callable[..., Any]) -> None:
    toml = f'tier = "endpoints"\n[tool.sandgate.endpoints.dynamodb]\nurl = "http://127.0.0.1:{server.port}"\n'
    with make_run(toml) as run:
        server.calls.clear()
        run.clients()("dynamodb").list_tables()
        assert "Credential=test/" in server.signed()[0][2]["authorization"]


def test_what_the_start_command_prints_is_logged_without_the_secret(
    server: Notebook, make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MINIO_KEY", KEY)
    monkeypatch.setenv("MINIO_SECRET", SECRET)
    toml = f"""
        tier = "endpoints"
        [tool.sandgate.endpoints.dynamodb]
        url = "http://127.0.0.1:{server.port}"
        access_key_id_env = "MINIO_KEY"
        secret_access_key_env = "MINIO_SECRET"
        start = {json.dumps(f'echo "RootPass: $MINIO_SECRET"; env > {tmp_path}/.env-start; pwd')}
        stop = {json.dumps('echo "bye $MINIO_SECRET"')}
        """
    with make_run(toml) as run:
        pass
    log = (run.directory / "endpoints.log").read_text()
    assert "RootPass: ***" in log
    assert "bye ***" in log
    assert str(run.config.root) in log
    assert_nowhere(run, SECRET)
    # The command has what it needs, and nothing of the user's AWS.
    environment = (tmp_path / ".env-start").read_text()
    assert f"MINIO_SECRET={SECRET}" in environment
    assert "AWS_" not in environment


def test_a_pair_from_the_env_file(server: Notebook, make_run: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"MINIO_KEY={KEY}\nMINIO_SECRET='{SECRET}'\n")
    toml = f"""
        tier = "endpoints"
        env_file = "{tmp_path}/.env"
        [tool.sandgate.endpoints.dynamodb]
        url = "http://127.0.0.1:{server.port}"
        access_key_id_env = "MINIO_KEY"
        secret_access_key_env = "MINIO_SECRET"
        """
    with make_run(toml) as run:
        server.calls.clear()
        run.clients()("dynamodb").list_tables()
        assert_signed(server.signed()[0], f"http://127.0.0.1:{server.port}", "dynamodb", "us-east-1")
    assert_nowhere(run, SECRET)
    (tmp_path / ".env").write_text(f"MINIO_KEY={KEY}\n")
    with pytest.raises(ConfigError) as caught, make_run(toml):
        pass
    assert "MINIO_SECRET" in caught.value.message
    assert caught.value.where.endswith("endpoints.dynamodb.secret_access_key_env")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 that is its own authority, and the server side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandgate test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return folder / "cert.pem", context


def test_https_verifies_the_certificate(
    authority: tuple[Path, ssl.SSLContext], make_run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, context = authority
    with listening(context) as server:
        table = "[tool.sandgate.endpoints.dynamodb]"
        toml = f'tier = "endpoints"\n{table}\nurl = "https://127.0.0.1:{server.port}"\n'
        with pytest.raises(EnvironmentFault) as caught, make_run(toml):
            pass
        assert "certificate" in caught.value.message
        assert caught.value.where.endswith("endpoints.dynamodb.url")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with make_run(toml) as run:
            assert run.clients()("dynamodb").list_tables()["TableNames"] == []
            assert "dynamodb" in run.status()["reached"]
        # The name counts, not only the authority.
        with pytest.raises(EnvironmentFault), make_run(toml.replace("127.0.0.1", "localhost")):
            pass
