"""The tests of a round: several processes that make everything there is a recipe for, each its share.

Arguments: seed, number of processes, what to do at the end (`end`, or `hold` until killed), and the recipes.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.crash.campaign.recipes import RECIPES

from sandgate.session import join

__all__ = ["main"]


def _clients() -> Callable[[str], Any]:
    run = join(os.environ)
    # Whoever is killed, nobody tries again: what became of a call is then the ledger's to know.
    settings = Config(retries={"max_attempts": 0}, read_timeout=30)
    session, stacks = boto3.Session(), run.boto_session("deployer")
    made: dict[str, Any] = {}

    def client(service: str) -> Any:
        if service not in made:
            which = stacks if service == "cloudformation" else session
            made[service] = which.client(service, endpoint_url=run.gate_url, config=settings)
        return made[service]

    return client


def main() -> None:
    """Fork, and make."""
    os.setpgid(0, 0)
    run_dir = Path(os.environ["SANDGATE_RUN_DIR"])
    (run_dir / "worker.pid").write_text(str(os.getpid()), encoding="ascii")
    seed, count, last, names = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:]
    random.Random(seed).shuffle(names)
    prefix = f"test-{os.environ['SANDGATE_NAMESPACE']}"
    client = _clients()
    mine = 0
    for number in range(1, count):
        if os.fork() == 0:
            mine = number
            break
    for at, name in enumerate(names):
        if at % count == mine:
            RECIPES[name](client, f"{prefix}-{at}-{name.replace('_', '-')}")
    while mine == 0 and count > 1:
        _, status = os.wait()
        assert status == 0
        count -= 1
    if last == "hold" and mine == 0:
        (run_dir / "holding").touch()
        sys.stdin.read()  # ends with whoever started us, also where that is killed


if __name__ == "__main__":
    main()
