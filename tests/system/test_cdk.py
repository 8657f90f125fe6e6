"""The construct for the CDK, synthesised by the real one: what `sandgate up` would deploy, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

APP = """
import json, os
from aws_cdk import App, Environment, Stack
from sandgate.cdk import TestIdentity
from sandgate.errors import ConfigError

app = App(outdir="out")
TestIdentity(Stack(app, "sandgate-unit-tester", env=Environment(account="111122223333", region="us-east-1")), "I")
made = app.synth().get_stack_by_name("sandgate-unit-tester")
said = []
for name, more in (
    ("sandgate-unit-tester", {}),
    ("another", {"account": "111122223333"}),
    ("sandgate-unit-tester", {"account": "000000000000"}),
):
    try:
        TestIdentity(Stack(App(), name), "I", **more)
    except ConfigError as error:
        said.append(error.message)
far = Stack(app, "sandgate-tester", env=Environment(account="111122223333", region="cn-north-1"))
os.environ["SANDGATE_IDENTITY"] = "tester"
role = TestIdentity(far, "I").names.role
china = app.synth(force=True).get_stack_by_name("sandgate-tester").template
print(json.dumps({"template": made.template, "tags": made.tags, "said": said, "role": role, "china": china}))
"""


def test_it_is_what_up_deploys(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    require_tool("node")
    (tmp_path / "sandgate.toml").write_text('account = "111122223333"\nservices = "dynamodb"\ntags = {team = "blue"}')
    done = subprocess.run([sys.executable, "-c", APP], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    golden = Path(__file__).parents[1] / "unit" / "identity" / "golden" / "dynamodb.json"
    ours = json.loads(golden.read_text())
    assert found["template"]["Resources"] == ours["Resources"]
    assert found["template"]["Outputs"] == ours["Outputs"]
    assert found["tags"] == {"sandgate:identity": "unit-tester"}
    assert found["role"] == "tester"
    assert "arn:aws-cn:iam::111122223333:role/tester" in json.dumps(found["china"])
    assert "arn:aws:" not in json.dumps(found["china"])
    unknown, elsewhere, stranger = found["said"]
    assert "for account 000000000000, and the configuration for 111122223333" in stranger
    assert "is not known yet" in unknown
    assert "looks for the stack 'sandgate-unit-tester'" in elsewhere
