"""Ranked sources: who wins, what is said about a wrong value, and where each value came from."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.config.options import INTERNAL_VARIABLES, OPTIONS
from sandgate.errors import ConfigError, UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose file, env file and environment all name a region."""
    (tmp_path / "pyproject.toml").write_text('[tool.sandgate]\nregion = "eu-west-1"\nprefix = "it"\n')
    (tmp_path / ".env.emulated").write_text("SANDGATE_REGION=eu-west-2\nOTHER=1\n")
    return tmp_path


def test_without_a_file_every_value_is_the_default(tmp_path: Path) -> None:
    config = load(cwd=tmp_path, environ={}, overrides={})
    assert {name: getattr(config, name) for name in OPTIONS} == {name: o.default for name, o in OPTIONS.items()}
    assert set(config.sources.values()) == {"default"}
    assert (config.active, config.root) == (False, tmp_path)


def test_nearer_sources_win_and_say_so(project: Path) -> None:
    (project / "no.env").touch()
    environ = {"SANDGATE_REGION": "eu-west-3"}
    ranked = [
        load(cwd=project, environ={}, overrides={"env_file": "no.env"}),
        load(cwd=project, environ={}, overrides={}),
        load(cwd=project, environ=environ, overrides={}),
        load(cwd=project, environ=environ, overrides={"region": "eu-north-1"}),
    ]
    seen = [(config.region, config.sources["region"]) for config in ranked]
    assert seen == [
        ("eu-west-1", f"{project / 'pyproject.toml'}, [tool.sandgate]"),
        ("eu-west-2", f"{project / '.env.emulated'}, SANDGATE_REGION"),
        ("eu-west-3", "environment, SANDGATE_REGION"),
        ("eu-north-1", "command line, --region"),
    ]


def test_the_file_is_found_upward_and_is_the_root(project: Path) -> None:
    inner = project / "a" / "b"
    inner.mkdir(parents=True)
    config = load(cwd=inner, environ={}, overrides={})
    assert (config.root, config.file, config.active) == (project, project / "pyproject.toml", True)
    assert config.prefix == ("it",)


def test_the_nearest_file_wins(project: Path) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "sandgate.toml").write_text('region = "us-west-2"\n')
    assert load(cwd=inner, environ={}, overrides={}).region == "us-west-2"


def test_a_pyproject_without_our_section_is_passed_over(project: Path) -> None:
    inner = project / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "uses-sandgate"\n')
    assert load(cwd=inner, environ={}, overrides={"env_file": None}).root == project


def test_a_broken_pyproject_that_is_not_ours_is_none_of_our_business(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[[[")
    assert not load(cwd=tmp_path, environ={}, overrides={}).active


def test_two_files_in_one_folder_are_an_error(project: Path) -> None:
    (project / "sandgate.toml").write_text("")
    with pytest.raises(ConfigError, match="two configurations"):
        load(cwd=project, environ={}, overrides={})


def test_the_env_file_can_be_named_by_the_environment(project: Path) -> None:
    (project / "ci.env").write_text('SANDGATE_REGION="ap-south-1"\n')
    config = load(cwd=project, environ={"SANDGATE_ENV_FILE": "ci.env"}, overrides={})
    assert (config.region, config.env_path) == ("ap-south-1", project / "ci.env")


def test_an_env_file_that_was_asked_for_must_exist(project: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist") as caught:
        load(cwd=project, environ={"SANDGATE_ENV_FILE": "no.env"}, overrides={})
    assert "no.env, from environment, SANDGATE_ENV_FILE" in caught.value.where


def test_an_empty_variable_counts_as_unset(project: Path) -> None:
    assert load(cwd=project, environ={"SANDGATE_REGION": ""}, overrides={}).region == "eu-west-2"


def test_variables_that_sandgate_sets_itself_are_known(tmp_path: Path) -> None:
    config = load(cwd=tmp_path, environ=dict.fromkeys(INTERNAL_VARIABLES, "x"), overrides={})
    assert set(config.sources.values()) == {"default"}


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("SANDGATE_RECORD_PARAMS", "yes", "record_params", True),
        ("SANDGATE_RECORD_PARAMS", "0", "record_params", False),
        ("SANDGATE_BODY_LIMIT", "7", "body_limit", 7),
        ("SANDGATE_GATE_TIMEOUT", "2.5", "gate_timeout", 2.5),
        ("SANDGATE_REQUIRE", "s3, dynamodb,", "require", ("s3", "dynamodb")),
    ],
)
def test_text_becomes_the_option_s_type(variable: str, text: str, name: str, value: object, tmp_path: Path) -> None:
    assert getattr(load(cwd=tmp_path, environ={variable: text}, overrides={}), name) == value


WRONG_FILES = {
    "unknown key": ('teir = "emulated"', "teir: unknown key", "key teir", "did you mean 'tier'?"),
    "far-off key": ("zzz = 1", "zzz: unknown key", "key zzz", "known: tier, region"),
    "wrong type": (
        'allow_empty = "yes"',
        "allow_empty: must be true or false, not 'yes' (text)",
        "key allow_empty",
        "",
    ),
    "flag for a number": ("body_limit = true", "body_limit: must be a whole number, not True", "key body_limit", ""),
    "no list": ("paths = 3", "paths: must be text or a list of text, not 3", "key paths", ""),
    "list of wrong": ("paths = ['a', 3]", "paths: must be a list of text; one item is, not 3", "key paths", ""),
    "empty choice": ('fallback = "x"', "fallback: must be one of '', emulated, not 'x'", "key fallback", ""),
    "choice": ('isolation = "none"', "isolation: must be one of run, prefix, not 'none'", "key isolation", ""),
    "region": ('region = "Ireland"', "region: must be the name of an AWS region", "key region", ""),
    "prefix": ('prefix = "Integration"', "prefix: must be 1 to 7 lower-case", "key prefix", ""),
    "no prefix": ("prefix = []", "prefix: must name at least one prefix", "key prefix", ""),
    "no time": ("gate_timeout = 0", "gate_timeout: must be more than 0", "key gate_timeout", ""),
    "port": ("gate_port = 70000", "gate_port: must be a port, 0 to 65535", "key gate_port", ""),
    "version": ('ministack_version = "latest"', "ministack_version: must be a version", "key ministack_version", ""),
    "inner key": ("stacks.app = {templ = 'a'}", "stacks.app.templ: unknown key", "key stacks.app.templ", "'template'?"),
    "inner type": (
        "stacks.app = {template = 1}",
        "stacks.app.template: must be text, not 1",
        "stacks.app.template",
        "",
    ),
    "inner text": ("stacks.app = 'a'", "stacks.app: must be a table", "key stacks.app", "template, parameters"),
    "no template": ("stacks.app = {}", "stacks.app.template: names no template", "stacks.app.template", "adopt = true"),
    "parameter": ("stacks.app = {template='a', parameters={N=1}}", "parameters.N: must be text", "parameters.N", ""),
    "half a pair": (
        "endpoints.s3 = {access_key_id_env='A'}",
        "endpoints.s3.secret_access_key_env: only one half",
        "endpoints.s3",
        "as well",
    ),
    "no url": ("endpoints.s3 = {url='minio:9000'}", "endpoints.s3.url: must start with http", "endpoints.s3.url", ""),
    "variable": ("variables = {X = 'key'}", "variables: X must be one of gate_url", "key variables", ""),
    "variable name": ("variables = {'a b' = 'region'}", "variables: 'a b' is not a name", "key variables", ""),
    "section": ("[tool.sandgate]\n", "tool: unknown key", "key tool", "without a section"),
    "no end": ("gate_timeout = inf", "gate_timeout: must be at most 86400 seconds, not inf", "key gate_timeout", ""),
    "no number": ("gate_timeout = nan", "gate_timeout: must be more than 0, not nan", "key gate_timeout", ""),
    "a number for ever": (
        f"gate_timeout = {'9' * 400}",
        "gate_timeout: must be a number, not (a number of too many digits)",
        "key gate_timeout",
        "",
    ),
    "a hexadecimal one": (
        f"gate_port = 0x{'f' * 5000}",
        "gate_port: must be a whole number, not (a number of too many digits)",
        "key gate_port",
        "",
    ),
    "and for text": (f"region = 0x{'f' * 5000}", "region: must be text, not (a number", "key region", ""),
    "digits": (f"gate_port = {'9' * 5000}", "is nested too deep, or holds a number too long", "sandgate.toml", ""),
    "depth": (f"adopt = {'[' * 3000}{']' * 3000}", "is nested too deep, or holds a number", "sandgate.toml", ""),
    "home": ('cache_dir = "~nosuchuser/x"', "cache_dir: begins with a home folder that", "key cache_dir", ""),
    "long path": (f"cache_dir = '{'a' * 5000}'", "cache_dir: is too long for a path", "key cache_dir", ""),
    "long whole": (f"policy = '{'a/' * 600}'", "policy: is too long for a path", "key policy", ""),
    "long of many": (f"paths = ['a', '{'é' * 200}']", "paths: is too long for a path", "key paths", ""),
    "NUL": ('cache_dir = "a\\u0000"', "cache_dir: must be text without NUL", "key cache_dir", ""),
    "NUL in a list": ('setup.commands = ["\\u0000"]', "setup.commands: must be text without NUL", "setup.commands", ""),
    "NUL for a list": ('setup.commands = "\\u0000"', "setup.commands: must be text without NUL", "setup.commands", ""),
    "NUL in a key": ('tags = {"a\\u0000" = "b"}', "must be text without NUL", "key tags", ""),
    "host": ("endpoints.s3.url = 'http://.localhost:1'", "has no name of a host: '.localhost'", "endpoints.s3.url", ""),
    "long host": (f"endpoints.s3.health = 'http://{'a' * 64}'", "has no name of a host", "endpoints.s3.health", ""),
    "URL": ("endpoints.s3.health = 'http://[::1'", "is not a URL", "endpoints.s3.health", ""),
    "URL on a wire": ("endpoints.s3.health = 'http://a/ä'", "must be ASCII", "endpoints.s3.health", ""),
    "syntax": ("tier = \n", "is not TOML", "sandgate.toml, line 1", ""),
}


@pytest.mark.parametrize("case", WRONG_FILES)
def test_a_wrong_file_is_explained(case: str, tmp_path: Path) -> None:
    text, message, where, hint = WRONG_FILES[case]
    (tmp_path / "sandgate.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(cwd=tmp_path, environ={}, overrides={})
    assert message in caught.value.message
    assert where in caught.value.where
    assert str(tmp_path / "sandgate.toml") in caught.value.where
    assert hint in caught.value.hint


def test_a_file_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "sandgate.toml").write_bytes(b"tier = '\xff'")
    with pytest.raises(ConfigError, match="is not UTF-8 at byte 8"):
        load(cwd=tmp_path, environ={}, overrides={})


def test_a_section_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool]\nsandgate = 1\n")
    with pytest.raises(ConfigError, match="must be a table"):
        load(cwd=tmp_path, environ={}, overrides={})


@pytest.mark.parametrize(
    ("environ", "message", "hint"),
    [
        ({"SANDGATE_TEIR": "x"}, "unknown variable SANDGATE_TEIR", "did you mean SANDGATE_TIER?"),
        ({"SANDGATE_ALLOW_EMTPY": "0"}, "unknown variable", "did you mean SANDGATE_ALLOW_EMPTY?"),
        (
            {"SANDGATE_RECORD_PARAMS": "perhaps"},
            "SANDGATE_RECORD_PARAMS must be true or false, not 'perhaps'",
            "1, true",
        ),
        ({"SANDGATE_BODY_LIMIT": "many"}, "SANDGATE_BODY_LIMIT must be a whole number", ""),
        ({"SANDGATE_BODY_LIMIT": "9" * 4000}, "SANDGATE_BODY_LIMIT must be a whole number, not (a number of too", ""),
        ({"SANDGATE_GATE_TIMEOUT": "99999999999"}, "SANDGATE_GATE_TIMEOUT must be at most 86400 seconds", ""),
        ({"SANDGATE_TIMING": f"table-creating={'9' * 400}"}, "must be at most 86400 seconds after table-creating=", ""),
        ({"SANDGATE_GATE_TIMEOUT": "soon"}, "SANDGATE_GATE_TIMEOUT must be a number", ""),
        ({"SANDGATE_STACKS": "x"}, "unknown variable SANDGATE_STACKS", ""),
    ],
)
def test_a_wrong_variable_is_explained(environ: dict[str, str], message: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(cwd=tmp_path, environ=environ, overrides={})
    assert message in caught.value.message
    assert caught.value.where == "environment"
    assert hint in caught.value.hint


def test_a_wrong_variable_in_the_env_file_names_the_file(project: Path) -> None:
    (project / ".env.emulated").write_text("SANDGATE_REGOIN=eu-west-2\n")
    with pytest.raises(ConfigError, match="unknown variable SANDGATE_REGOIN") as caught:
        load(cwd=project, environ={}, overrides={})
    assert caught.value.where == str(project / ".env.emulated")


def test_a_wrong_value_on_the_command_line_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--region must be the name of an AWS region"):
        load(cwd=tmp_path, environ={}, overrides={"region": "here"})


@pytest.mark.parametrize("place", ["file", "env file", "environment"])
def test_what_lowers_safety_is_typed_each_time(place: str, project: Path) -> None:
    environ = {}
    if place == "file":
        (project / "pyproject.toml").write_text("[tool.sandgate]\nunsafe_no_guard = true\n")
    elif place == "env file":
        (project / ".env.emulated").write_text("SANDGATE_UNSAFE_NO_GUARD=1\n")
    else:
        environ = {"SANDGATE_UNSAFE_NO_GUARD": "1"}
    with pytest.raises(ConfigError, match="can only be given on the command line") as caught:
        load(cwd=project, environ=environ, overrides={"unsafe_no_guard": True})
    assert caught.value.hint == "type --unsafe-no-guard"


def test_typed_it_is_taken(project: Path) -> None:
    config = load(cwd=project, environ={}, overrides={"unsafe_no_guard": True})
    assert (config.unsafe_no_guard, config.sources["unsafe_no_guard"]) == (True, "command line, --unsafe-no-guard")
    assert OPTIONS["unsafe_no_guard"].variable == ""


def test_an_env_file_s_values_are_not_expanded(project: Path) -> None:
    (project / ".env.emulated").write_text("SANDGATE_CACHE_DIR=${HOME}/x\n")
    assert load(cwd=project, environ={}, overrides={}).cache_dir == "${HOME}/x"
