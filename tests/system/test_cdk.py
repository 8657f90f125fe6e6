"""The construct for the CDK, synthesised by the real one: what `sandgate up` would deploy, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

APP = """
import json
from aws_cdk import App, Environment, Stack
from sandgate.cdk import TestIdentity
from sandgate.errors import ConfigError

app = App(outdir="out")
TestIdentity(Stack(app, "sandgate-unit-tester", env=Environment(account="111122223333", region="us-east-1")), "I")
made = app.synth().get_stack_by_name("sandgate-unit-tester")
said = []
for name, more in (("sandgate-unit-tester", {}), ("another", {"account": "111122223333"})):
    try:
        TestIdentity(Stack(App(), name), "I", **more)
    except ConfigError as error:
        said.append(error.message)
print(json.dumps({"template": made.template, "tags": made.tags, "said": said}))
"""


def test_it_is_what_up_deploys(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    require_tool("node")
    (tmp_path / "sandgate.toml").write_text('services = "dynamodb"\ntags = {team = "blue"}')
    done = subprocess.run([sys.executable, "-c", APP], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    golden = Path(__file__).parents[1] / "unit" / "identity" / "golden" / "dynamodb.json"
    ours = json.loads(golden.read_text())
    assert found["template"]["Resources"] == ours["Resources"]
    assert found["template"]["Outputs"] == ours["Outputs"]
    assert found["tags"] == {"sandgate:identity": "unit-tester"}
    unknown, elsewhere = found["said"]
    assert "is not known yet" in unknown
    assert "looks for the stack 'sandgate-unit-tester'" in elsewhere
