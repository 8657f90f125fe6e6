"""The environment is the run's before anything of the user's is imported, and the user's again afterwards."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

SAYS = """
    import json, os, sys

    def say(place):
        with open(os.environ["SAYS"], "a") as file:
            mine = {k: v for k, v in os.environ.items() if k not in ("SAYS", "PATH")}
            session = "sandgate.session" in sys.modules
            file.write(json.dumps({"place": place, "environ": mine, "session": session}) + "\\n")
"""
CONFTEST = """
    import pytest
    from says import say
    say("conftest")
"""
PLUGIN = """
    import pytest
    from says import say

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests():
        say(__name__)
"""
CANARIES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN")


@pytest.fixture
def said(project: Any) -> Iterator[Any]:
    """What each place saw: place to its environment."""
    path = project.root / "said.jsonl"
    project.write({"says.py": SAYS, "conftest.py": CONFTEST, "early.py": PLUGIN, "late.py": PLUGIN})

    def read() -> dict[str, dict[str, Any]]:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return {line["place"]: line for line in lines}

    yield path, read
    # What is inert leaves the canaries in place, and no file may keep them.
    path.unlink(missing_ok=True)


def test_it_is_set_before_conftests_and_the_hooks_of_other_plugins(
    project: Any, said: Any, calls: str, canaries: dict[str, str]
) -> None:
    path, read = said
    project.write(
        {
            "pyproject.toml": '[tool.sandgate.variables]\nDYNAMODB_ENDPOINT = "gate_url"\nMY_KEY = "run_key"\n',
            ".env": "MY_KEY=the-real-one\nMY_SECRET=the-real-one\n",
            "test_it.py": "from says import say\nsay('module')\n" + calls.replace("\n    ", "\n"),
        }
    )
    done = project.pytest(
        "-p", "early", SAYS=str(path), PYTHONPATH=str(project.root), PYTEST_PLUGINS="late", MY_SECRET="exported",
        AWS_PROFILE="mine", AWS_ENDPOINT_URL_S3="https://elsewhere.example",
    )  # fmt: skip
    assert done.status == 0, done.out + done.err
    seen = read()
    assert list(seen) == ["late", "early", "conftest", "module"]
    for place in seen.values():
        environ = place["environ"]
        assert environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
        assert environ["AWS_ACCESS_KEY_ID"].startswith("SGATE")
        assert environ["DYNAMODB_ENDPOINT"] == environ["AWS_ENDPOINT_URL"]
        assert environ["MY_KEY"] == environ["AWS_ACCESS_KEY_ID"]
        assert environ["SANDGATE_RUN_DIR"] == str(done.run)
        assert not {"MY_SECRET", "AWS_PROFILE", "AWS_ENDPOINT_URL_S3", "AWS_SESSION_TOKEN", "GITHUB_TOKEN"} & set(
            environ
        )
        held = json.dumps(environ)
        assert [name for name in CANARIES if canaries[name] in held] == []


def test_the_header_says_where_each_setting_came_from(project: Any, calls: str) -> None:
    project.write({"pyproject.toml": '[tool.sandgate]\nregion = "eu-west-1"\n', "test_it.py": calls})
    done = project.pytest("--isolation", "prefix", SANDGATE_TIER="emulated")
    assert done.status == 0, done.out + done.err
    lines = [line for line in done.out.splitlines() if line.startswith("sandgate:")]
    assert lines[0].startswith("sandgate: tier emulated (from environment, SANDGATE_TIER), account 000000000000, name")
    assert f"caller {done.receipt['caller']}, gate http://127.0.0.1:" in lines[1]
    settings = " ".join(lines[2:])
    assert "region eu-west-1 (from pyproject.toml)" in settings
    assert "isolation prefix (from command line, --isolation)" in settings
    assert "prefix test (from default)" in settings
    assert all(len(line) <= 80 for line in lines[2:])
    assert done.receipt["region"] == "eu-west-1"
    assert done.receipt["command"][0] == "pytest"


def test_a_pytest_inside_a_program_puts_everything_back(project: Any, calls: str) -> None:
    project.write(
        {
            "pyproject.toml": "[tool.sandgate]\n",
            "test_it.py": calls,
            "program.py": """
                import os, pytest
                before = dict(os.environ)
                assert pytest.main(["-q", "-p", "no:cacheprovider", "test_it.py"]) == 0
                assert pytest.main(["-q", "-p", "no:cacheprovider", "--no-such-option"]) == 4
                changed = {k for k in {*before, *os.environ} if before.get(k) != os.environ.get(k)}
                assert not changed, changed
            """,
        }
    )
    done = project.run(sys.executable, "program.py")
    assert done.status == 0, done.out + done.err


def test_without_a_configuration_it_is_inert(project: Any, said: Any) -> None:
    path, read = said
    project.write(
        {
            "conftest.py": CONFTEST + "\n    def pytest_addoption(parser): parser.addoption('--region')\n",
            "pyproject.toml": '[project]\nname = "no-sandgate-here"\n',
            "test_it.py": "def test(pytestconfig): assert pytestconfig.getoption('--region') == 'mine'\n",
        }
    )
    done = project.pytest("--region", "mine", SAYS=str(path), AWS_PROFILE="mine")
    assert (done.status, done.err) == (0, "")
    assert "sandgate:" not in done.out
    seen = read()["conftest"]
    assert seen["environ"]["AWS_PROFILE"] == "mine"
    assert "AWS_ENDPOINT_URL" not in seen["environ"]
    assert not seen["session"]
    assert not (project.root / ".sandgate").exists()
    assert "cognito_user" not in project.pytest("--fixtures", SAYS=str(path)).out


def test_an_option_alone_makes_it_active(project: Any, calls: str) -> None:
    project.write({"test_it.py": calls})
    done = project.pytest("--tier", "emulated")
    assert done.status == 0, done.out + done.err
    assert done.receipt["tests"] == {"passed": 1}


@pytest.mark.parametrize(
    "argument", ["--collect-only", "--help", "--version", "--fixtures", "--fixtures-per-test", "--markers"]
)
def test_what_only_shows_something_starts_nothing(
    project: Any, said: Any, argument: str, canaries: dict[str, str]
) -> None:
    path, read = said
    project.write({"pyproject.toml": "[tool.sandgate]\n", "test_it.py": "def test(stack): pass\n"})
    done = project.pytest(argument, SAYS=str(path))
    assert done.status == 0, done.out + done.err
    assert not (project.root / ".sandgate").exists()
    if argument == "--fixtures":
        assert all(name in done.out for name in ("cognito_user", "empty_table", "eventually"))
    if argument != "--version":  # which loads no conftest
        environ = read()["conftest"]["environ"]
        assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
        assert canaries["AWS_SECRET_ACCESS_KEY"] not in environ.values()


@pytest.mark.parametrize(
    ("argument", "toml", "says"),
    [
        ("--help", 'tier = 5\nnonsense = "x"', "must be text"),
        ("--collect-only", 'teir = "emulated"', "did you mean 'tier'"),
        ("--fixtures", 'env_file = "wrong.env"', "wrong.env"),
    ],
)
def test_what_only_shows_something_leads_nowhere_with_a_broken_configuration_too(
    project: Any, said: Any, canaries: dict[str, str], argument: str, toml: str, says: str
) -> None:
    path, read = said
    project.write({"pyproject.toml": f"[tool.sandgate]\n{toml}\n", "test_it.py": "def test(): pass\n"})
    project.write({"wrong.env": "what is this\n"})
    done = project.pytest(argument, SAYS=str(path))
    assert done.status == 0, done.out + done.err
    assert "--tier" in done.out or argument != "--help"
    assert done.err.startswith("WARNING: ")
    assert says in done.err
    environ = read()["conftest"]["environ"]
    assert environ["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert not {*environ.values()} & {*canaries.values()}


def test_help_lists_the_options(project: Any) -> None:
    project.write({"pyproject.toml": "[tool.sandgate]\n"})
    out = project.pytest("--help").out
    assert all(f"  --{name}" in out for name in ("tier", "region", "isolation", "allow-empty", "record-params"))


@pytest.mark.parametrize(
    ("toml", "arguments", "status", "says"),
    [
        ("teir = 'emulated'", [], 3, "did you mean 'tier'"),
        ("", ["--tier", "emulatd"], 2, "emulated"),
        ("", ["--isolation", "none"], 2, "--isolation must be one of run, prefix"),
        ("gate_port = PORT", [], 4, "cannot listen on port"),
    ],
)
def test_a_start_that_fails_is_one_clear_message(
    project: Any, toml: str, arguments: list[str], status: int, says: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        toml = toml.replace("PORT", str(taken.getsockname()[1]))
        project.write(
            {"pyproject.toml": f"[tool.sandgate]\n{toml}\n", "conftest.py": "raise SystemExit('was imported')\n"}
        )
        done = project.pytest(*arguments)
    assert done.status == status, done.out + done.err
    assert done.out == ""
    assert done.err.startswith("ERROR: ")
    assert says in done.err
    assert "Traceback" not in done.err
    assert "was imported" not in done.err


def test_the_configuration_of_the_project_counts_wherever_pytest_is_started(project: Any, calls: str) -> None:
    project.write(
        {
            "part/pyproject.toml": "[tool.sandgate]\n[tool.pytest.ini_options]\n",
            "part/tests/test_it.py": calls,
            "other/pyproject.toml": "[tool.sandgate]\n",
            "other/test_it.py": calls,
        }
    )
    assert project.pytest("--collect-only", "-q", "part/tests").status == 0
    done = project.pytest("part/tests")
    assert "sandgate: tier emulated" in done.out
    assert (project.root / "part/.sandgate/runs").is_dir()
    inside = project.run(
        sys.executable, "-c", "import os, pytest, sys; os.chdir('other'); sys.exit(pytest.main(['-q']))"
    )
    assert inside.status == 0, inside.out + inside.err
    assert (project.root / "other/.sandgate/runs").is_dir()
