"""Java, which ignores `HTTPS_PROXY` and prints the options that it is given."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ASK = Path(__file__).parent / "java" / "Ask.java"


def test_a_host_of_aws_is_the_gate_s_and_the_secret_is_not_printed(
    require_tool: Callable[[str], str], environ: Mapping[str, str], clients: Callable[[str], Any]
) -> None:
    require_tool("javac")  # what runs a source file as it stands
    pool = clients("cognito-idp").create_user_pool(PoolName="test-java")["UserPool"]["Id"]
    url = f"https://cognito-idp.{environ['AWS_REGION']}.amazonaws.com/{pool}/.well-known/jwks.json"
    done = subprocess.run(
        [require_tool("java"), "-XX:TieredStopAtLevel=1", str(ASK), url],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.stdout.split() == ["200", "200"], done.stderr
    secret = str(urlsplit(environ["HTTPS_PROXY"]).password)
    assert "Picked up JAVA_TOOL_OPTIONS: " in done.stderr
    assert secret not in done.stderr
