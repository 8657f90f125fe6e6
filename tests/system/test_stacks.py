"""`sandgate run -- sandgate stack deploy …` with bad input, as a user types it."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

SANDGATE = f"{sys.executable} -P -m sandgate"
NAMED = "test-$SANDGATE_NAMESPACE"
GOOD = "Resources: {Q: {Type: AWS::SQS::Queue}}\n"
NO_FOLDER = """
Resources:
  Function:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: nowhere}
"""
MISTAKES = {
    "syntax": ("Resources:\n  A: [\n", f"{NAMED}-a", "syntax error", "syntax.yaml:3:1"),
    "folder": (NO_FOLDER, f"{NAMED}-b", "CodeUri", "folder.yaml:5: Resources.Function.Properties.CodeUri"),
    "empty": ("", f"{NAMED}-c", "", "empty.yaml"),
    "list": (f"{GOOD}Parameters: [X]\n", f"{NAMED}-f", "Parameters must be a mapping", "list.yaml:2: Parameters"),
    "allowed": (
        f"{GOOD}Parameters:\n  X: {{Type: String, AllowedValues: 5}}\n",
        f"{NAMED}-g --parameter X=5",
        "AllowedValues must be a list",
        "allowed.yaml:3: Parameters.X.AllowedValues",
    ),
    "depends": (
        "Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    DependsOn:\n",
        f"{NAMED}-h",
        "DependsOn must be a name",
        "depends.yaml:4: Resources.Q.DependsOn",
    ),
    "missing": (None, f"{NAMED}-e", "missing.yaml", ""),
    "prefix": (GOOD, "prod-users", "prod-users", ""),
}


def test_each_mistake_is_one_error(project: Any) -> None:
    script = ""
    for case, (text, name, _, _) in MISTAKES.items():
        if text is not None:
            project.write(f"{case}.yaml", text)
        script += f"{SANDGATE} stack deploy {case}.yaml --name {name} 2>{case}.err; echo $?\n"
    said = project.sandgate("run", "--allow-empty", "--", "sh", "-c", script)
    assert said.out.split() == ["5"] * len(MISTAKES)
    for case, (_, _, word, where) in MISTAKES.items():
        err = (project.folder / f"{case}.err").read_text()
        error = dict(re.findall(r"^(error|where|hint): +(.*)$", err, re.MULTILINE))
        assert word in error["error"] + error.get("where", ""), err
        assert where in error.get("where", ""), err
        assert "Traceback" not in err
    assert f"test-{project.receipt['namespace']}-prod-users" in err  # the hint of the last
    assert project.receipt["leftovers"] == []
    # All of them were found before anything was sent; the end of the run looks whether there is a stack to delete.
    assert set(project.receipt["calls"].get("cloudformation", ())) <= {"DescribeStacks", "ListStacks"}


FUNCTIONS = {
    "Import": "import no_such_module\n\n\ndef handler(event, context):\n    return 1\n",
    "Missing": "def other(event, context):\n    return 1\n",
    "Failing": "def handler(event, context):\n    return {}['missing key']\n",
    "Keys": (
        "import json, os, urllib.request\n"
        "import boto3\n"
        "def handler(event, context):\n"
        "    pool = os.environ['POOL']\n"
        "    assert boto3.client('cognito-idp').describe_user_pool(UserPoolId=pool)['UserPool']['Id'] == pool\n"
        "    url = f\"{os.environ['AWS_ENDPOINT_URL']}/{pool}/.well-known/jwks.json\"\n"
        "    with urllib.request.urlopen(url) as answer: keys = json.load(answer)['keys']\n"
        "    return len(keys)\n"
    ),
}
HEAD = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.12, Handler: app.handler, Timeout: 20, Environment: {Variables: {POOL: !Ref Pool}}}
Resources:
  Pool: {Type: AWS::Cognito::UserPool}
"""
FUNCTION = """
  {0}:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: {0}
      Policies: [{{Statement: {{Effect: Allow, Action: cognito-idp:DescribeUserPool, Resource: !GetAtt Pool.Arn}}}}]
"""
INVOKE = (
    "import boto3, json, sys\n"
    "client = boto3.client('lambda')\n"
    "for line in sys.stdin:\n"
    "    name, _, function = line.strip().partition('=')\n"
    "    answer = client.invoke(FunctionName=function)\n"
    "    print(json.dumps([name, answer.get('FunctionError', ''), answer['Payload'].read().decode()]))\n"
)


def test_functions_that_do_not_work_say_why_and_none_asks_a_proxy(project: Any) -> None:
    """They run inside the emulator: what they call, and the key set that they fetch, comes through the gate."""
    outputs = "".join(f"  {name}: {{Value: !Ref {name}}}\n" for name in FUNCTIONS)
    resources = "".join(FUNCTION.format(name) for name in FUNCTIONS)
    project.write("template.yaml", f"{HEAD}{resources}Outputs:\n{outputs}")
    for name, code in FUNCTIONS.items():
        project.write(f"{name}/app.py", code)
    deploy = f"{SANDGATE} stack deploy template.yaml --name test-$SANDGATE_NAMESPACE-functions"
    command = f"{deploy} > outputs && {sys.executable} {project.write('invoke.py', INVOKE)} < outputs"
    proxy = "http://127.0.0.1:9"
    environ = {n: proxy for u in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") for n in (u, u.lower())}
    said = project.sandgate("run", "--", "sh", "-c", command, environ=environ)
    assert said.status == 0, said.err
    answers = {name: (kind, payload) for name, kind, payload in map(json.loads, said.out.splitlines())}
    kind, payload = answers["Import"]
    assert (kind, "no_such_module" in payload, "app.py" in payload) == ("Unhandled", True, True)
    kind, payload = answers["Missing"]
    assert (kind, "handler" in json.loads(payload)["errorMessage"]) == ("Unhandled", True)
    # The emulator's answer names the error only; the traceback is in its log, which stays with the run.
    assert "missing key" in answers["Failing"][1]
    assert 'code/app.py", line 2, in handler' in (project.last / "emulator.log").read_text()
    kind, payload = answers["Keys"]
    assert (kind, payload.isdecimal()) == ("", True), payload


def test_ctrl_c_during_a_deployment(project: Any) -> None:
    """What it made so far goes with the run, and the run says that it was interrupted."""
    project.write("template.yaml", "Resources:\n" + "".join(f"  Q{n}: {{Type: AWS::SQS::Queue}}\n" for n in range(50)))
    command = f"exec {SANDGATE} stack deploy template.yaml --name test-$SANDGATE_NAMESPACE-slow"
    started = project.start("run", "--", "sh", "-c", command, terminal=True)
    events = project.runs / started.ready()["run"] / "events.jsonl"
    started.wait_for(lambda: re.search('"Create(Stack|ChangeSet)"', events.read_text()), "call")
    started.interrupt()
    said = started.end(60)
    assert said.status == 130
    assert "Traceback" not in said.err
    assert project.receipt["leftovers"] == []
