"""What a child of a run sees: the gate, a worthless key, and nothing that reaches around it."""

from __future__ import annotations

import dataclasses

import pytest

from sandgate.core.environment import (
    ChildFacts,
    changes,
    child_environment,
    exceptions,
    outside,
    preparing,
    without_preload,
)

FACTS = ChildFacts(
    gate_url="http://127.0.0.1:4000",
    access_key_id="run-key",
    secret_access_key="run-secret",
    region="eu-west-1",
    run_dir="/run",
    worker="main",
    namespace="abc123",
    empty_file="/run/empty",
)


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_CA_BUNDLE",
        "GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL", "BOTO_CONFIG",
    ],
)  # fmt: skip
def test_what_could_reach_around_the_gate_is_gone(name: str) -> None:
    assert name not in child_environment({name: "x", "PATH": "/bin"}, FACTS)


def test_the_developer_s_keys_are_replaced(canaries: dict[str, str]) -> None:
    seen = child_environment({**canaries, "PATH": "/bin"}, FACTS)
    assert not set(canaries.values()) & set(seen.values())
    assert (seen["AWS_ACCESS_KEY_ID"], seen["AWS_SECRET_ACCESS_KEY"]) == ("run-key", "run-secret")
    assert seen["PATH"] == "/bin"


def test_shared_files_and_instance_metadata_are_out_of_reach() -> None:
    seen = child_environment({"AWS_CONFIG_FILE": "/mine"}, FACTS)
    assert {seen["AWS_CONFIG_FILE"], seen["AWS_SHARED_CREDENTIALS_FILE"]} == {"/run/empty"}
    assert seen["AWS_EC2_METADATA_DISABLED"] == "true"


def test_region_and_endpoint_are_the_run_s() -> None:
    seen = child_environment({"AWS_REGION": "us-west-1", "AWS_DEFAULT_REGION": "us-west-1"}, FACTS)
    assert {seen["AWS_REGION"], seen["AWS_DEFAULT_REGION"]} == {"eu-west-1"}
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4000"


PRELOAD = dataclasses.replace(FACTS, node_preload="/opt/gate.cjs")


@pytest.mark.parametrize(
    ("theirs", "seen"),
    [
        (None, "--require=/opt/gate.cjs"),
        ("--max-old-space-size=64", "--require=/opt/gate.cjs --max-old-space-size=64"),
        ("--require=/opt/gate.cjs --trace-warnings", "--require=/opt/gate.cjs --trace-warnings"),
    ],
)
def test_node_loads_ours_first_once_and_the_user_s_own(theirs: str | None, seen: str) -> None:
    given = {} if theirs is None else {"NODE_OPTIONS": theirs}
    assert child_environment(given, PRELOAD)["NODE_OPTIONS"] == seen


def test_a_path_with_spaces_is_quoted_for_node() -> None:
    facts = dataclasses.replace(FACTS, node_preload='/my "own"/gate.cjs')
    assert child_environment({}, facts)["NODE_OPTIONS"] == '--require="/my \\"own\\"/gate.cjs"'


@pytest.mark.parametrize("theirs", ["", "--trace-warnings", "--a --b"])
def test_what_node_had_before_comes_back(theirs: str) -> None:
    seen = child_environment({"NODE_OPTIONS": theirs}, PRELOAD)["NODE_OPTIONS"]
    assert without_preload(seen, PRELOAD.node_preload) == theirs
    assert without_preload(theirs, PRELOAD.node_preload) == theirs


def test_the_gate_is_known_whatever_becomes_of_the_endpoint() -> None:
    facts = dataclasses.replace(PRELOAD, node_preload="")
    seen = child_environment({"NODE_OPTIONS": "--inspect"}, facts)
    assert (seen["SANDGATE_GATE_URL"], seen["NODE_OPTIONS"]) == ("http://127.0.0.1:4000", "--inspect")


def test_loopback_passes_no_proxy_and_what_was_said_stays() -> None:
    seen = child_environment({"NO_PROXY": "corp.example, localhost", "HTTPS_PROXY": "http://p:1"}, FACTS)
    assert (seen["NO_PROXY"], seen["no_proxy"]) == ("corp.example,localhost,127.0.0.1", "127.0.0.1,localhost")
    assert seen["HTTPS_PROXY"] == "http://p:1"


BUNDLED = dict.fromkeys(("SSL_CERT_FILE", "AWS_CA_BUNDLE"), "/run/b.pem")
PROXIED = dataclasses.replace(FACTS, proxy_url="http://main:s@127.0.0.1:4001", bundles=BUNDLED)


def test_https_goes_through_the_gate_and_trusts_it() -> None:
    seen = child_environment({"HTTPS_PROXY": "http://p:1", "AWS_CA_BUNDLE": "/corp.pem"}, PROXIED)
    assert {seen["HTTPS_PROXY"], seen["https_proxy"]} == {"http://main:s@127.0.0.1:4001"}
    assert {seen["SSL_CERT_FILE"], seen["AWS_CA_BUNDLE"]} == {"/run/b.pem"}
    assert seen["SANDGATE_GATE_URL"] == "http://127.0.0.1:4000"


@pytest.mark.parametrize(
    ("exceptions", "left"),
    [
        ("*", ""),
        (".amazonaws.com,corp", "corp"),
        ("amazonaws.com", ""),
        ("com, intranet", "intranet"),
        ("*.us-east-1.amazonaws.com:443", ""),
        ("api.aws,.on.aws,amazoncognito.com,dynamodb.eu-west-1.amazonaws.com.cn", ""),
        ("aws.example.com,10.0.0.0/8", "aws.example.com,10.0.0.0/8"),
    ],
)
def test_no_exception_leads_around_the_gate(exceptions: str, left: str) -> None:
    seen = child_environment({"NO_PROXY": exceptions}, PROXIED)["NO_PROXY"]
    assert seen == ",".join(filter(None, [left, "127.0.0.1,localhost"]))


def test_what_installs_packages_has_the_users_own_way_out() -> None:
    own = {"HTTPS_PROXY": "http://p:1", "SSL_CERT_FILE": "/mine.pem", "PATH": "/bin"}
    child = child_environment(own, PROXIED)
    of_a_child = child_environment(child, PROXIED)
    for environ in (child, of_a_child):
        found = outside(environ)
        assert {name: found.get(name) for name in ("HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "PATH")} == {
            "HTTPS_PROXY": "http://p:1",
            "https_proxy": None,
            "SSL_CERT_FILE": "/mine.pem",
            "PATH": "/bin",
        }
        assert "AWS_CA_BUNDLE" not in found


def test_java_gets_a_file_and_what_installs_packages_does_not() -> None:
    facts = dataclasses.replace(PROXIED, java_options="/run/main-0.sandgate.vmoptions")
    child = child_environment({"JAVA_TOOL_OPTIONS": "-Xmx64m"}, facts)
    assert child["JAVA_TOOL_OPTIONS"] == "-Xmx64m -XX:VMOptionsFile=/run/main-0.sandgate.vmoptions"
    assert child_environment(child, facts)["JAVA_TOOL_OPTIONS"] == child["JAVA_TOOL_OPTIONS"]
    assert outside(child)["JAVA_TOOL_OPTIONS"] == "-Xmx64m"
    assert "JAVA_TOOL_OPTIONS" not in outside(child_environment({}, facts))
    assert "JAVA_TOOL_OPTIONS" not in child_environment({}, PROXIED)


def test_exceptions_are_of_both_names_without_those_of_aws() -> None:
    environ = {"NO_PROXY": "corp, .amazonaws.com", "no_proxy": "corp,db.example"}
    assert exceptions(environ) == ["corp", "127.0.0.1", "localhost", "db.example"]


@pytest.mark.parametrize("told", ["", "{", "[]", "3"])
def test_an_environment_that_is_no_child_s_stays_as_it_is(told: str) -> None:
    environ = {"HTTPS_PROXY": "http://p:1", "SANDGATE_OUTSIDE": told}
    assert outside(environ) == environ


def test_what_prepares_the_tests_sees_nothing_of_aws(canaries: dict[str, str]) -> None:
    environ = {
        **canaries,
        "AWS_PROFILE": "p",
        "SANDGATE_TIER": "sandbox",
        "MY_SECRET": "x",
        "HTTPS_PROXY": "http://p:1",
    }
    assert preparing(environ, frozenset({"MY_SECRET"})) == {"HTTPS_PROXY": "http://p:1"}


def test_an_https_endpoint_is_what_sdks_get() -> None:
    facts = dataclasses.replace(FACTS, endpoint_url="https://127.0.0.1:4000", variables={"E": "gate_url"})
    seen = child_environment({}, facts)
    assert (seen["AWS_ENDPOINT_URL"], seen["E"]) == ("https://127.0.0.1:4000",) * 2
    assert seen["SANDGATE_GATE_URL"] == "http://127.0.0.1:4000"


def test_keys_of_the_env_file_are_removed() -> None:
    facts = dataclasses.replace(FACTS, env_file_keys=frozenset({"MY_SECRET"}))
    assert "MY_SECRET" not in child_environment({"MY_SECRET": "x"}, facts)


def test_extra_variables_are_set_even_when_the_env_file_has_them() -> None:
    names = {"DYNAMODB_ENDPOINT": "gate_url", "CI_KEY": "run_key", "CI_SECRET": "run_secret", "R": "region"}
    facts = dataclasses.replace(FACTS, variables=names, env_file_keys=frozenset({"CI_KEY"}))
    seen = child_environment({"CI_KEY": "real"}, facts)
    assert [seen[name] for name in names] == ["http://127.0.0.1:4000", "run-key", "run-secret", "eu-west-1"]


def test_changes_are_what_a_shell_must_do() -> None:
    environ = {"AWS_PROFILE": "p", "PATH": "/bin", "NO_PROXY": "x"}
    todo = changes(environ, FACTS)
    assert (todo["AWS_PROFILE"], "PATH" in todo) == (None, False)
    done = {**environ, **{name: value for name, value in todo.items() if value is not None}}
    assert {k: v for k, v in done.items() if todo.get(k, "") is not None} == child_environment(environ, FACTS)


def test_applying_it_twice_changes_nothing() -> None:
    once = child_environment({"NO_PROXY": "a", "AWS_PROFILE": "p"}, FACTS)
    assert child_environment(once, FACTS) == once


def test_the_secret_is_not_printed() -> None:
    assert "run-secret" not in repr(FACTS)


def test_a_token_of_the_env_file_cannot_come_back() -> None:
    facts = dataclasses.replace(FACTS, env_file_keys=frozenset({"AWS_SESSION_TOKEN", "AWS_ACCESS_KEY_ID"}))
    environ = child_environment({}, facts)
    assert environ["AWS_SESSION_TOKEN"] == ""
    assert environ["AWS_ACCESS_KEY_ID"] == FACTS.access_key_id
    assert "AWS_SESSION_TOKEN" not in child_environment({"AWS_SESSION_TOKEN": "t"}, FACTS)


def test_what_is_passed_of_the_env_file_takes_the_place_of_what_is_exported() -> None:
    names = frozenset({"APP", "OTHER", "MINE"})
    facts = dataclasses.replace(
        FACTS, env_file_keys=names, passed={"APP": "of the file", "MINE": "of the file"}, variables={"MINE": "gate_url"}
    )
    made = child_environment({"APP": "exported", "OTHER": "exported"}, facts)
    assert (made["APP"], made["MINE"]) == ("of the file", FACTS.gate_url)
    assert "OTHER" not in made


def test_a_second_account_is_a_profile_and_may_be_what_sdks_take_by_themselves() -> None:
    facts = dataclasses.replace(FACTS, also_file="/run/also")
    assert child_environment({}, facts)["AWS_SHARED_CREDENTIALS_FILE"] == "/run/also"
    assert child_environment({}, facts)["AWS_ACCESS_KEY_ID"] == "run-key"
    keyless = dataclasses.replace(facts, keyless=True, variables={"MINE": "run_key"})
    made = child_environment({"AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "real"}, keyless)
    assert made["MINE"] == "run-key"
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & set(made)


def test_without_a_key_a_pair_of_the_env_file_cannot_come_back() -> None:
    pair = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    made = child_environment({}, dataclasses.replace(FACTS, keyless=True, env_file_keys=frozenset(pair)))
    assert [made[name] for name in pair] == ["", ""]
