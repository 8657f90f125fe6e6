"""`sandgate up`: what it makes, what it keeps, what it refuses, and what happens when it is killed."""

from __future__ import annotations

import json
import logging
import re
import subprocess

import pytest
from botocore.exceptions import WaiterError
from tests.sandbox.project import Project
from tests.sandbox.standin.account import ACCOUNT

RESOURCES = re.compile(r"\+ AWS::IAM::\w+ (\S+)")


def test_the_identity_is_made_once_and_kept(project: Project) -> None:
    project.env_file.write_text("# kept\nOTHER='a = b'\n")
    project.env_file.chmod(0o600)
    done = project.sandgate("up", "--yes")
    assert done.status == 0, done
    assert project.env_file.stat().st_mode & 0o777 == 0o600
    assert project.env_file.read_text().startswith("# kept\nOTHER='a = b'\nAWS_ACCESS_KEY_ID=")
    assert project.works()
    assert RESOURCES.findall(done.out) == [
        f"{project.identity}{tail}"
        for tail in ("-boundary", "-limit", "-sandbox-1", "-deployer-sandbox-1", "", "", "-deployer")
    ]
    key = project.key
    project.standin.front.seen.clear()
    again = project.sandgate("up", "--yes")
    assert again.status == 0, again
    assert "up to date" in again.out
    assert project.changes() == ["UpdateStack"]
    assert project.key == key

    record = (project.folder / ".sandgate" / "identity.jsonl").read_text()
    for text in (done.out, done.err, again.out, again.err, record):
        assert key.secret not in text


def test_a_changed_configuration_changes_the_role(project: Project) -> None:
    assert project.sandgate("up", "--yes").status == 0
    project.configure('services = ["sqs"]\ntags = {team = "blue"}')
    shown = project.sandgate("up", "--dry-run").out
    assert f"~ AWS::IAM::ManagedPolicy {project.identity}-sandbox-1 (PolicyDocument)" in shown
    assert f"~ AWS::IAM::User {project.identity} (Tags)" in shown
    assert project.sandgate("up", "--yes").status == 0
    arn = f"arn:aws:iam::{ACCOUNT}:policy/{project.identity}-sandbox-1"
    version = project.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = project.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert "sqs:" in json.dumps(document)
    assert "dynamodb:" not in json.dumps(document)


def test_a_dry_run_changes_nothing(project: Project) -> None:
    done = project.sandgate("up", "--dry-run", "--json")
    said = json.loads(done.out)
    assert said["plan"]["changes"][0]["what"] == "make"
    assert said["template"]["Resources"]["User"]["Properties"]["UserName"] == project.identity
    assert project.changes() == []
    assert not project.env_file.exists()


def test_nobody_is_asked_where_nobody_sits(project: Project) -> None:
    assert project.sandgate("up").status == 2
    assert project.sandgate("up", "--json").status == 2
    assert project.standin.front.seen == []
    assert project.sandgate("up", typed="n\n").status == 130
    assert project.changes() == []


def test_programs_hear_one_object(project: Project) -> None:
    said = json.loads(project.sandgate("up", "--yes", "--json").out)
    assert said["outputs"]["TestRoleArn"] == said["role"] == f"arn:aws:iam::{ACCOUNT}:role/{project.identity}"
    assert said["key"] == {"made": True, "variables": ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]}


@pytest.mark.parametrize(
    ("text", "account", "said"),
    [
        ("", "000000000000", "and the configuration expects 000000000000"),
        (f'forbidden_accounts = "{ACCOUNT}"', "", "must never be used"),
        ('expected_alias = "sandbox"', ACCOUNT, "and the configuration expects sandbox"),
    ],
)
def test_the_account_is_looked_at_first(project: Project, text: str, account: str, said: str) -> None:
    project.configure(text, account=account)
    done = project.sandgate("up", "--yes")
    assert (done.status, said in done.err) == (3, True), done
    assert {seen.operation for seen in project.standin.front.seen} <= {"GetCallerIdentity", "ListAccountAliases"}


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_IAM", "SANDGATE_RUN_DIR"])
def test_calls_that_would_not_go_to_aws_are_not_made(project: Project, name: str) -> None:
    project.patch.setenv(name, "http://127.0.0.1:4566")
    done = project.sandgate("up", "--yes")
    assert done.status in {2, 3}
    assert name in done.err
    assert project.standin.front.seen == []


def test_a_profile_that_leads_elsewhere_is_refused(project: Project) -> None:
    config = project.home / "home" / ".aws" / "config"
    config.write_text(
        config.read_text().replace("[profile admin]", "[profile admin]\nendpoint_url = http://127.0.0.1:1")
    )
    done = project.sandgate("up", "--yes")
    assert (done.status, "which is not AWS" in done.err) == (3, True), done


@pytest.mark.parametrize(
    ("arguments", "fault", "status", "said"),
    [
        (("--admin-profile", "nobody"), "", 3, "there is no AWS profile 'nobody'"),
        (("--admin-profile", "admn"), "", 3, "did you mean 'admin'?"),
        ((), "expired", 4, "have expired"),
        ((), "denied", 4, "use an administrator's profile"),
        ((), "revoked", 4, "AWS does not know the administrator's credentials"),
    ],
)
def test_administrators_that_are_none(
    project: Project, arguments: tuple[str, ...], fault: str, status: int, said: str
) -> None:
    if fault:
        project.standin.front.fault(fault, service="sts", times=0)
    done = project.sandgate("up", "--yes", *arguments)
    assert (done.status, said in done.err) == (status, True), done
    assert project.changes() == []


def test_a_region_that_aws_does_not_have_is_told_by_name(project: Project) -> None:
    project.patch.setenv("SANDGATE_REGION", "xx-west-1")
    done = project.sandgate("up", "--yes")
    assert (done.status, done.err.splitlines()[0]) == (3, "error: AWS has no region 'xx-west-1'"), done
    assert "SANDGATE_REGION" in done.err
    assert "did you mean 'us-west-1'?" in done.err
    assert project.standin.front.seen == []


def test_a_region_that_does_not_answer_is_told_with_where_it_stands(project: Project) -> None:
    project.patch.setenv("SANDGATE_REGION", "eu-west-3")
    project.standin.front.fault("reset", service="sts", times=0)
    done = project.sandgate("up", "--yes")
    assert done.status == 4, done
    assert "region eu-west-3, environment, SANDGATE_REGION" in done.err
    assert "whether AWS has such a `region`" in done.err


def test_without_credentials_the_hint_says_how(project: Project) -> None:
    project.configure()
    text = (project.folder / "sandgate.toml").read_text().replace('admin_profile = "admin"\n', "")
    (project.folder / "sandgate.toml").write_text(text)
    done = project.sandgate("up", "--yes")
    assert (done.status, "there are no administrator's credentials" in done.err) == (4, True), done


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [("AWS_PROFILE", "nope", "there is no AWS profile 'nope'"), ("AWS_CONFIG_FILE", "broken", "parse config file")],
)
@pytest.mark.parametrize("command", [("up", "--yes"), ("ci", "secrets", "push")])
def test_an_aws_configuration_that_is_wrong_is_told(
    project: Project, command: tuple[str, ...], variable: str, value: str, said: str
) -> None:
    text = (project.folder / "sandgate.toml").read_text().replace('admin_profile = "admin"\n', "")
    (project.folder / "sandgate.toml").write_text(f'{text}repository = "octo-org/shop"\n')
    (project.folder / "broken").write_text("[[[")
    project.env_file.write_text("AWS_ACCESS_KEY_ID=AKIAUNKNOWNUNKNOWN77\nAWS_SECRET_ACCESS_KEY=x\n")
    project.env_file.chmod(0o600)
    project.patch.setenv(variable, value)
    done = project.sandgate(*command)
    assert done.status in {3, 4}, done
    assert said in done.err
    assert "AKIAUNKNOWNUNKNOWN77" not in done.err


def test_a_tier_without_an_account_has_no_identity(project: Project) -> None:
    assert project.sandgate("up", "--tier", "emulated", "--yes").status == 2
    assert project.standin.front.seen == []


def test_somebody_elses_user_is_left_alone(project: Project) -> None:
    project.iam.create_user(UserName=project.identity)
    project.standin.front.seen.clear()
    for command in ("up", "rotate", "down"):
        done = project.sandgate(command, "--yes")
        assert (done.status, "has not made" in done.err) == (3, True), done
    assert project.changes() == []


def test_somebody_elses_stack_is_left_alone(project: Project) -> None:
    topic = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    project.standin.root_client("cloudformation").create_stack(
        StackName=f"sandgate-{project.identity}", TemplateBody=json.dumps(topic)
    )
    project.standin.front.seen.clear()
    for command in ("up", "down"):
        done = project.sandgate(command, "--yes")
        assert (done.status, "has not made" in done.err) == (3, True), done
    assert project.changes() == []


def test_a_stack_that_never_worked_is_explained_and_made_again(project: Project) -> None:
    trust = {"Statement": [{"Effect": "Allow", "NotPrincipal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    broken = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}}}
    cloudformation = project.standin.root_client("cloudformation")
    cloudformation.create_stack(
        StackName=f"sandgate-{project.identity}",
        TemplateBody=json.dumps(broken),
        Tags=[{"Key": "sandgate:identity", "Value": project.identity}],
        Capabilities=["CAPABILITY_IAM"],
    )
    with pytest.raises(WaiterError, match="terminal failure"):
        cloudformation.get_waiter("stack_create_complete").wait(
            StackName=f"sandgate-{project.identity}", WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )
    shown = project.sandgate("up", "--dry-run").out
    assert "is in ROLLBACK_COMPLETE: R (AWS::IAM::Role) failed" in shown
    assert "it can only be deleted and made again" in shown
    assert project.sandgate("up", typed="n\n").status == 130
    assert project.sandgate("up", "--yes").status == 0
    assert project.works()


def test_a_secret_goes_nowhere_where_git_would_take_it(project: Project) -> None:
    subprocess.run(["git", "init", "-q", str(project.folder)], check=True)
    done = project.sandgate("up", "--dry-run")
    assert (done.status, "! git does not ignore the env file" in done.out) == (0, True), "told beforehand"
    done = project.sandgate("up", "--yes")
    assert (done.status, "echo '/.env.sandbox' >>" in done.err) == (3, True), done
    assert project.changes() == []
    assert project.sandgate("up", typed="n\n").status == 3
    assert project.sandgate("up", typed="y\ny\n").status == 0
    assert (project.folder / ".gitignore").read_text() == "/.env.sandbox\n"
    subprocess.run(["git", "-C", str(project.folder), "add", "-f", ".env.sandbox"], check=True)
    done = project.sandgate("up", "--yes")
    assert (done.status, "git tracks the env file" in done.err) == (3, True), done


def test_a_file_that_others_can_read_is_mended_or_refused(project: Project) -> None:
    project.env_file.write_text("A=1\n")
    project.env_file.chmod(0o644)
    done = project.sandgate("up", "--yes")
    assert (done.status, f"chmod 600 {project.env_file}" in done.err) == (3, True), done
    assert project.changes() == []
    assert project.sandgate("up", typed="y\ny\n").status == 0
    assert project.env_file.stat().st_mode & 0o777 == 0o600


def test_another_ones_key_in_the_env_file_stays(project: Project) -> None:
    key = project.standin.profiles["root"]
    project.env_file.touch(mode=0o600)
    text = f"AWS_ACCESS_KEY_ID={key.access_key_id}\nAWS_SECRET_ACCESS_KEY={key.secret}\n"
    project.env_file.write_text(text)
    done = project.sandgate("up", "--yes")
    assert (done.status, "the env file holds a key of" in done.err) == (3, True), done
    assert key.secret not in done.err
    assert project.env_file.read_text() == text


def test_two_keys_already_are_named(project: Project) -> None:
    assert project.sandgate("up", "--yes").status == 0
    project.env_file.unlink()
    project.iam.create_access_key(UserName=project.identity)
    before = project.keys()
    done = project.sandgate("up", "--yes")
    assert (done.status, "has 2 access keys already" in done.err, "--replace-all" in done.err) == (3, True, True), done
    assert project.keys() == before


def test_a_key_that_nobody_knows_yet_is_waited_for(project: Project) -> None:
    front = project.standin.front
    unknown = front.fault("revoked", service="sts", operation="GetCallerIdentity", skip=2, times=1)
    refused = front.fault("denied", service="sts", operation="AssumeRole", times=2)
    done = project.sandgate("up", "--yes")
    assert done.status == 0, done
    assert (unknown.happened, refused.happened) == (1, 2)
    assert project.works()


def test_one_identity_for_each_service(project: Project) -> None:
    (project.folder / "orders").mkdir()
    done = project.sandgate("up", "--service", "dynamodb", "--env-file", "orders/.env", "--yes")
    assert done.status == 0, done
    entries = (project.folder / "orders" / ".env").read_text()
    assert f"SANDGATE_IDENTITY={project.identity}-dynamodb\nSANDGATE_SERVICES=dynamodb\n" in entries
    assert project.iam.get_role(RoleName=f"{project.identity}-dynamodb")
    shown = project.sandgate("up", "--env-file", "orders/.env", "--dry-run").out
    assert f"stack sandgate-{project.identity}-dynamodb: up to date" in shown
    assert project.sandgate("down", "--env-file", "orders/.env", "--yes").status == 0
    assert not (project.folder / "orders" / ".env").exists()


def test_who_is_trusted_instead_of_the_user_needs_no_key(project: Project) -> None:
    project.configure(f'services = ["dynamodb"]\ntrusted = "arn:aws:iam::{ACCOUNT}:user/admin"\nexternal_id = true')
    done = project.sandgate("up", "--yes")
    assert (done.status, "`trusted` names others than the user" in done.out) == (0, True), done
    assert project.keys() == {}
    role = f"arn:aws:iam::{ACCOUNT}:role/{project.identity}"
    sts = project.standin.admin_client("sts")
    with pytest.raises(sts.exceptions.ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="me")
    assert sts.assume_role(RoleArn=role, RoleSessionName="me", ExternalId=f"sandgate-{project.identity}")


def test_no_log_holds_the_secret(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert project.sandgate("up", "--yes").status == 0
    assert "CreateStack" in caplog.text, "botocore was heard"
    assert project.key.secret not in caplog.text


def test_a_key_whose_answer_was_lost_is_found(project: Project) -> None:
    project.standin.front.fault("internal", service="iam", operation="CreateAccessKey", after=True)
    done = project.sandgate("up", "--yes")
    assert done.status == 4, done
    (lost,) = project.keys()
    again = project.sandgate("up", "--yes")
    assert again.status == 0, again
    assert "its secret is lost" in again.out
    assert list(project.keys()) == [project.key.access_key_id]
    assert lost != project.key.access_key_id


@pytest.mark.parametrize(
    ("service", "operation", "torn"),
    [("sts", "GetCallerIdentity", "</Account>"), ("iam", "CreateAccessKey", "</Status>"),
     ("sts", "AssumeRole", "</SessionToken>")],
)  # fmt: skip
def test_half_an_answer_is_told_and_not_quoted(project: Project, service: str, operation: str, torn: str) -> None:
    front = project.standin.front
    front.fault("body", service=service, operation=operation, times=0, of=f"(?s){torn}.*", by="")
    done = project.sandgate("up", "--yes")
    assert (done.status, "an answer that cannot be read" in done.err) == (4, True), done
    known = [secret for key in front.keys for secret in (key.secret, key.token) if secret]
    assert not any(secret in done.out + done.err for secret in known)
    front.heal()
    assert project.sandgate("up", "--yes").status == 0
    assert list(project.keys()) == [project.key.access_key_id]
    assert project.works()


@pytest.mark.parametrize(
    ("service", "operation", "skip"),
    [
        ("cloudformation", "CreateStack", 0),
        ("cloudformation", "DescribeStacks", 2),
        ("iam", "CreateAccessKey", 0),
        ("sts", "GetCallerIdentity", 1),
        ("sts", "AssumeRole", 0),
    ],
)
def test_up_that_was_killed_can_be_run_again(project: Project, service: str, operation: str, skip: int) -> None:
    slow = project.standin.front.fault("slow", service=service, operation=operation, skip=skip, seconds=60.0)
    process = project.start("up", "--yes")
    project.kill_at(process, slow)
    project.standin.front.heal()
    done = project.sandgate("up", "--yes")
    assert done.status == 0, done
    assert list(project.keys()) == [project.key.access_key_id]
    assert project.works()


def test_a_change_of_the_stack_that_was_killed_can_be_run_again(project: Project) -> None:
    assert project.sandgate("up", "--yes").status == 0
    key = project.key
    project.configure('services = ["sqs"]')
    slow = project.standin.front.fault("slow", service="cloudformation", operation="UpdateStack", seconds=60.0)
    project.kill_at(project.start("up", "--yes"), slow)
    project.standin.front.heal()
    done = project.sandgate("up", "--yes")
    assert (done.status, project.key) == (0, key), done
    shown = project.sandgate("up", "--dry-run").out
    assert f"stack sandgate-{project.identity}: up to date" in shown


def test_somebody_else_may_deploy_the_template(project: Project) -> None:
    printed = project.sandgate("up", "--template", ACCOUNT)
    assert project.standin.front.seen == []
    project.standin.root_client("cloudformation").create_stack(
        StackName=f"sandgate-{project.identity}",
        TemplateBody=printed.out,
        Tags=[{"Key": "sandgate:identity", "Value": project.identity}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    done = project.sandgate("up", "--yes")
    assert (done.status, "up to date" in done.out) == (0, True), done
    assert project.works()
    assert project.sandgate("up", "--template", "sandbox").status == 2


def test_a_code_that_nobody_can_type_is_an_error(project: Project) -> None:
    config = project.home / "config"
    config.write_text(
        f"[profile mfa]\nsource_profile = admin\nrole_arn = arn:aws:iam::{ACCOUNT}:role/admin\n"
        f"mfa_serial = arn:aws:iam::{ACCOUNT}:mfa/me\n"
    )
    process = project.start("up", "--yes", "--admin-profile", "mfa", alone=True, AWS_CONFIG_FILE=str(config))
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, "the profile asks for an MFA code" in said) == (4, True), said
    assert said.startswith("error: "), "neither a prompt nor a warning of Python's comes first"
    assert project.changes() == []
