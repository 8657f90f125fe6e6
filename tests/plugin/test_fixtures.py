"""The fixtures, each used as a user would, in one run against one stack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

TEMPLATE = """
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Function:
        Type: AWS::Serverless::Function
        Properties:
          Runtime: python3.13
          Handler: index.handler
          InlineCode: |
            import json
            def handler(event, context):
                if event["path"].endswith("/breaks"):
                    raise LookupError("the shelf is empty")
                said = {k: event[k] for k in ("httpMethod", "path", "body")}
                said["auth"] = {k.lower(): v for k, v in event["headers"].items()}.get("authorization")
                return {"statusCode": 200, "body": json.dumps(said)}
          Events:
            A: {Type: Api, Properties: {Path: /x, Method: get, RestApiId: !Ref Api}}
            B: {Type: Api, Properties: {Path: /x, Method: post, RestApiId: !Ref Api}}
            C: {Type: Api, Properties: {Path: /x, Method: patch, RestApiId: !Ref Api}}
            D: {Type: Api, Properties: {Path: /x, Method: delete, RestApiId: !Ref Api}}
            E: {Type: Api, Properties: {Path: /deeper/x, Method: put, RestApiId: !Ref Api}}
            F: {Type: Api, Properties: {Path: /breaks, Method: get, RestApiId: !Ref Api}}
      Api:
        Type: AWS::Serverless::Api
        Properties: {StageName: live}
      Pool:
        Type: AWS::Cognito::UserPool
        Properties:
          Policies: {PasswordPolicy: {MinimumLength: 40, RequireSymbols: true, RequireNumbers: true}}
          Schema: [{Name: birthdate, AttributeDataType: String, Required: true, Mutable: true}]
      Staff:
        Type: AWS::Cognito::UserPoolGroup
        Properties: {UserPoolId: !Ref Pool, GroupName: staff}
      Passwords:
        Type: AWS::Cognito::UserPoolClient
        Properties:
          UserPoolId: !Ref Pool
          ExplicitAuthFlows: [ALLOW_USER_PASSWORD_AUTH, ALLOW_REFRESH_TOKEN_AUTH, ALLOW_ADMIN_USER_PASSWORD_AUTH]
      Srp:
        Type: AWS::Cognito::UserPoolClient
        Properties: {UserPoolId: !Ref Pool, GenerateSecret: true, ExplicitAuthFlows: [ALLOW_USER_SRP_AUTH]}
      Table:
        Type: AWS::DynamoDB::Table
        Properties:
          BillingMode: PAY_PER_REQUEST
          KeySchema: [{AttributeName: day, KeyType: HASH}, {AttributeName: at, KeyType: RANGE}]
          AttributeDefinitions: [{AttributeName: day, AttributeType: S}, {AttributeName: at, AttributeType: N}]
      Bucket:
        Type: AWS::S3::Bucket
        Properties: {VersioningConfiguration: {Status: Enabled}}
      Queue:
        Type: AWS::SQS::Queue
    Outputs:
      APIEndpoint: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live"}
      Deeper: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/live/deeper/"}
      UserPool: {Value: !Ref Pool}
      UserPoolClient: {Value: !Ref Passwords}
      SrpClient: {Value: !Ref Srp}
      Queue: {Value: !Ref Queue}
"""
TESTS = """
    import base64, json, pathlib, pytest

    def claims(token):
        part = token.split(".")[1]
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def test_run(sandgate, namespace):
        assert sandgate.tier == "emulated" and sandgate.account == "000000000000"
        assert sandgate.namespace == namespace.id and sandgate.status()["death"] == ""

    def test_aws(aws, sandgate):
        assert aws.client("sts").get_caller_identity()["Arn"] == sandgate.caller
        assert aws.region_name == sandgate.region

    def test_stack(stack, sandgate):
        assert stack.name == f"test-{sandgate.namespace}-app"
        assert stack("app").outputs == stack.outputs == dict(stack)
        assert stack["Queue"] == stack.physical_id("Queue")
        assert {r.type for r in stack.resources} >= {"AWS::DynamoDB::Table", "AWS::S3::Bucket"}
        with pytest.raises(KeyError, match="it has: APIEndpoint, "):
            stack["Nope"]
        with pytest.raises(Exception, match="there is no stack 'ap'\\n.*\\n.*did you mean 'app'"):
            stack("ap")

    def test_api(api):
        assert api.get("/x").json() == {"httpMethod": "GET", "path": "/x", "body": None, "auth": None}
        assert json.loads(api.post("x", json={"a": 1}).json()["body"]) == {"a": 1}
        assert api.bound("Deeper").put("x").json()["path"] == "/deeper/x"
        assert api.patch("x").json()["httpMethod"] == "PATCH"
        with pytest.raises(KeyError, match="no output 'Nope'; there are: APIEndpoint"):
            api.bound("Nope").get("x")

    def test_api_as_user(api, cognito_user):
        user = cognito_user()
        assert api.as_user(user).get("x").json()["auth"] == user.id_token
        assert api.as_user(user, scheme="Bearer").delete("x").json()["auth"] == f"Bearer {user.id_token}"
        assert api.get("x").json()["auth"] is None

    def test_api_that_breaks(api):
        assert api.get("breaks").status_code == 200

    def test_api_that_is_meant_to_break(api):
        assert api.get("/breaks").status_code >= 500

    def test_user(aws, stack, cognito_user, namespace):
        user = cognito_user(groups=["staff"], attributes={"email": "a@example.com"})
        assert namespace.id in user.username and len(user.password) == 40
        assert user.password not in repr(user)
        token = claims(user.id_token)
        assert token["sub"] == user.sub and token["token_use"] == "id"
        assert token["cognito:groups"] == ["staff"] and token["email"] == "a@example.com"
        assert claims(user.access_token)["token_use"] == "access"
        found = aws.client("cognito-idp").admin_get_user(UserPoolId=stack["UserPool"], Username=user.username)
        assert found["UserStatus"] == "CONFIRMED"
        pathlib.Path("made.txt").write_text(user.username)

    def test_users_are_gone_afterwards(aws, stack):
        cognito = aws.client("cognito-idp")
        name = pathlib.Path("made.txt").read_text()
        with pytest.raises(cognito.exceptions.UserNotFoundException):
            cognito.admin_get_user(UserPoolId=stack["UserPool"], Username=name)

    def test_tokens_renew(cognito_user, monkeypatch):
        user = cognito_user()
        first = user.tokens()
        assert user.tokens() is first
        monkeypatch.setattr("time.monotonic", lambda now=__import__("time").monotonic: now() + 7200)
        second = user.tokens()
        assert second is not first and second.refresh_token == first.refresh_token

    def test_srp_with_a_client_secret(cognito_user, stack):
        user = cognito_user(client=stack["SrpClient"])
        assert user.client.flow() == "srp"
        assert claims(user.id_token)["aud"] == stack["SrpClient"]
        user.password = "wrong"
        with pytest.raises(Exception, match="NotAuthorized"):
            user.sign_in()

    def test_flows(cognito_user, stack):
        assert claims(cognito_user(flow="admin").id_token)["token_use"] == "id"
        with pytest.raises(ValueError, match="does not allow the flow 'srp': it allows .*; add ALLOW_USER_SRP_AUTH"):
            cognito_user(flow="srp")
        with pytest.raises(ValueError, match="flow must be one of password, srp, admin"):
            cognito_user(flow="magic")

    def test_a_leftover_of_the_same_name_is_replaced(cognito_user, namespace):
        first = cognito_user(username=namespace.name("anna"))
        again = cognito_user(username=namespace.name("anna"))
        assert first.sub != again.sub and claims(again.id_token)["sub"] == again.sub
        with pytest.raises(ValueError, match="does not carry the namespace"):
            cognito_user(username="somebody@example.com")

    def test_session_users(cognito_users):
        assert cognito_users().id_token

    def test_empty_table(aws, stack, empty_table):
        name = stack.physical_id("Table")
        with aws.resource("dynamodb").Table(name).batch_writer() as batch:
            for number in range(60):
                batch.put_item(Item={"day": f"d{number % 3}", "at": number, "name": "x" * 50})
        assert empty_table(name) == 60
        assert aws.client("dynamodb").scan(TableName=name)["Count"] == 0

    def test_empty_bucket(aws, stack, empty_bucket):
        s3, name = aws.client("s3"), stack.physical_id("Bucket")
        for key in ("a", "a", "b/c d"):
            s3.put_object(Bucket=name, Key=key, Body=b"x")
        s3.delete_object(Bucket=name, Key="a")
        s3.create_multipart_upload(Bucket=name, Key="unfinished")
        assert empty_bucket(name) == 4
        assert not s3.list_object_versions(Bucket=name).get("Versions")
        assert not s3.list_multipart_uploads(Bucket=name).get("Uploads")

    def test_purge_queue(aws, stack, purge_queue):
        sqs, url = aws.client("sqs"), stack["Queue"]
        for _ in range(12):
            sqs.send_message(QueueUrl=url, MessageBody="x")
        purge_queue(url)
        sqs.send_message(QueueUrl=url, MessageBody="x")
        purge_queue(url)  # within the minute
        assert "Messages" not in sqs.receive_message(QueueUrl=url)

    def test_what_is_not_ours_is_not_emptied(empty_table, empty_bucket, purge_queue, namespace):
        for empty, name in ((empty_table, "production"), (empty_bucket, "test-other0-x"), (purge_queue, "http://q/1/q")):
            with pytest.raises(Exception, match="was not made by this run, so it is not emptied"):
                empty(name)

    def test_what_this_run_made_under_another_name_is_ours(aws, empty_bucket):
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="test-fixed-name")
        s3.put_object(Bucket="test-fixed-name", Key="x", Body=b"")
        assert empty_bucket("test-fixed-name") == 1
        s3.delete_bucket(Bucket="test-fixed-name")
"""


@pytest.fixture(scope="module")
def ran(new_project: Callable[[], Any]) -> Any:
    """The one run of the project."""
    project = new_project().write(
        {
            "pyproject.toml": '[tool.sandgate]\nadopt = ["test-fixed-name"]\nstacks.app.template = "template.yaml"\n',
            "template.yaml": TEMPLATE,
            "test_it.py": TESTS,
        }
    )
    return project.pytest("-W", "error")


def test_all_but_the_broken_api_pass(ran: Any) -> None:
    outcomes = {event["id"].partition("::")[2]: event["outcome"] for event in ran.events("test")}
    assert {name for name, outcome in outcomes.items() if outcome != "passed"} == {"test_api_that_breaks"}, ran.out
    assert len(outcomes) == TESTS.count("def test_")
    assert ran.receipt["leftovers"] == []


def test_a_failure_over_a_5xx_shows_what_the_function_said(ran: Any) -> None:
    assert ran.out.count("sandgate: GET breaks answered 502") == 1
    section = ran.out.partition("sandgate: GET breaks answered 502")[2].partition("=== sandgate")[0]
    assert "-Function-" in section
    assert "LookupError: the shelf is empty" in section


def test_no_secret_is_shown(ran: Any, checkout: Any) -> None:
    assert "password=" not in ran.out
    assert "eyJ" not in ran.out.partition("short test summary")[2]


def test_users_get_no_mail_and_a_permanent_password(ran: Any) -> None:
    operations: dict[str, int] = ran.receipt["calls"]["cognito-idp"]
    assert operations["AdminSetUserPassword"] == operations["AdminCreateUser"] - 1  # the name that was taken
    assert "AdminConfirmSignUp" not in operations


def _deployments(done: Any) -> Mapping[str, int]:
    found: Mapping[str, int] = done.receipt["calls"].get("cloudformation", {})
    return found


def test_stacks_several_adopted_and_misconfigured(project: Any) -> None:
    queue = "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\nOutputs: {Url: {Value: !Ref Queue}}\n"
    project.write(
        {
            "pyproject.toml": """
                [tool.sandgate]
                isolation = "prefix"
                stacks.one.template = "t.yaml"
                stacks.two.template = "t.yaml"
                stacks.broken.template = "broken.yaml"
                stacks.test-theirs.adopt = true
                stacks.test-keep.adopt = true
                stacks.test-open = {adopt = true, data = "disposable"}
                stacks.cdk = {adopt = true, outputs = "cdk-outputs.json"}
                stacks.tf = {adopt = true, outputs = "tf.json"}
            """,
            "t.yaml": queue,
            "broken.yaml": "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {VisibilityTimeout: many}}}\n",
            "cdk-outputs.json": '{"AppStack": {"Url": "from-cdk"}}',
            "tf.json": '{"url": {"sensitive": false, "type": "string", "value": "from-terraform"}}',
            "conftest.py": f"""
                import pytest

                @pytest.fixture(scope="session", autouse=True)
                def theirs(sandgate):
                    # somebody else's deployment; the deployer may
                    cloudformation = sandgate.deployer_clients()("cloudformation")
                    for name in ("test-keep", "test-open"):
                        cloudformation.create_stack(StackName=name, TemplateBody={queue!r})
                    yield
                    for name in ("test-keep", "test-open"):
                        assert cloudformation.describe_stacks(StackName=name)["Stacks"]
                        cloudformation.delete_stack(StackName=name)
            """,
            "test_it.py": """
                import pytest

                def test_several(stack):
                    assert stack("one").name == "test-one" and stack("two").name == "test-two"
                    with pytest.raises(Exception, match=r'has 8 stacks, so say which[^"]*stack."one".'):
                        stack.outputs

                def test_broken(stack):
                    for _ in range(2):
                        with pytest.raises(Exception, match="Queue"):
                            stack("broken")

                def test_missing(stack):
                    with pytest.raises(Exception, match="stack 'test-theirs' does not exist"):
                        stack("test-theirs")

                def test_outputs_of_others(stack):
                    assert stack("cdk").outputs == {"Url": "from-cdk"}
                    assert stack("tf").outputs == {"url": "from-terraform"}

                def test_data_of_others(stack, purge_queue):
                    purge_queue(stack("test-open").outputs["Url"])
                    with pytest.raises(Exception, match='not made by this run(.|\\n)*data = "disposable" allows it'):
                        purge_queue("http://127.0.0.1/000000000000/theirs")
            """,
        }
    )
    done = project.pytest()
    assert done.status == 0, done.out + done.err
    assert done.receipt["leftovers"] == []


def test_adopted_stacks_are_kept(project: Any) -> None:
    """Deployed by one child of a run, adopted by the next, and still there for a third."""
    import sys  # noqa: PLC0415

    project.write(
        {
            "pyproject.toml": '[tool.sandgate]\nisolation = "prefix"\nstacks.test-shared.adopt = true\n',
            "t.yaml": "Resources: {Queue: {Type: 'AWS::SQS::Queue'}}\n",
            "test_it.py": "def test(stack): assert stack.physical_id('Queue') and stack.name == 'test-shared'\n",
        }
    )
    python = sys.executable
    done = project.sandgate(
        "run", "--allow-empty", "--", "sh", "-ec",
        f"{python} -m sandgate stack deploy t.yaml --name test-shared; {python} -m pytest -q -p no:cacheprovider; "
        f"{python} -m sandgate stack outputs test-shared",
    )  # fmt: skip
    assert done.status == 0, done.out + done.err
    assert _deployments(done)["CreateStack"] == _deployments(done)["DeleteStack"] == 1
    assert done.receipt["leftovers"] == []
