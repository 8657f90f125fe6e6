"""The registry protocol at the gate: whose token, what goes on of a request, and what comes back."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from sandgate.core.call import ALLOWED, Call, Decision
from sandgate.faults.active import Active

REAL = base64.b64encode(b"AWS:canary-of-ecr").decode()
ACCOUNT, REGION = "111122223333", "eu-west-1"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
DIGEST = f"sha256:{'0' * 64}"


def reply(body: bytes, status: str = "200 OK", *more: str) -> bytes:
    """What the upstream answers."""
    lines = "".join(f"{line}\r\n" for line in ("Content-Type: application/x-amz-json-1.1", *more))
    return f"HTTP/1.1 {status}\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def calls(gate: Any) -> list[Call]:
    """Those that were decided."""
    found: list[Call] = []

    def decide(call: Call) -> Decision:
        found.append(call)
        return ALLOWED

    gate.parts.decide = decide
    return found


@pytest.fixture
def token(gate: Any, calls: list[Call]) -> str:
    """What the client got, who asked through the gate."""
    granted = {"authorizationToken": REAL, "expiresAt": 1800000000, "proxyEndpoint": f"https://{HOST}"}
    gate.upstream.reply = reply(json.dumps({"authorizationData": [granted]}).encode())
    target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    (given,) = json.loads(gate.send(gate.json(target, {}, service="ecr")).body)["authorizationData"]
    assert given["proxyEndpoint"] == gate.url
    assert given["authorizationToken"] != REAL
    gate.parts.now = lambda: datetime(2026, 1, 31, tzinfo=UTC)
    gate.upstream.visits.clear()
    calls.clear()
    gate.upstream.reply = reply(b"{}")
    return str(given["authorizationToken"])


def ask(gate: Any, method: str, path: str, token: str = "", body: bytes = b"", **headers: str) -> Any:
    """The answer to a request by the registry protocol."""
    given = {"Authorization": f"Basic {token}"} if token else {}
    return gate.send(gate.raw(method, path, {**given, **headers, "Connection": "close"}, body))


def test_a_request_goes_on_with_the_real_token_to_the_registry_that_gave_it(
    gate: Any, token: str, calls: list[Call]
) -> None:
    assert ask(gate, "GET", "/v2/test/a/manifests/one", token).status == 200
    (visit,) = gate.upstream.visits
    assert (visit.method, visit.target, visit.headers["host"]) == ("GET", "/v2/test/a/manifests/one", HOST)
    assert visit.headers["authorization"] == f"Basic {REAL}"
    (call,) = calls
    assert (call.service, call.operation, call.region) == ("ecr", "BatchGetImage", REGION)
    assert call.principal.kind == "identity"
    assert call.parameters == {
        "registryId": ACCOUNT, "repositoryName": "test/a", "imageIds": [{"imageTag": "one"}],
    }  # fmt: skip
    text = gate.events.read_text()
    assert not any(secret in text for secret in ("canary", REAL, token))


@pytest.mark.parametrize("account", [False, True])
def test_a_registry_past_the_gate_is_an_emulators_own(account: bool, gate: Any) -> None:
    """Its token is good there and nowhere else; whatever an account gives out stays here all the same."""
    if account:
        gate.upstream.aws = object()
    granted = {"authorizationToken": REAL, "expiresAt": 1800000000, "proxyEndpoint": "http://localhost:4510"}
    gate.upstream.reply = reply(json.dumps({"authorizationData": [granted]}).encode())
    target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    (given,) = json.loads(gate.send(gate.json(target, {}, service="ecr")).body)["authorizationData"]
    assert (given["authorizationToken"] == REAL) is not account


@pytest.mark.parametrize("token", ["", REAL, "!", base64.b64encode(b"AWS:").decode()])
def test_nobody_else_s_token_is_taken(token: str, gate: Any, calls: list[Call]) -> None:
    """Not even the real one, which no client can have by right."""
    answer = ask(gate, "PUT", "/v2/test/a/manifests/one", token, b"{}")
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (401, "UNAUTHORIZED")
    assert "www-authenticate" in answer.headers
    assert (gate.upstream.visits, calls) == ([], [])
    assert "canary" not in answer.text
    assert REAL not in gate.events.read_text()


def test_whose_registry_a_host_names_is_what_is_decided(gate: Any, token: str, calls: list[Call]) -> None:
    other = HOST.replace(ACCOUNT, "000000000000").replace(REGION, "eu-central-1")
    ask(gate, "GET", "/v2/test/a/tags/list", token, Host=other)
    assert (calls[0].parameters["registryId"], calls[0].region) == ("000000000000", "eu-central-1")


def test_its_time_ends(gate: Any, token: str, calls: list[Call]) -> None:
    gate.parts.now = lambda: datetime(2030, 1, 31, tzinfo=UTC)
    answer = ask(gate, "GET", "/v2/test/a/tags/list", token)
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (403, "DENIED")
    assert "expired" in answer.text
    assert (gate.upstream.visits, calls) == ([], [])


def test_a_refusal_is_told_as_registries_tell_it(gate: Any, token: str) -> None:
    gate.parts.decide = lambda _call: Decision(allowed=False, rule="outside-sandbox", value="prod")
    answer = ask(gate, "GET", "/v2/prod/manifests/one", token)
    (error,) = json.loads(answer.body)["errors"]
    assert (answer.status, error["code"]) == (403, "DENIED")
    assert "by rule outside-sandbox" in error["message"]
    assert gate.upstream.visits == []


def test_an_upstream_that_is_gone_and_a_fault_are_told_so_too(gate: Any, token: str) -> None:
    gate.upstream.reply = b"no HTTP at all\r\n\r\n"
    answer = ask(gate, "GET", "/v2/test/a/tags/list", token)
    (error,) = json.loads(answer.body)["errors"]
    assert (answer.status, error["code"]) == (503, "UNKNOWN")

    gate.upstream.reply = reply(b"{}")
    gate.parts.faults = faults = Active()
    gate.parts.tests["main"] = "a test"
    faults.rules.add(
        {"fault": "throttle", "service": "ecr", "operation": "ListImages", "test": "a test", "worker": "main"}
    )
    answer = ask(gate, "GET", "/v2/test/a/tags/list", token)
    (error,) = json.loads(answer.body)["errors"]
    assert "a fault of sandgate" in error["message"]


def test_a_look_whether_this_is_a_registry_is_no_refusal(gate: Any, calls: list[Call]) -> None:
    answer = ask(gate, "GET", "/v2/")
    assert (answer.status, answer.headers["www-authenticate"][:5]) == (401, "Basic")
    assert (gate.recorded(), gate.upstream.visits, calls) == ([], [], [])


@pytest.mark.parametrize("query", [f"?mount={DIGEST}&from=prod/app", f"?digest={DIGEST}"])
def test_an_upload_begins_plainly(query: str, gate: Any, token: str) -> None:
    """What would read another repository, or be done at once, is more than was decided."""
    place = "https://upstream.example/v2/test/a/blobs/uploads/u-1?_state=x"
    gate.upstream.reply = reply(b"", "202 Accepted", f"Location: {place}")
    answer = ask(gate, "POST", f"/v2/test/a/blobs/uploads/{query}", token)
    assert gate.upstream.visits[0].target == "/v2/test/a/blobs/uploads/"
    assert answer.headers["location"] == f"{gate.url}/v2/test/a/blobs/uploads/u-1?_state=x"


def test_under_its_own_host_the_next_address_is_there_too(gate: Any, token: str) -> None:
    gate.upstream.reply = reply(b"", "202 Accepted", "Location: /v2/test/a/blobs/uploads/u-1")
    answer = ask(gate, "POST", "/v2/test/a/blobs/uploads/", token, Host=HOST)
    assert answer.headers["location"] == f"https://{HOST}/v2/test/a/blobs/uploads/u-1"


def test_a_blob_may_be_elsewhere(gate: Any, token: str) -> None:
    """ECR's own bucket, by an address that is signed for that one blob."""
    place = "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/a?X-Amz-Signature=0"
    gate.upstream.reply = reply(b"", "307 Temporary Redirect", f"Location: {place}")
    answer = ask(gate, "GET", f"/v2/test/a/blobs/{DIGEST}", token)
    assert (answer.status, answer.headers["location"]) == (307, place)


def test_an_image_is_known_by_the_digest_of_what_was_put(gate: Any, token: str, calls: list[Call]) -> None:
    manifest = b'{"schemaVersion": 2}'
    gate.upstream.reply = reply(b"", "201 Created")
    assert ask(gate, "PUT", "/v2/test/a/manifests/one", token, manifest).status == 201
    assert calls[0].parameters["imageDigest"] == f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    assert gate.upstream.visits[0].body == manifest


class Ledger:
    """Hears what came of calls."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def concerns(self, _call: Call) -> bool:
        return True

    def reads(self, _call: Call) -> bool:
        return True

    async def placed(self, call: Call) -> Call:
        return call

    async def before(self, _call: Call) -> bool:
        return True

    def after(self, call: Call, status: int, _code: str, answer: tuple[bytes, Any], _owned: object) -> None:
        self.said.append((call.operation, status, json.loads(answer[0] or b"null")))

    def over(self, _call: Call) -> None:
        return


def test_the_ledger_hears_the_digest_as_the_api_tells_it(gate: Any, token: str) -> None:
    """An image without a tag has no other name; a sweep finds it by that."""
    ledger = gate.parts.ledger = Ledger()
    manifest = b'{"schemaVersion": 2}'
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    gate.upstream.reply = reply(b"", "201 Created")
    ask(gate, "PUT", f"/v2/test/a/manifests/{digest}", token, manifest)
    gate.upstream.reply = reply(b"", "404 Not Found")
    ask(gate, "PUT", f"/v2/test/a/manifests/{digest}", token, manifest)
    told = {"image": {"imageId": {"imageDigest": digest}}}
    assert ledger.said == [("PutImage", 201, told), ("PutImage", 404, None)]


def test_a_manifest_has_its_limit_and_what_no_registry_knows_is_refused(
    gate: Any, token: str, calls: list[Call]
) -> None:
    assert ask(gate, "PUT", "/v2/test/a/manifests/one", token, b" " * (4 * 1024 * 1024 + 1)).status == 413
    answer = ask(gate, "DELETE", f"/v2/test/a/blobs/{DIGEST}", token)
    assert (answer.status, json.loads(answer.body)["errors"][0]["code"]) == (405, "UNSUPPORTED")
    assert (gate.upstream.visits, calls) == ([], [])
