"""The frame of the program: exit statuses, and errors as sentences."""

from __future__ import annotations

import io
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer

import sandgate
from sandgate import __version__
from sandgate.cli import main
from sandgate.cli._model import Command
from sandgate.errors import ConfigError, ExitCode


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def command(error: BaseException) -> Command:
    """A command that fails."""

    def fail() -> None:
        raise error

    return Command.of(fail, name="fail", help="Fail.", examples=("sandgate fail",))


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException, stream: io.StringIO) -> int:
    """The status of a program whose only commands are one that fails and one that does nothing."""
    other = Command.of(lambda: None, name="pass", help="Pass.")
    monkeypatch.setattr(main, "commands", lambda _only: {"fail": command(error), "pass": other})
    return main.run(["fail"], stderr=stream)


def test_an_error_is_told_without_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    status = failing(monkeypatch, ConfigError("wrong", where="a file", hint="do this"), stream)
    assert (status, stream.getvalue()) == (ExitCode.CONFIG, "error: wrong\nwhere: a file\nhint:  do this\n")


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = Terminal()
    failing(monkeypatch, ConfigError("wrong"), shown)
    monkeypatch.setenv("NO_COLOR", "1")
    plain = Terminal()
    failing(monkeypatch, ConfigError("wrong"), plain)
    assert ("\x1b[" in shown.getvalue(), plain.getvalue()) == (True, "error: wrong\n")


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        failing(monkeypatch, ZeroDivisionError(), io.StringIO())


@pytest.mark.parametrize(("error", "status"), [(KeyboardInterrupt(), 130), (typer.Abort(), 130), (typer.Exit(5), 5)])
def test_ways_to_end(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert failing(monkeypatch, error, io.StringIO()) == status
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "suggestion"), [(["confg"], "'config'"), (["config", "--jsn"], "--json"), (["tires"], "'tiers'")]
)
def test_a_misspelt_word_suggests_the_nearest(arguments: list[str], suggestion: str) -> None:
    stream = io.StringIO()
    assert main.run(arguments, stderr=stream) == ExitCode.USAGE
    assert suggestion in stream.getvalue()
    assert "--help` lists what there is" in stream.getvalue()


@pytest.mark.parametrize("arguments", [[], ["story"], ["receipt"]])
def test_who_asks_for_nothing_gets_the_help_and_no_error(arguments: list[str]) -> None:
    stream = io.StringIO()
    assert main.run(arguments, stderr=stream) == ExitCode.USAGE
    assert stream.getvalue().startswith(" ".join(["Usage: sandgate", *arguments, "[OPTIONS] COMMAND"]))
    assert "hint:" not in stream.getvalue()


def test_windows_is_told_about_wsl() -> None:
    stream = io.StringIO()
    assert main.run(["config"], stderr=stream, system="nt") == ExitCode.ENVIRONMENT
    assert "WSL" in stream.getvalue()


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["--version"]) == 0
    assert capsys.readouterr().out == f"sandgate {__version__}\n"


@pytest.mark.parametrize("name", main.commands())
def test_every_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run([name, "--help"]) == 0
    shown = capsys.readouterr().out
    for example in main.commands()[name].examples:
        assert example.startswith(("sandgate ", "SANDGATE_", "eval ", "sandgate")), example
        assert example in shown
    assert main.commands()[name].help in " ".join(shown.split())


def test_config_shows_value_and_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sandgate.toml").write_text('region = "eu-west-1"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SANDGATE_RECORD_PARAMS", "1")
    assert main.run(["config"]) == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert rows["region"].split()[1:3] == ['"eu-west-1"', str(tmp_path / "sandgate.toml")]
    assert "environment, SANDGATE_RECORD_PARAMS" in rows["record_params"]
    assert main.run(["config", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"]["region"] == "eu-west-1"


def test_tiers_lists_what_each_can_and_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["tiers"]) == 0
    table = capsys.readouterr().out
    assert main.run(["tiers", "--json"]) == 0
    for name, tier in json.loads(capsys.readouterr().out).items():
        assert f"{name}: {tier['summary']}" in table
        assert tier["capabilities"]
        assert all(f"  - {limit}" in table for limit in tier["limits"])


def test_a_reader_that_leaves_is_no_error() -> None:
    line = f"{sys.executable} -m sandgate config | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr, done.stdout.startswith("option")) == (0, "", True)


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("config | true", 0, ""),
        ("--help | true", 0, ""),
        ("confg 2>&1 | true", 2, ""),
        ("confg 2>/dev/full", 2, ""),
        ("confg 2>&-", 2, ""),
        ("tiers >&-", 0, ""),
        ("tiers >&- 2>&- <&-", 0, ""),
        ("tiers >/dev/full", 4, "error: what was printed is lost: No space left on device\n"),
    ],
)
def test_an_output_that_takes_nothing_changes_no_status(line: str, status: int, said: str) -> None:
    shell = ["bash", "-o", "pipefail", "-c", f"{sys.executable} -m sandgate {line}"]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == (3 if said else 0)


def test_help_comes_quickly() -> None:
    def seconds(*arguments: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime

    # Processor time, the best of a few: what is measured is the program, not what else the machine is doing. Where
    # that slows the processor itself, it slows the measure as well, which takes a tenth of a second on a slow one.
    tries = [(seconds("-m", "sandgate", "--help"), seconds("-c", "import typer.main")) for _ in range(5)]
    assert min(program for program, _ in tries) < max(0.3, 5 * min(measure for _, measure in tries))


def test_a_command_that_is_named_loads_no_other() -> None:
    show = "import sys; print(*(name for name in sys.modules if name.startswith('sandgate.cli.commands.')))"
    line = f"from sandgate.cli.main import run; run(['tiers', '--json']); {show}"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "sandgate.cli.commands.tiers"


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [("sandgate co", "config"), ("sandgate run --isolation ", "prefix"), ("sandgate run --tier ", "emulated")],
)
def test_a_shell_completes_commands_choices_and_tiers(
    typed: str, wanted: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("_SANDGATE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split(" ")) - 1))
    with pytest.raises(SystemExit):
        main.run([])
    assert wanted in capsys.readouterr().out.split()


def test_nothing_is_loaded_before_an_interruption_ends_the_program_quietly() -> None:
    """Until then one is a traceback; `enum`, which `signal` brings, takes longer than all that comes before."""
    source = str(Path(sandgate.__file__).parents[1])
    show = "before = set(sys.modules); import sandgate.__main__; print(*sorted(set(sys.modules) - before))"
    script = f"import sys; sys.path.insert(0, {source!r}); {show}"
    done = subprocess.run([sys.executable, "-ISc", script], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - set(sys.builtin_module_names) == {"__future__", "sandgate", "sandgate.__main__"}


def test_an_interruption_while_a_text_is_executed_has_the_documented_status_too(tmp_path: Path) -> None:
    """As when it comes while dataclasses are made; without further ado CPython would end by SIGINT."""
    (tmp_path / "program.py").write_text(
        "from sandgate.cli import main\n"
        "def build(*_):\n"
        "    return lambda **_: exec('raise KeyboardInterrupt')\n"
        "main.build = build\n"
        "main.main()\n"
    )
    line = [sys.executable, "-m", "program"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "")
