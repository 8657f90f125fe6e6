"""The registry protocol of ECR on an account: pushes and pulls by the gate, made by skopeo, and what is refused."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.sandbox.standin.account import ACCOUNT, OTHER_ACCOUNT, REGION, StandIn
from tests.sandbox.tier import Project, identity_of, project

from sandgate.run import Run

NAME = "registry-tester"
REPOSITORY = "test-registry/app"
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
SAMPLE = Path(__file__).parents[2] / (
    "examples/platform-workflows/tests/integration/fixtures/test_data/sample-image.tar"
)
OCI = "application/vnd.oci.image.manifest.v1+json"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture(scope="module")
def here(_standin: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Project:
    key = identity_of(_standin, NAME)
    env = f"AWS_ACCESS_KEY_ID={key[0]}\nAWS_SECRET_ACCESS_KEY={key[1]}\n"
    # The bucket is on this machine here, and such a place must be listed.
    bucket = f"prod-{REGION}-starport-layer-bucket.s3.{REGION}.amazonaws.com"
    toml = f'identity = "{NAME}"\negress = ["{bucket}"]\nadopt = ["shared/app"]'
    return project(_standin, tmp_path_factory.mktemp("registry"), toml=toml, env=env)


@pytest.fixture(scope="module")
def run(here: Project) -> Iterator[Run]:
    with here.gate() as made:
        yield made


@pytest.fixture(scope="module")
def ecr(run: Run) -> Iterator[Any]:
    client = run.clients()("ecr")
    client.create_repository(repositoryName=REPOSITORY)
    yield client
    client.delete_repository(repositoryName=REPOSITORY, force=True)


@pytest.fixture(scope="module")
def login(ecr: Any) -> tuple[str, str]:
    """Place of the registry as the gate gives it, and user with password."""
    (granted,) = ecr.get_authorization_token()["authorizationData"]
    return urlsplit(granted["proxyEndpoint"]).netloc, base64.b64decode(granted["authorizationToken"]).decode()


@pytest.fixture
def skopeo(run: Run, here: Project, login: tuple[str, str], standin: StandIn) -> Callable[..., str]:
    """`skopeo copy` between places, in the environment of a run's child."""
    if shutil.which("skopeo") is None:
        pytest.skip("skopeo is not installed")
    environ = run.environment(here.environ)

    def skopeo(*line: str) -> str:
        command = ["skopeo", "--insecure-policy", *line]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return skopeo


@pytest.mark.parametrize("place", ["the gate", "its own host"])
def test_an_image_goes_in_and_comes_out_the_same(
    place: str, skopeo: Callable[..., str], login: tuple[str, str], ecr: Any, standin: StandIn, tmp_path: Path
) -> None:
    """`docker push` and `docker pull`: by the address that the gate gives, and by the one that AWS has."""
    gate, creds = login
    host, plain = (gate, "false") if place == "the gate" else (HOST, "true")
    tag = place.partition(" ")[0]
    image = f"docker://{host}/{REPOSITORY}:{tag}"
    standin.front.registry.visits.clear()
    skopeo("copy", f"oci-archive:{SAMPLE}", image, "--dest-creds", creds, f"--dest-tls-verify={plain}")
    manifest = skopeo("inspect", "--raw", image, "--creds", creds, f"--tls-verify={plain}")
    (found,) = ecr.describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}])["imageDetails"]
    assert digest_of(manifest.encode()) == found["imageDigest"]
    assert (
        tag
        in json.loads(skopeo("list-tags", image.rpartition(":")[0], "--creds", creds, f"--tls-verify={plain}"))["Tags"]
    )

    skopeo("copy", image, f"dir:{tmp_path / 'out'}", "--src-creds", creds, f"--src-tls-verify={plain}")
    skopeo("copy", f"oci-archive:{SAMPLE}", f"dir:{tmp_path / 'in'}")
    layers = {
        name: [layer["digest"] for layer in json.loads((tmp_path / name / "manifest.json").read_bytes())["layers"]]
        for name in ("in", "out")
    }
    assert (tmp_path / "out" / "manifest.json").read_text() == manifest
    for digest in layers["out"]:
        assert digest_of((tmp_path / "out" / digest.removeprefix("sha256:")).read_bytes()) == digest
    diffs = [json.loads(skopeo("inspect", "--config", f"dir:{tmp_path / name}"))["rootfs"] for name in layers]
    assert diffs[0] == diffs[1]

    visits = standin.front.registry.visits
    assert {url.partition("/v2/")[0] for _, url, _ in visits if "/v2/" in url} == {f"https://{HOST}"}
    assert [status for _, _, status in visits if status not in (200, 201, 202, 307, 404)] == []
    fetched = [url for method, url, status in visits if (method, status) == ("GET", 200) and "starport" in url]
    assert len(fetched) >= len(layers["out"]), "blobs come from ECR's own bucket"


class Answer:
    """What came of one request."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status, self.headers, self.body = response.status, response.headers, response.read()

    @property
    def error(self) -> dict[str, str]:
        """The first of the answer's errors."""
        return dict(json.loads(self.body)["errors"][0])


def ask(
    run: Run, method: str, path: str, creds: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> Answer:
    """One request to the gate."""
    connection = http.client.HTTPConnection(urlsplit(run.gate_url).netloc, timeout=60)
    given = {"Authorization": f"Basic {base64.b64encode(creds.encode()).decode()}"} if creds else {}
    connection.request(method, path, body, {**given, **(headers or {})})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def test_whoever_says_nothing_is_told_how_to_log_in(run: Run, standin: StandIn) -> None:
    log = run.directory / "events.jsonl"
    run.mark()
    before, visits = log.read_text().count('"refused"'), len(standin.front.registry.visits)
    answer = ask(run, "GET", "/v2/")
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")
    run.mark()
    assert log.read_text().count('"refused"') == before, "every client begins so"
    assert len(standin.front.registry.visits) == visits


@pytest.mark.parametrize("creds", ["", "AWS:stolen", "AWS:", "nobody:at-all"])
def test_without_a_token_of_this_run_nothing_is_reached(creds: str, run: Run, ecr: Any, standin: StandIn) -> None:
    before = len(standin.front.registry.visits)
    answer = ask(run, "GET", f"/v2/{REPOSITORY}/manifests/one", creds)
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHORIZED")
    assert "get-login-password" in answer.error["message"] or "GetAuthorizationToken" in answer.error["message"]
    assert len(standin.front.registry.visits) == before


def test_the_real_token_is_good_for_nobody_but_the_gate(
    run: Run, login: tuple[str, str], ecr: Any, standin: StandIn
) -> None:
    """Invariant 1: a client never sees it, and one who has stolen it gets nowhere by the gate."""
    real = list(standin.front.registry.tokens)
    assert real
    assert login[1].partition(":")[2] not in real
    answer = ask(run, "GET", f"/v2/{REPOSITORY}/manifests/one", f"AWS:{real[-1]}")
    assert (answer.status, answer.error["code"]) == (401, "UNAUTHORIZED")
    run.mark()
    for path in run.directory.iterdir():
        if path.is_file():
            text = path.read_bytes()
            assert not any(secret.encode() in text for secret in (*real, login[1].partition(":")[2])), path.name


@pytest.mark.parametrize(
    ("method", "path", "rule"),
    [
        ("GET", "/v2/prod/app/manifests/one", "outside-sandbox"),
        ("PUT", "/v2/prod/app/manifests/one", "outside-sandbox"),
        ("POST", "/v2/prod/app/blobs/uploads/", "outside-sandbox"),
        ("HEAD", f"/v2/prod/app/blobs/{digest_of(b'')}", ""),
        ("DELETE", f"/v2/{REPOSITORY}/blobs/{digest_of(b'')}", "no such request"),
    ],
)
def test_what_is_not_the_sandboxs_is_refused(
    method: str, path: str, rule: str, run: Run, login: tuple[str, str], standin: StandIn
) -> None:
    before = len(standin.front.registry.visits)
    answer = ask(run, method, path, login[1], body=b"{}" if method == "PUT" else b"")
    assert answer.status == (405 if method == "DELETE" else 403)
    if rule:
        assert rule in answer.error["message"]
    assert len(standin.front.registry.visits) == before


def test_another_accounts_registry_is_refused(run: Run, here: Project, login: tuple[str, str]) -> None:
    host = f"{OTHER_ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    answer = ask(run, "GET", f"/v2/{REPOSITORY}/manifests/one", login[1], headers={"Host": host})
    assert (answer.status, answer.error["code"]) == (403, "DENIED")
    assert "by rule outside-account;" in answer.error["message"]


def test_a_token_ends(run: Run, ecr: Any, login: tuple[str, str], standin: StandIn) -> None:
    """On the account's side, as when its key is taken back; the client reads what ECR says."""
    tokens = standin.front.registry.tokens
    until = {name: token.expires for name, token in tokens.items()}
    for token in tokens.values():
        token.expires = datetime.now(UTC)
    try:
        answer = ask(run, "GET", f"/v2/{REPOSITORY}/manifests/one", login[1])
    finally:
        for name, token in tokens.items():
            token.expires = until[name]
    assert (answer.status, answer.error["code"]) == (403, "DENIED")
    assert "has expired" in answer.error["message"]


def test_layers_of_others_are_not_mounted(run: Run, login: tuple[str, str], standin: StandIn) -> None:
    """It would read another repository; a registry may answer with a plain beginning."""
    query = f"?mount={digest_of(b'x')}&from=prod/app"
    answer = ask(run, "POST", f"/v2/{REPOSITORY}/blobs/uploads/{query}", login[1])
    assert answer.status == 202
    assert standin.front.registry.queries[-1] == ""
    assert answer.headers["Location"].startswith(f"{run.gate_url}/v2/{REPOSITORY}/blobs/uploads/")


def test_what_is_pushed_into_somebody_elses_repository_is_in_the_ledger(
    run: Run, login: tuple[str, str], standin: StandIn
) -> None:
    """Its tag, or its digest where it has none: a sweep removes those, and leaves the repository."""
    theirs = standin.admin_client("ecr")
    theirs.create_repository(repositoryName="shared/app")
    try:
        config = b"{}"
        begun = ask(run, "POST", "/v2/shared/app/blobs/uploads/", login[1])
        place = urlsplit(begun.headers["Location"]).path
        assert ask(run, "PUT", f"{place}?digest={digest_of(config)}", login[1], config).status == 201
        manifests = [
            json.dumps(
                {"schemaVersion": 2, "mediaType": OCI, "annotations": {"number": str(number)}, "layers": [],
                 "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": 2,
                            "digest": digest_of(config)}}
            ).encode()
            for number in range(2)
        ]  # fmt: skip
        for reference, manifest in zip(("tagged", digest_of(manifests[1])), manifests, strict=True):
            answer = ask(run, "PUT", f"/v2/shared/app/manifests/{reference}", login[1], manifest, {"Content-Type": OCI})
            assert answer.status == 201, answer.body
        run.mark()
        lines = [json.loads(line) for line in (run.directory / "ledger.jsonl").read_text().splitlines()]
        keys = [line["key"] for line in lines if line["ledger"] == "intent" and line["type"].endswith("image")]
        assert {"repositoryName": "shared/app", "imageTag": "tagged"} in keys
        made = [line for line in lines if line["ledger"] == "made"]
        assert any(digest_of(manifests[1]) in json.dumps(line) for line in made)
    finally:
        theirs.delete_repository(repositoryName="shared/app", force=True)


def test_the_account_says_no_itself(run: Run, login: tuple[str, str], ecr: Any, standin: StandIn) -> None:
    """The stand-in asks IAM for each request: a role that may not pull does not."""
    iam = standin.admin_client("iam")
    deny = {"Effect": "Deny", "Action": "ecr:BatchGetImage", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    iam.put_role_policy(RoleName=NAME, PolicyName="deny", PolicyDocument=document)
    try:
        answer = ask(run, "GET", f"/v2/{REPOSITORY}/manifests/the", login[1])
    finally:
        iam.delete_role_policy(RoleName=NAME, PolicyName="deny")
    assert (answer.status, answer.error["code"]) == (403, "DENIED")
    assert "explicit deny in an identity-based policy" in answer.error["message"]
