"""What single routes read from a request."""

from __future__ import annotations

import base64

import pytest

from sandgate.core.registry import discover
from sandgate.routes._model import Route
from sandgate.wire.http import Request

ROUTES = discover("sandgate.routes", "ROUTE", Route)
HERE = "127.0.0.1:4566"

FOUND = {
    "API by path": ("execute-api", "POST", "/_aws/execute-api/abc/Prod/users/1", HERE, "abc"),
    "API without path": ("execute-api", "GET", "/_aws/execute-api/abc/Prod", HERE, "abc"),
    "API by host": ("execute-api", "GET", "/Prod/users", "abc.execute-api.eu-west-1.amazonaws.com", "abc"),
    "function by path": ("function-url", "GET", "/_aws/lambda-url/f00/a", HERE, "f00"),
    "function by host": ("function-url", "GET", "/a", "f00.lambda-url.eu-west-1.on.aws", "f00"),
    "keys of a pool": ("jwks", "GET", "/eu-west-1_aB3dE5fG7/.well-known/jwks.json", HERE, "eu-west-1_aB3dE5fG7"),
    "image": ("ecr-v2", "PUT", "/v2/team/app/manifests/latest", HERE, "team/app"),
    "registry itself": ("ecr-v2", "GET", "/v2/", HERE, ""),
    "login": ("hosted-ui", "GET", "/login?client_id=c&state=s", HERE, "c"),
    "callback": ("cfn-callback", "PUT", "/_ministack/cfn-response/0f8fad5b", HERE, "0f8fad5b"),
}


@pytest.mark.parametrize("name", FOUND)
def test_owners(name: str) -> None:
    route, method, target, host, owner = FOUND[name]
    found = ROUTES[route].match(Request.of(method, target, [("Host", host)]))
    assert found is not None
    assert found.owner == owner


NOT_FOUND = {
    "callback of another method": ("cfn-callback", "GET", "/_ministack/cfn-response/0f8fad5b", {}),
    "callback with more path": ("cfn-callback", "PUT", "/_ministack/cfn-response/a/../../reset", {}),
    "keys that are written": ("jwks", "PUT", "/eu-west-1_a/.well-known/jwks.json", {}),
    "registry with an AWS signature": ("ecr-v2", "GET", "/v2/", {"Authorization": "AWS4-HMAC-SHA256 Credential=a"}),
    "stages of the API Gateway API": ("ecr-v2", "GET", "/v2/apis/abc/stages", {}),
}


@pytest.mark.parametrize("name", NOT_FOUND)
def test_what_is_none_of_theirs(name: str) -> None:
    route, method, target, headers = NOT_FOUND[name]
    assert ROUTES[route].match(Request.of(method, target, [("Host", HERE), *headers.items()])) is None


def test_a_token_request_names_its_client_in_its_authorization() -> None:
    pair = base64.b64encode(b"client:secret").decode()
    request = Request.of("POST", "/oauth2/token", [("Host", HERE), ("Authorization", f"Basic {pair}")])
    found = ROUTES["hosted-ui"].match(request)
    assert found is not None
    assert found.owner == "client"
    assert "secret" not in str(found)


DIGEST = f"sha256:{'0' * 64}"
OPERATIONS: dict[tuple[str, str], tuple[str, dict[str, object]]] = {
    ("GET", ""): ("", {}),
    ("GET", "_catalog"): ("DescribeRepositories", {}),
    ("GET", "a/b/manifests/one"): ("BatchGetImage", {"imageIds": [{"imageTag": "one"}]}),
    ("HEAD", f"a/b/manifests/{DIGEST}"): ("BatchGetImage", {"imageIds": [{"imageDigest": DIGEST}]}),
    ("PUT", "a/b/manifests/one"): ("PutImage", {"imageTag": "one"}),
    ("DELETE", "a/b/manifests/one"): ("BatchDeleteImage", {"imageIds": [{"imageTag": "one"}]}),
    ("GET", f"a/b/blobs/{DIGEST}"): ("GetDownloadUrlForLayer", {"layerDigest": DIGEST}),
    ("HEAD", f"a/b/blobs/{DIGEST}"): ("BatchCheckLayerAvailability", {"layerDigests": [DIGEST]}),
    ("POST", "a/b/blobs/uploads/"): ("InitiateLayerUpload", {}),
    ("PATCH", "a/b/blobs/uploads/u-1"): ("UploadLayerPart", {"uploadId": "u-1"}),
    ("PUT", "a/b/blobs/uploads/u-1"): ("CompleteLayerUpload", {"uploadId": "u-1"}),
    ("GET", "a/b/tags/list"): ("ListImages", {}),
    ("GET", f"a/b/referrers/{DIGEST}"): ("ListImageReferrers", {"subjectId": {"imageDigest": DIGEST}}),
    ("DELETE", f"a/b/blobs/{DIGEST}"): ("Unsupported", {"method": "DELETE"}),
    ("GET", "a/b/blobs/not-a-digest"): ("Unsupported", {"method": "GET"}),
    ("PUT", "a/b/blobs/uploads/"): ("Unsupported", {"method": "PUT"}),
    ("POST", "a/b/tags/list"): ("Unsupported", {"method": "POST"}),
    ("PUT", "a/b/manifests/v1%2E0"): ("Unsupported", {"method": "PUT"}),
    ("PUT", "a/b/manifests/sha512:0"): ("Unsupported", {"method": "PUT"}),
}


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_what_a_registry_is_asked_for(method: str, path: str) -> None:
    operation, parameters = OPERATIONS[method, path]
    found = ROUTES["ecr-v2"].match(Request.of(method, f"/v2/{path}", [("Host", HERE)]))
    assert found is not None
    named = {"repositoryName": "a/b"} if path.startswith("a/b") else {}
    assert (found.operation, found.parameters) == (operation, {**named, **parameters})


@pytest.mark.parametrize(
    "path", ["test/manifests/x/manifests/y", "test/blobs/uploads/manifests/y", "a/tags/b/tags/list"]
)
def test_a_path_that_could_be_split_in_two_ways_is_neither(path: str) -> None:
    found = ROUTES["ecr-v2"].match(Request.of("GET", f"/v2/{path}", [("Host", HERE)]))
    assert found is not None
    assert found.operation == "Unsupported"


@pytest.mark.parametrize(
    ("host", "account", "region"),
    [
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com", "111122223333", "eu-west-1"),
        ("111122223333.dkr.ecr-fips.us-gov-west-1.amazonaws.com:443", "111122223333", "us-gov-west-1"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "111122223333", "cn-north-1"),
        ("111122223333.dkr-ecr.eu-west-1.on.aws", "111122223333", "eu-west-1"),
        (HERE, "", ""),
    ],
)
def test_whose_registry_a_host_is(host: str, account: str, region: str) -> None:
    found = ROUTES["ecr-v2"].match(Request.of("GET", "/v2/a/tags/list", [("Host", host)]))
    assert found is not None
    assert (found.parameters.get("registryId", ""), found.region) == (account, region)
