"""The command line of lantern."""

from __future__ import annotations

import argparse
import importlib.util
import tomllib
from collections.abc import Callable
from pathlib import Path

from lantern.cloud import Deployment, prefix
from lantern.kit import Session

_SETTINGS, _SERVICE, _LAST = Path("lantern.toml"), Path("service.py"), Path(".lantern/session")
_FIRST_SETTINGS = 'service = "service.py"\n'
_FIRST_SERVICE = '''"""The service: `main` is run here by `lantern run`, in AWS by `lantern invoke`."""


def main(session):
    for _ in range(2):
        session.say("hi!")
    return "bye"
'''


def _init(_given: argparse.Namespace) -> None:
    for path, text in ((_SETTINGS, _FIRST_SETTINGS), (_SERVICE, _FIRST_SERVICE)):
        if path.exists():
            print(f"kept {path}")
        else:
            path.write_text(text)
            print(f"wrote {path}")


def _run(given: argparse.Namespace) -> None:
    spec = importlib.util.spec_from_file_location("service", given.service)
    assert spec is not None
    assert spec.loader is not None
    service = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(service)
    service.main(Session("local"))


def _deploy(given: argparse.Namespace) -> None:
    settings = tomllib.loads(_SETTINGS.read_text())
    layer = Path(settings["layer"]) if settings.get("layer") else None
    service = Path(settings.get("service", _SERVICE)).read_text()
    _deployment(given).deploy(service, layer, settings.get("bucket", ""))
    print(f"deployed {given.uuid}")


def _invoke(given: argparse.Namespace) -> None:
    deployment = _deployment(given)
    if given.parts:
        session = deployment.fan_out(given.parts, given.patience)
        print(f"session {session}\n{given.parts} parts ended")
    else:
        session, result = deployment.invoke()
        print(f"session {session}\nresult {result}")
    _LAST.parent.mkdir(exist_ok=True)
    _LAST.write_text(session)


def _stdout(given: argparse.Namespace) -> None:
    for line in _deployment(given).read(given.session, "line"):
        print(line)


def _events(given: argparse.Namespace) -> None:
    for line in _deployment(given).read(given.session, "event"):
        print(line)


def _destroy(given: argparse.Namespace) -> None:
    gone = _deployment(given).destroy()
    print(f"destroyed {given.uuid}: {', '.join(gone) or 'nothing was there'}")


def _deployment(given: argparse.Namespace) -> Deployment:
    return Deployment(given.uuid, prefix())


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="lantern", description="Runs a function of yours here or in AWS.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, text: str, function: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text)
        one.set_defaults(function=function)
        return one

    command("init", "write a first service", _init)
    command("run", "run a service here", _run).add_argument("service", nargs="?", default=str(_SERVICE))
    for name, text, function in (
        ("deploy", "make it in AWS", _deploy),
        ("invoke", "run it in AWS", _invoke),
        ("stdout", "what a session printed", _stdout),
        ("events", "what happened in a session", _events),
        ("destroy", "remove it from AWS", _destroy),
    ):
        one = command(name, text, function)
        one.add_argument("--uuid", required=True, help="of the deployment")
        if name in ("stdout", "events"):
            one.add_argument("session", help="id of the session, as invoke prints it")
        if name == "invoke":
            one.add_argument(
                "--parts", type=int, default=0, help="run that many parts at once, without waiting for each"
            )
            one.add_argument("--patience", type=float, default=60.0, help="seconds to wait for all parts")
    given = parser.parse_args()
    given.function(given)
