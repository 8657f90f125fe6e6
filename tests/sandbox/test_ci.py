"""The key that `up` made on its way to the secrets of CI, and the role that needs none."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from tests.sandbox.project import Project
from tests.system.forges import REPOSITORY, Forge, Secret, forge

TOKEN = "ghp_" + "canary" * 6
OPTIONS = f'services = ["dynamodb"]\nrepository = "{REPOSITORY}"\n'
IDS = {"GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REPOSITORY_OWNER_ID": "583231", "GITHUB_REPOSITORY_ID": "1296269"}


@pytest.fixture(scope="module")
def _forge() -> Iterator[Forge]:
    with forge(TOKEN) as made:
        yield made


@pytest.fixture
def github(_forge: Forge, project: Project) -> Forge:
    """GitHub, where the project's repository has no secrets yet."""
    _forge.heal()
    project.configure(OPTIONS)
    for name, value in _forge.environ().items():
        project.patch.setenv(name, value)
    return _forge


@pytest.fixture
def key(project: Project, github: Forge) -> Iterator[tuple[str, str]]:
    """Id and secret of a user of the identity's name, in the env file."""
    iam = project.standin.admin_client("iam")
    iam.create_user(UserName=project.identity)
    made = iam.create_access_key(UserName=project.identity)["AccessKey"]
    found = (made["AccessKeyId"], made["SecretAccessKey"])
    write(project, *found)
    yield found
    iam.delete_access_key(UserName=project.identity, AccessKeyId=found[0])
    iam.delete_user(UserName=project.identity)


def write(project: Project, key_id: str, secret: str) -> None:
    """Put a key into the env file."""
    project.env_file.write_text(f"AWS_ACCESS_KEY_ID={key_id}\nAWS_SECRET_ACCESS_KEY='{secret}'\n")
    project.env_file.chmod(0o600)


def values(github: Forge) -> dict[str, str]:
    """What the repository has."""
    return {name: secret.value for name, secret in github.secrets.items()}


def test_from_the_env_file_to_the_repository(project: Project, github: Forge, key: tuple[str, str]) -> None:
    # What a shell exports is somebody's own, or stale: it is neither asked with nor written.
    project.patch.setenv("AWS_ACCESS_KEY_ID", "AKIASTALESTALESTALE7")
    project.patch.setenv("AWS_SECRET_ACCESS_KEY", "stale")
    missing = project.sandgate("ci", "secrets", "check")
    assert (missing.status, missing.out.count("is missing")) == (1, 2)
    pushed = project.sandgate("ci", "secrets", "push")
    assert pushed.status == 0, pushed
    assert values(github) == {"AWS_ACCESS_KEY_ID": key[0], "AWS_SECRET_ACCESS_KEY": key[1]}
    assert [seen.access_key_id for seen in project.standin.front.calls("sts", "GetCallerIdentity")] == [key[0]]
    assert pushed.out.splitlines() == [
        f"the key is that of arn:aws:iam::111122223333:user/{project.identity}",
        f"{REPOSITORY}: secret AWS_ACCESS_KEY_ID written",
        f"{REPOSITORY}: secret AWS_SECRET_ACCESS_KEY written",
    ]
    checked = project.sandgate("ci", "secrets", "check", "--json")
    assert checked.status == 0
    assert {name: found["current"] for name, found in json.loads(checked.out).items()} == dict.fromkeys(
        values(github), True
    )
    os.utime(project.env_file, (time.time() + 3600, time.time() + 3600))
    stale = project.sandgate("ci", "secrets", "check")
    assert (stale.status, stale.out.count("is older than the key")) == (1, 2)
    gone = [project.sandgate("ci", "secrets", "delete") for _ in range(2)]
    assert [said.status for said in gone] == [0, 0]
    assert github.secrets == {}
    for said in (missing, pushed, checked, stale, *gone):
        assert not any(secret in said.out + said.err for secret in (TOKEN, key[1]))


def test_half_way(project: Project, github: Forge, key: tuple[str, str]) -> None:
    github.fail("PUT", "AWS_SECRET_ACCESS_KEY", 500)
    said = project.sandgate("ci", "secrets", "push")
    assert said.status == 4
    assert "AWS_ACCESS_KEY_ID was written, AWS_SECRET_ACCESS_KEY was not, so CI has halves of two keys" in said.err
    assert not any(secret in said.out + said.err for secret in (TOKEN, key[1]))
    github._faults.clear()
    assert project.sandgate("ci", "secrets", "push").status == 0
    assert values(github)["AWS_SECRET_ACCESS_KEY"] == key[1]


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("other", "the env file's key is of account 000000000000, and this project's is 111122223333"),
        (
            "admin",
            "the env file's key is that of arn:aws:iam::111122223333:user/admin, which is not the tests' identity",
        ),
        ("unknown", "AWS does not accept the env file's key: InvalidClientTokenId"),
    ],
)
def test_a_key_that_is_not_the_identitys_stays_here(who: str, told: str, project: Project, github: Forge) -> None:
    known = project.standin.profiles.get(who)
    write(project, known.access_key_id if known else "AKIAUNKNOWNUNKNOWN77", known.secret if known else "x" * 40)
    said = project.sandgate("ci", "secrets", "push")
    assert (said.status, said.err.splitlines()[0]) == (3, f"error: {told}")
    assert github.requests == []


@pytest.mark.parametrize(
    ("variable", "options", "status", "told"),
    [
        ("CI", OPTIONS, 2, "a CI job has no env file, and secrets come from there alone"),
        ("", f'{OPTIONS}ci_credentials = "oidc"\n', 2, 'ci_credentials is "oidc": CI holds no keys'),
        ("", OPTIONS, 3, "the env file has no key"),
    ],
)
def test_nothing_to_push(variable: str, options: str, status: int, told: str, project: Project, github: Forge) -> None:
    project.configure(options)
    if variable:
        project.patch.setenv(variable, "true")
    said = project.sandgate("ci", "secrets", "push")
    assert (said.status, said.err.splitlines()[0]) == (status, f"error: {told}")
    assert github.requests == []


def test_without_a_key_only_what_exists_is_told(project: Project, github: Forge) -> None:
    github.secrets["AWS_ACCESS_KEY_ID"] = Secret(value="x", updated=1.0)
    said = project.sandgate("ci", "secrets", "check")
    assert (said.status, said.err) == (1, "the env file has no key, so nobody can tell whether they are those of it\n")
    assert said.out.splitlines()[1] == f"{REPOSITORY}: AWS_SECRET_ACCESS_KEY is missing"


def test_the_account_must_be_known(project: Project, github: Forge, key: tuple[str, str]) -> None:
    project.configure(OPTIONS, account="")
    said = project.sandgate("ci", "secrets", "push")
    assert (said.status, said.err.splitlines()[0]) == (
        3,
        "error: account is not set, so nobody knows whose key CI should have",
    )
    assert project.standin.front.calls("sts", "GetCallerIdentity") == []


def test_up_and_down_care_for_the_secrets(project: Project, github: Forge) -> None:
    assert project.sandgate("up", "--yes").status == 0
    assert values(github) == {
        "AWS_ACCESS_KEY_ID": project.key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": project.key.secret,
    }
    assert project.sandgate("ci", "secrets", "check").status == 0
    assert project.sandgate("down", "--yes").status == 0
    assert github.secrets == {}


ISSUER = "token.actions.githubusercontent.com"


@pytest.fixture
def provider(project: Project) -> Iterator[str]:
    """The account's OIDC provider, which the emulator's CloudFormation cannot make."""
    iam = project.standin.admin_client("iam")
    arn = iam.create_open_id_connect_provider(Url=f"https://{ISSUER}", ClientIDList=["sts.amazonaws.com"])
    yield arn["OpenIDConnectProviderArn"]
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn["OpenIDConnectProviderArn"])


@pytest.mark.usefixtures("github")
def test_the_role_without_a_key(project: Project, provider: str) -> None:
    for name, value in IDS.items():
        project.patch.setenv(name, value)
    planned = project.sandgate("ci", "oidc", "deploy", "--dry-run")
    assert planned.status == 0, planned
    assert "lets in repo:octo-org@583231/shop@1296269:ref:refs/heads/main" in planned.out
    role = f"{project.identity}-ci"
    project.standin.front.seen.clear()
    for _ in range(2):
        made = project.sandgate("ci", "oidc", "deploy", "--yes")
        assert made.status == 0, made
        assert f"the role is arn:aws:iam::111122223333:role/{role}" in made.out
    trust = project.iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Principal"]["Federated"] == provider
    assert statement["Condition"]["StringEquals"][f"{ISSUER}:aud"] == "sts.amazonaws.com"
    gone = [project.sandgate("ci", "oidc", "delete", "--yes") for _ in range(2)]
    assert [said.status for said in gone] == [0, 0], gone
    assert gone[1].out == f"there is no stack sandgate-{role}\n"


@pytest.mark.usefixtures("github")
def test_somebody_elses_stack_stays_theirs(project: Project) -> None:
    for name, value in IDS.items():
        project.patch.setenv(name, value)
    name = f"sandgate-{project.identity}-ci"
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    cloudformation = project.standin.admin_client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=body)
    for command in ("deploy", "delete"):
        said = project.sandgate("ci", "oidc", command, "--yes")
        assert said.status == 3
        assert f"there is a stack {name!r} that `sandgate ci oidc` has not made" in said.err
    cloudformation.delete_stack(StackName=name)


def test_the_provider_is_made_where_there_is_none(project: Project, github: Forge) -> None:
    for name, value in IDS.items():
        project.patch.setenv(name, value)
    planned = project.sandgate("ci", "oidc", "deploy", "--dry-run")
    assert f"to make: the role and the account's OIDC provider {ISSUER}" in planned.out
    assert project.changes() == []


def token(**claims: str) -> str:
    """A token in the shape of GitHub's; the emulator reads claims and verifies no signature."""
    parts = ({"alg": "RS256", "typ": "JWT"}, {"iss": f"https://{ISSUER}", "aud": "sts.amazonaws.com", **claims})
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*texts, "c2lnbmF0dXJl"])


SUITE = """
import boto3
names = boto3.client("dynamodb").list_tables()["TableNames"]
print(boto3.client("sts").get_caller_identity()["Arn"])
"""


@pytest.mark.usefixtures("github", "provider")
def test_a_job_without_a_key_and_what_its_receipt_is_worth(project: Project) -> None:
    for name, value in IDS.items():
        project.patch.setenv(name, value)
    project.configure(f'{OPTIONS}ci_credentials = "oidc"\n')
    for command in (("ci", "oidc", "deploy"), ("up",)):
        assert project.sandgate(*command, "--yes").status == 0
    project.env_file.unlink()
    # What configure-aws-credentials does, and leaves in a job's environment.
    client = boto3.client("sts", region_name="eu-west-1", config=Config(signature_version=UNSIGNED))
    session = client.assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::111122223333:role/{project.identity}-ci",
        RoleSessionName="GitHubActions",
        WebIdentityToken=token(sub=f"repo:{REPOSITORY}:ref:refs/heads/main"),
    )["Credentials"]
    environ = {
        **project.standin.env(project.home),
        "CI": "true",
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
    }
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *arguments], cwd=project.folder, check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], cwd=project.folder, capture_output=True, text=True, check=True)
    running = [sys.executable, "-m", "sandgate", "run", "--tier", "sandbox", "--", sys.executable, "-c", SUITE]
    done = subprocess.run(running, cwd=project.folder, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f":assumed-role/{project.identity}/" in done.stdout
    assert session["SecretAccessKey"] not in done.stdout + done.stderr
    said = project.sandgate("receipt", "verify", "--tier", "sandbox", "--commit", head.stdout.strip())
    assert said.status == 11
    # It is right in every other respect; only AWS itself proves something about AWS.
    assert [line.partition(": ")[2] for line in said.err.splitlines()[1:]] == ["the run ended at stand-in, not at aws"]
    project.patch.delenv("CI", raising=False)
    down = project.sandgate("down", "--yes")
    assert (down.status, "`sandgate ci oidc delete` removes it" in down.out) == (0, True)
    assert project.sandgate("ci", "oidc", "delete", "--yes").status == 0
