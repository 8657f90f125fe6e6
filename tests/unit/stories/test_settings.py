from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sandgate.core.environment import OUTSIDE, ChildFacts
from sandgate.core.java import TRUST_STORE
from sandgate.errors import ConfigError, EnvironmentFault
from sandgate.stories.kit import lay_out_kit, within
from sandgate.stories.settings import aws_settings, check_values, expand, shown_line
from sandgate.stories.transcript import Transcript

FACTS = ChildFacts(
    gate_url="http://127.0.0.1:1", access_key_id="SGATE", secret_access_key="s3cr3t-of-the-run", region="eu-west-1",
    run_dir="/run", worker="main", namespace="abc", empty_file="/run/empty",
)  # fmt: skip


def test_templates_are_filled_in_and_other_braces_stay() -> None:
    assert expand('{"a": {uuid}} ${uuid} {}', {"uuid": "u-1"}, where="w") == '{"a": u-1} ${uuid} {}'
    with pytest.raises(ConfigError, match=r"nothing called \{uid\}"):
        expand("{uid}", {"uuid": "u"}, where="w")


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN", "AWS_PROFILE", "GITHUB_TOKEN"])
def test_no_story_holds_a_real_key(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_values({name: "value-of-mine"}, where="stories/.env")
    assert "value-of-mine" not in str(caught.value)
    check_values({name: "{run_key}"}, where="stories/.env")
    check_values({name: ""}, where="stories/.env")


def test_steps_get_the_gate_and_no_file_of_this_machine() -> None:
    found = aws_settings(FACTS, {"AWS_REGION": "eu-west-2"})
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ACCESS_KEY_ID"]) == ("http://127.0.0.1:1", "SGATE")
    assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"]) == ("eu-west-2", "eu-west-1")
    assert found["AWS_SHARED_CREDENTIALS_FILE"] == found["AWS_CONFIG_FILE"] == "/dev/null"
    assert "SANDGATE_RUN_DIR" not in found


def test_steps_get_the_proxy_and_the_files_that_name_it_where_they_see_them(tmp_path: Path) -> None:
    for name in ("ca.pem", "ca-bundle.pem", TRUST_STORE, "preload.cjs"):
        (tmp_path / name).write_text(name)
    proxy = "http://main:of-the-proxy@127.0.0.1:2"
    trusted = {"SSL_CERT_FILE": f"{tmp_path}/ca-bundle.pem", "NODE_EXTRA_CA_CERTS": f"{tmp_path}/ca.pem"}
    facts = replace(
        FACTS, proxy_url=proxy, bundles=trusted, node_preload=f"{tmp_path}/preload.cjs",
        java_options=str(tmp_path / "main.vmoptions"), also_file="/also", keyless=True,
    )  # fmt: skip
    own = {"NO_PROXY": "db.internal,.amazonaws.com", "NODE_OPTIONS": "--trace-warnings", "HTTPS_PROXY": "http://mine"}
    found = aws_settings(within(facts, "/kit"), own)
    assert found["HTTPS_PROXY"] == found["https_proxy"] == proxy
    assert found["NO_PROXY"] == "db.internal,127.0.0.1,localhost"
    assert (found["SSL_CERT_FILE"], found["NODE_EXTRA_CA_CERTS"]) == ("/kit/ca-bundle.pem", "/kit/ca.pem")
    assert found["NODE_OPTIONS"] == "--require=/kit/preload.cjs --trace-warnings"
    assert (found["AWS_ACCESS_KEY_ID"], found["AWS_SHARED_CREDENTIALS_FILE"]) == ("SGATE", "/dev/null")
    assert OUTSIDE not in found
    lay_out_kit(facts, tmp_path / "kit", "/kit")
    java = found["JAVA_TOOL_OPTIONS"].partition("=/kit/")[2]
    assert f"-Djavax.net.ssl.trustStore=/kit/{TRUST_STORE}\n" in (tmp_path / "kit" / java).read_text()
    there = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "kit").iterdir()}
    assert there == dict.fromkeys(("ca.pem", "ca-bundle.pem", TRUST_STORE, "preload.cjs", java), 0o644)
    with pytest.raises(EnvironmentFault, match="certificates cannot be copied"):
        lay_out_kit(facts, tmp_path / "kit", "/kit")


def test_advice_is_a_line_to_type() -> None:
    assert (
        shown_line("lamp stdout --uuid $UUID ${SID} $WHO", {"UUID": "u", "SID": "7"}) == "lamp stdout --uuid u 7 $WHO"
    )


def test_a_transcript_has_times_and_no_secret(tmp_path: Path) -> None:
    shown: list[str] = []
    transcript = Transcript(tmp_path / "t", show=shown.append, secrets=("s3cr3t-of-the-run",), now=lambda: 1.5)
    transcript.say("first out", "key s3cr3t-of-the-run\n")
    transcript.close()
    assert "".join(shown) == "1970-01-01T00:00:01.500Z first out    | key [redacted]"
    assert (tmp_path / "t").read_text() == shown[0] + "\n"
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o600
