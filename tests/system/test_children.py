"""What a command gets from `sandgate run`, and what its caller gets back."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.ports import free_port

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
PYTHON = sys.executable


def seen_by_child(project: Any, environ: Mapping[str, str], *flags: str) -> dict[str, str]:
    said = project.sandgate("run", "--allow-empty", *flags, "--", PYTHON, "-c", SHOW, environ=environ)
    assert said.status == 0, said.err
    return dict(json.loads(said.out))


@pytest.mark.parametrize(
    ("script", "status"),
    [("exit 0", 0), ("exit 1", 1), ("exit 77", 77), ("kill -TERM $$", 143), ("kill -KILL $$", 137)],
)
def test_the_status_is_passed_on(project: Any, script: str, status: int) -> None:
    assert project.sandgate("run", "--allow-empty", "--", "sh", "-c", script).status == status


def test_a_green_command_that_reached_nothing_is_red(project: Any) -> None:
    said = project.sandgate("run", "--", "true")
    assert said.status == 7
    assert "no call reached the tier" in said.err


def test_streams_are_the_commands(project: Any) -> None:
    data = bytes(range(256)) * 4096
    said = project.sandgate("run", "--allow-empty", "--", "sha256sum", stdin=data)
    assert said.out.split()[0] == __import__("hashlib").sha256(data).hexdigest()
    said = project.sandgate("run", "--allow-empty", "--", "sh", "-c", "echo out; echo err >&2")
    assert said.out == "out\n"  # nothing of ours: it may be piped into a file
    assert said.err.startswith("err\n")


def test_arguments_arrive_as_they_were_typed(project: Any) -> None:
    odd = ["--tier", "nix", "--help", "", "a b", "*", "--", "ü"]
    code = "import json, sys; print(json.dumps(sys.argv[1:]))"
    said = project.sandgate("run", "--allow-empty", "--", PYTHON, "-c", code, *odd)
    assert (said.status, json.loads(said.out)) == (0, odd)


@pytest.mark.parametrize(
    ("command", "status", "word"),
    [("no-such-command", 127, "not found"), ("./nix", 127, "not found"), ("./plain", 126, "chmod +x")],
)
def test_a_command_that_cannot_run_starts_no_gate(project: Any, command: str, status: int, word: str) -> None:
    project.write("plain", "echo never\n")
    said = project.sandgate("run", "--", command)
    assert said.status == status
    assert word in said.error["error"] + said.error["hint"]
    assert command in said.error["error"]
    assert not project.runs.exists()


def test_a_script_without_interpreter_cannot_run(project: Any) -> None:
    project.write("script", "#!/no/such/interpreter\n").chmod(0o755)
    said = project.sandgate("run", "--", "./script")
    assert said.status == 126
    assert "cannot execute './script'" in said.err


OTHER_TARGETS = {
    "AWS_PROFILE": "canary-profile",
    "AWS_DEFAULT_PROFILE": "canary-profile",
    "AWS_ENDPOINT_URL_S3": "http://canary.invalid",
    "AWS_ENDPOINT_URL_DYNAMODB": "http://canary.invalid",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ROLE_ARN": "arn:aws:iam::111122223333:role/canary",
    "AWS_ROLE_SESSION_NAME": "canary",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "canary-token-file",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/canary",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/canary",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "canary-container-token",
    "AWS_BEARER_TOKEN_BEDROCK": "canary-bearer-token",
    "AWS_CA_BUNDLE": "canary-bundle.pem",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "canary-mode",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "http://canary.invalid",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary-oidc-token",
}


def test_nothing_of_the_users_account_reaches_the_child(project: Any, canaries: dict[str, str]) -> None:
    seen = seen_by_child(project, OTHER_TARGETS)
    kept = {name: value for name, value in seen.items() if "canary" in value.lower()}
    assert {name for name in kept if name.startswith(("AWS_", "GITHUB_", "ACTIONS_"))} == set()
    assert not set(seen.values()) & set(canaries.values())
    assert seen["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert seen["AWS_ACCESS_KEY_ID"].startswith("SGATE")
    for path in project.runs.rglob("*"):
        text = path.read_bytes() if path.is_file() else b""
        assert not [value for value in OTHER_TARGETS.values() if "token" in value and value.encode() in text]


def test_the_front_end_itself_is_not_led_astray(project: Any, call: list[str]) -> None:
    """Its own clients, which empty the artifact bucket at the end, live in the user's environment."""
    project.write("code/app.py", "def handler(event, context):\n    return {}\n")
    project.write(
        "template.yaml",
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  F:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.11, Handler: app.handler, CodeUri: code/}\n",
    )
    proxy = f"http://127.0.0.1:{free_port()}"
    environ = {**OTHER_TARGETS, "HTTP_PROXY": proxy, "http_proxy": proxy}
    deploy = f"{PYTHON} -m sandgate stack deploy template.yaml --name test-$SANDGATE_NAMESPACE-front"
    said = project.sandgate("run", "--allow-empty", "--", "sh", "-c", deploy, environ=environ)
    assert said.status == 0, said.err
    assert project.receipt["leftovers"] == []


def test_a_load_dotenv_of_the_child_does_not_win(project: Any, canaries: dict[str, str]) -> None:
    project.write(
        "pyproject.toml",
        "[tool.sandgate.variables]\nDYNAMODB_ENDPOINT = 'gate_url'\nCI_KEY = 'run_key'\nCI_SECRET = 'run_secret'\n",
    )
    secret = canaries["AWS_SECRET_ACCESS_KEY"]
    project.write(
        ".env",
        f"DYNAMODB_ENDPOINT=https://dynamodb.us-east-1.amazonaws.com\nCI_KEY={canaries['AWS_ACCESS_KEY_ID']}\n"
        f"CI_SECRET={secret}\nAWS_SECRET_ACCESS_KEY={secret}\nOTHER=kept-for-the-child\n",
    )
    code = f"import dotenv; dotenv.load_dotenv('.env'); {SHOW}"
    said = project.sandgate("run", "--allow-empty", "--", PYTHON, "-c", code, environ={"OTHER": "of the shell"})
    seen = json.loads(said.out)
    assert seen["DYNAMODB_ENDPOINT"] == seen["AWS_ENDPOINT_URL"]
    assert (seen["CI_KEY"], seen["CI_SECRET"]) == (seen["AWS_ACCESS_KEY_ID"], seen["AWS_SECRET_ACCESS_KEY"])
    assert secret not in seen.values()


def test_a_session_token_of_the_env_file_does_not_spoil_the_run_key(project: Any) -> None:
    project.write(".env", "AWS_ACCESS_KEY_ID=k\nAWS_SECRET_ACCESS_KEY=s\nAWS_SESSION_TOKEN=of-a-real-session\n")
    script = (
        "import boto3, dotenv, os\n"
        "dotenv.load_dotenv('.env')\n"
        "assert not os.environ['AWS_SESSION_TOKEN']\n"
        "print(boto3.client('sts').get_caller_identity()['Arn'])\n"
    )
    said = project.sandgate("run", "--", PYTHON, str(project.write("t.py", script)))
    assert said.status == 0, said.err
    assert said.out.strip().endswith("user/sandgate-identity")


def test_a_proxy_of_the_user_is_not_asked(project: Any) -> None:
    """Nothing listens on the proxy's port, so whatever went there would fail."""
    proxy = f"http://127.0.0.1:{free_port()}"
    environ = {name: proxy for upper in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for name in (upper, upper.lower())}
    script = (
        "import boto3, os, urllib.request\n"
        "name = f\"test-{os.environ['SANDGATE_NAMESPACE']}-proxy\"\n"
        "s3 = boto3.client('s3'); s3.create_bucket(Bucket=name)\n"
        "s3.put_object(Bucket=name, Key='k', Body=b'x')\n"
        "url = s3.generate_presigned_url('get_object', Params={'Bucket': name, 'Key': 'k'})\n"
        "assert urllib.request.urlopen(url).read() == b'x'\n"
        "s3.delete_object(Bucket=name, Key='k'); s3.delete_bucket(Bucket=name)\n"
    )
    said = project.sandgate("run", "--", PYTHON, str(project.write("t.py", script)), environ=environ)
    assert said.status == 0, said.err
    # The user's own list of exceptions stays, but for what would lead around the gate.
    seen = seen_by_child(project, {**environ, "NO_PROXY": "intranet.example, .amazonaws.com, .corp.example"})
    assert seen["NO_PROXY"].split(",")[:2] == ["intranet.example", ".corp.example"]
    assert seen["HTTP_PROXY"] == proxy
    assert seen["HTTPS_PROXY"] == seen["https_proxy"] != proxy
    assert json.loads(seen["SANDGATE_OUTSIDE"])["HTTPS_PROXY"] == proxy


def test_a_run_in_a_run_is_refused(project: Any) -> None:
    said = project.sandgate("run", "--", PYTHON, "-m", "sandgate", "run", "--", "true")
    assert "already belongs to a run" in said.err
    assert said.status == 2


def test_two_runs_in_one_folder_do_not_meet(project: Any) -> None:
    script = (
        "import boto3, os, sys, time\n"
        "from pathlib import Path\n"
        "me, other = sys.argv[1:]\n"
        "d = boto3.client('dynamodb')\n"
        "key = [{'AttributeName': 'id', 'KeyType': 'HASH'}]\n"
        "kind = [{'AttributeName': 'id', 'AttributeType': 'S'}]\n"
        "how = {'KeySchema': key, 'AttributeDefinitions': kind, 'BillingMode': 'PAY_PER_REQUEST'}\n"
        "d.create_table(TableName='test_same', **how)\n"
        "d.put_item(TableName='test_same', Item={'id': {'S': me}})\n"
        "Path(me).touch()\n"
        "end = time.monotonic() + 120\n"
        "while not Path(other).exists() and time.monotonic() < end: time.sleep(0.01)\n"
        "assert Path(other).exists()\n"
        "assert [i['id']['S'] for i in d.scan(TableName='test_same')['Items']] == [me]\n"
        "d.delete_table(TableName='test_same')\n"
        "print(os.environ['SANDGATE_NAMESPACE'])\n"
    )
    path = str(project.write("t.py", script))
    both = [
        project.start("run", "--isolation", "prefix", "--", PYTHON, path, *names) for names in (("a", "b"), ("b", "a"))
    ]
    said = [started.end() for started in both]
    assert [one.status for one in said] == [0, 0], said
    assert said[0].out != said[1].out
    assert len(list(project.runs.glob("*/receipt.json"))) == 2


def test_stdin_of_a_terminal_stays_one(project: Any) -> None:
    code = "import sys; print('tty', sys.stdin.isatty(), input('name? '))"
    started = project.start("run", "--allow-empty", "--", PYTHON, "-c", code, terminal=True)
    started.ready()
    started.type(b"ann\n")
    said = started.end()
    assert (said.status, "tty True ann" in said.out) == (0, True), said.out


def test_the_working_folder_and_its_modules_are_the_users(project: Any, call: list[str]) -> None:
    """A file of the user that is called like a module of the standard library does not reach the gate."""
    project.write("asyncio.py", "raise SystemExit('the user has an asyncio of his own')\n")
    project.write("json.py", "raise SystemExit('the user has a json of his own')\n")
    said = project.sandgate("run", "--", "sh", "-c", f'cd / && {call[0]} -c "{call[2]}"')
    assert said.status == 0, said.err
    assert Path(project.last / "gate.log").read_text() == ""
