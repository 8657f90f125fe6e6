"""Credentials that no file holds: a single sign-on's, a container's and a web identity's, each by its own protocol.

A gate of its own fetches them with the user's home and environment, and a call of the tests arrives as their caller.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.sandbox.standin.account import ACCOUNT, REGION, StandIn
from tests.sandbox.standin.keys import Key
from tests.sandbox.tier import Project, project

from sandgate.errors import EnvironmentFault

ROLE = "AWSReservedSSO_Dev_0123456789abcdef"
ISSUER = "token.sources.example.com"
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@pytest.fixture(scope="module")
def session(_standin: StandIn) -> Key:
    """Of a role, as whoever gives out credentials would have it."""
    _role(_standin, ROLE, {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "sts:AssumeRole")
    arn = f"arn:aws:iam::{ACCOUNT}:role/{ROLE}"
    made = _standin.admin_client("sts").assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]["AccessKeyId"]
    return _standin.front.keys[made]


def _role(standin: StandIn, name: str, principal: dict[str, str], action: str) -> None:
    iam = standin.admin_client("iam")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action}]}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(_EVERYTHING))


def made(standin: StandIn, tmp_path: Path, toml: str = "", *, may: str = ROLE, **variables: str) -> Project:
    """A project whose configuration lets a role call as it is."""
    return project(standin, tmp_path, toml=f'identities = ["{may}"]\n{toml}', **variables)


def source(one: Project, role: str, *secrets: str) -> str:
    """Have a test say who it is, and see that nothing written holds a secret; where the credentials came from."""
    with one.gate() as run:
        arn = str(run.clients()("sts").get_caller_identity()["Arn"])
        said = run.evidence["credentials"]
    assert (arn == run.caller, f":assumed-role/{role}/" in arn, run.evidence["matched"]) == (True, True, "identities")
    for path in (one.folder / ".sandgate").rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert not any(secret.encode() in text for secret in secrets), path
    return said


SSO = f"""
[profile corp]
sso_session = corp
sso_account_id = {ACCOUNT}
sso_role_name = Dev
[sso-session corp]
sso_region = {REGION}
sso_start_url = https://corp.awsapps.com/start
"""


def test_a_single_sign_on_whose_token_is_in_the_users_cache(
    standin: StandIn, session: Key, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(standin, tmp_path, 'profile = "corp"\n')
    with Path(one.environ["AWS_CONFIG_FILE"]).open("a", encoding="utf-8") as file:
        file.write(SSO)
    cached = Path(one.environ["HOME"]) / ".aws" / "sso" / "cache" / f"{hashlib.sha1(b'corp').hexdigest()}.json"
    cached.parent.mkdir(parents=True)
    end = datetime.now(UTC) + timedelta(hours=4)
    token = {"startUrl": "https://corp.awsapps.com/start", "region": REGION, "accessToken": "a-portals-token",
             "expiresAt": f"{end:%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
    cached.write_text(json.dumps(token))
    session.expires = end
    monkeypatch.setitem(standin.front.portal.sessions, "a-portals-token", {(ACCOUNT, "Dev"): session})
    assert source(one, ROLE, "a-portals-token", session.secret, session.token) == "sso, profile corp"
    assert len(standin.front.calls("sso", "GetRoleCredentials")) == 1

    # Logged out on the portal, though the cached token says that it is good for hours.
    standin.front.portal.sessions.clear()
    with pytest.raises(EnvironmentFault, match="SSO session of the profile 'corp' has expired") as caught, one.gate():
        pass
    assert caught.value.hint == "`aws sso login --profile corp`"
    assert "a-portals-token" not in str(caught.value)


@contextmanager
def container(session: Key) -> Iterator[dict[str, Any]]:
    """The endpoint of a container's agent: credentials for whoever shows its token; what it was asked."""
    state: dict[str, Any] = {"asked": [], "status": 200}

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state["asked"].append((self.path, self.headers.get("Authorization")))
            told = {"AccessKeyId": session.access_key_id, "SecretAccessKey": session.secret, "Token": session.token,
                    "Expiration": f"{datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"}  # fmt: skip
            body = json.dumps(told if state["status"] == 200 else {"code": "Gone", "message": "no"}).encode()
            self.send_response(state["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *_arguments: object) -> None:  # noqa: A002 - the base class's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Agent)
    state["url"] = f"http://127.0.0.1:{server.server_port}/v2/credentials/7"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_containers_agent(ci: str, standin: StandIn, session: Key, tmp_path: Path) -> None:
    with container(session) as agent:
        # Its address is this machine's, and no emulator's.
        variables = {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": agent["url"],
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": "an-agents",
        }
        one = made(standin, tmp_path, **variables, **({"CI": ci} if ci else {}))
        assert source(one, ROLE, "an-agents", session.secret, session.token) == "container-role"
        assert set(agent["asked"]) == {("/v2/credentials/7", "an-agents")}
        if not ci:
            agent["status"] = 403
            with pytest.raises(EnvironmentFault, match="cannot be had") as caught, one.gate():
                pass
            assert "an-agents" not in str(caught.value)


def test_a_web_identity(standin: StandIn, tmp_path: Path) -> None:
    iam = standin.admin_client("iam")
    url = {"Url": f"https://{ISSUER}", "ClientIDList": ["sts.amazonaws.com"]}
    provider = iam.create_open_id_connect_provider(**url)["OpenIDConnectProviderArn"]
    _role(standin, "source-web", {"Federated": provider}, "sts:AssumeRoleWithWebIdentity")
    claims = ({"alg": "RS256", "typ": "JWT"}, {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", "sub": "job"})
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in claims]
    token = ".".join([*parts, "c2lnbmF0dXJl"])
    file = tmp_path / "token"
    file.write_text(token)
    one = made(
        standin, tmp_path, may="source-web", CI="true", AWS_WEB_IDENTITY_TOKEN_FILE=str(file),
        AWS_ROLE_ARN=f"arn:aws:iam::{ACCOUNT}:role/source-web",
    )  # fmt: skip
    try:
        assert source(one, "source-web", token) == "assume-role-with-web-identity"
        file.write_text("no.to.ken")
        with pytest.raises(EnvironmentFault, match="cannot be had") as caught, one.gate():
            pass
        assert "no.to.ken" not in str(caught.value)
    finally:
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)
