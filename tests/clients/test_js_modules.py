"""The example `js-modules`: its suite through a gate, and the trap of one that tests another emulator than it says."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.clients.tools import CACHE, EXAMPLE, JS, aws_cli, copy_of_example, locked, node_modules
from tests.ports import free_port

from sandgate.errors import ExitCode

MODULES = Path("src", "helper-modules-server")
SERVICES = ("dynamodb", "s3", "sqs")
PASSED = {"dynamodb": 16, "s3": 10, "sqs": 7}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A copy of it, and the environment of whoever works in it."""

    folder: Path
    environ: Mapping[str, str] = field(repr=False)

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            command, cwd=self.folder, env={**self.environ, **more},
            capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip

    def gated(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `sandgate`."""
        return self.run(sys.executable, "-P", "-m", "sandgate", *arguments, **more)

    @property
    def receipt(self) -> dict[str, Any]:
        """Of the newest run."""
        runs = self.folder / ".sandgate" / "runs"
        return dict(json.loads((max(runs.iterdir()) / "receipt.json").read_text()))

    def hard_code(self, service: str, port: int) -> None:
        """Have a module's script name the address of an emulator, as its authors did."""
        path = self.folder / MODULES / f"js-server-helper-aws-{service}" / "_test" / "package.json"
        text = json.loads(path.read_text())
        keys = "AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local"
        text["scripts"]["test"] = f"{keys} {service.upper()}_ENDPOINT=http://127.0.0.1:{port} node --test test.js"
        path.write_text(json.dumps(text))


def counted(outcome: str, said: str) -> list[int]:
    """How many tests of each module ended so; Node.js 24 marks the lines otherwise than 20."""
    return [int(count) for count in re.findall(rf"^\S {outcome} (\d+)$", said, re.MULTILINE)]


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config, require_tool: Callable[[str], str]) -> Path:
    """The packages of the example; those of the other clients are the same ones and more."""
    require_tool("node")
    cache = pytestconfig.cache
    assert cache is not None
    return node_modules(cache.mkdir(CACHE), require_tool("npm"))


@pytest.fixture
def example(packages: Path, tmp_path: Path) -> Example:
    """A copy of its own for each test."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SANDGATE_"))}
    # Who tests without sandgate has no keys of AWS; here that is whoever tests sandgate.
    environ = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    return Example(folder=copy_of_example(tmp_path / "js-modules", packages), environ=environ)


_EMULATOR = """
import sys
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app))
"""
"""One request at a time: with threads, as by its own command, moto loses additions that come together."""


@pytest.fixture(scope="module")
def emulator() -> Iterator[int]:
    """The port of an emulator that is nobody's of ours: moto's server."""
    port = free_port()
    command = [sys.executable, "-c", _EMULATOR, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            time.sleep(0.05)
        yield port
    finally:
        process.kill()
        process.wait()


NAMED = (
    "init-env.sh",
    "__dev__/.env.integration.example",
    "__dev__/secrets/sandbox.md.example",
    "demo-project/ops/01-cloud-provider/aws-account-setup.md",
    "demo-project/ops/05-identity-access/aws-iam-setup.md",
    *(
        f"{MODULES}/js-server-helper-aws-{service}/{name}"
        for service in SERVICES
        for name in (
            "index.js",
            "_test/loader.js",
            "_test/test.js",
            "_test/package.json",
            f"_test/ops/01-integration-testing/{service}-integration-setup.md",
        )
    ),
)
"""What the document that the example follows names."""


@pytest.mark.needs("git")
def test_everything_that_is_named_is_there_and_keys_are_ignored() -> None:
    assert [name for name in NAMED if not (EXAMPLE / name).is_file()] == []
    secret = ("__dev__/.env.integration", "__dev__/.env.integration.s3", "__dev__/secrets/sandbox.md")
    asked = subprocess.run(["git", "check-ignore", *secret], cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert asked.stdout.split() == list(secret)
    kept = subprocess.run(["git", "check-ignore", *NAMED], cwd=EXAMPLE, capture_output=True, text=True, check=False)
    assert kept.stdout == ""


def test_only_the_loader_reads_the_environment() -> None:
    reads = {path.name for path in (EXAMPLE / MODULES).glob("*/**/*.js") if "process.env" in path.read_text()}
    assert reads == {"loader.js"}


def test_its_packages_are_those_that_are_installed_here() -> None:
    wanted = locked(EXAMPLE)
    assert wanted
    assert wanted.items() <= locked(JS).items()
    for service in SERVICES:  # else `npm install` in the folder of a test brings nothing
        module = f"js-server-helper-aws-{service}"
        text = json.loads((EXAMPLE / MODULES / module / "_test" / "package.json").read_text())
        assert module in text["dependencies"]


@pytest.mark.slow
def test_its_lock_file_installs(example: Example, effort: int) -> None:
    if effort < 2:
        pytest.skip("downloads packages that other tests have already; SANDGATE_EFFORT=2 runs it")
    (example.folder / "node_modules").unlink()
    folder = example.folder / MODULES / "js-server-helper-aws-dynamodb" / "_test"
    line = f"cd {folder} && npm install && sandgate run -- npm test"
    done = example.run("sh", "-c", line)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (example.folder / "node_modules" / "@aws-sdk" / "client-dynamodb").is_dir()


def test_the_suite_holds_and_leaves_nothing(example: Example) -> None:
    done = example.gated("run", "--tier", "emulated", "--", "npm", "test")
    assert done.returncode == 0, done.stdout + done.stderr
    receipt = example.receipt
    assert (receipt["green"], receipt["tier"], receipt["elsewhere"]) == (True, "emulated", [])
    assert set(receipt["reached"]) == set(SERVICES)
    assert (receipt["leftovers"], receipt["refusals"]) == ([], [])
    assert counted("pass", done.stdout) == list(PASSED.values())
    assert counted("fail", done.stdout) == counted("skipped", done.stdout) == [0, 0, 0]


def test_a_shell_that_is_led_there(example: Example) -> None:
    """The commands of the document that the example follows, typed one after the other."""
    module = MODULES / "js-server-helper-aws-sqs" / "_test"
    line = f"source init-env.sh <<< 1 && cd {module} && npm test; sandgate stop"
    done = example.run("bash", "-c", line)
    assert "environment: " in done.stderr
    assert (done.returncode, example.receipt["green"]) == (0, True), done.stdout + done.stderr
    assert list(example.receipt["reached"]) == ["sqs"]


@pytest.mark.parametrize(("choice", "said"), [("production", "no such environment"), ("integration", "credentials")])
def test_an_environment_that_is_not_there_does_not_end_the_shell(example: Example, choice: str, said: str) -> None:
    line = ". ./init-env.sh; echo status $? ${AWS_ENDPOINT_URL-unset}"
    done = example.run("sh", "-c", f"echo {choice} | {{ {line}; }}")
    assert done.stdout == "status 1 unset\n"
    assert said in done.stderr


def test_the_trap_is_one(example: Example, emulator: int, effort: int) -> None:
    """Without a gate a suite is green that tests whatever its script names."""
    services = SERVICES if effort > 1 else SERVICES[:1]
    for service in services:
        example.hard_code(service, emulator)
    modules = [f"--workspace={MODULES}/js-server-helper-aws-{service}/_test" for service in services]
    done = example.run("npm", "test", *modules)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted("fail", done.stdout) == [0] * len(services)


@pytest.mark.parametrize("service", SERVICES)
def test_one_module_that_goes_astray_turns_the_run_red(
    example: Example, emulator: int, service: str, effort: int
) -> None:
    if effort < 2 and service != SERVICES[0]:
        pytest.skip("as with the first one; SANDGATE_EFFORT=2 runs it")
    example.hard_code(service, emulator)
    done = example.gated("run", "--tier", "emulated", "--", "npm", "test")
    assert counted("fail", done.stdout) == [0] * len(SERVICES)
    assert done.returncode == ExitCode.ELSEWHERE, done.stderr
    assert example.receipt["reasons"] == [
        f"calls reached another target than asked: 127.0.0.1:{emulator} ({service}, seen by Node.js)",
        f"required service {service!r} was not reached",
    ]


_LEAVES_OVER = """
const { createServer } = require("node:http");
const put = [];
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (text) => (body += text)).on("end", () => {
    const [[table, writes]] = Object.entries(JSON.parse(body).RequestItems);
    // The first ten of each request are taken; Amazon DynamoDB API Reference, BatchWriteItem, UnprocessedItems.
    put.push(...writes.splice(0, 10).map((write) => Number(write.PutRequest.Item.at.N)));
    response.end(JSON.stringify({ UnprocessedItems: writes.length ? { [table]: writes } : {} }));
  });
});
server.listen(0, "127.0.0.1", async () => {
  const ENDPOINT = `http://127.0.0.1:${server.address().port}`;
  const db = require(process.argv[1])({ REGION: "eu-west-1", KEY: "k", SECRET: "s", ENDPOINT });
  const requests = await db.batchPut("t", Array.from({ length: 30 }, (_, at) => ({ at })));
  console.log(JSON.stringify({ requests, put }));
  db.close();
  server.close();
});
"""


def test_what_dynamodb_leaves_over_is_sent_again(example: Example) -> None:
    done = example.run("node", "-e", _LEAVES_OVER, str(example.folder / MODULES / "js-server-helper-aws-dynamodb"))
    assert json.loads(done.stdout) == {"requests": 4, "put": list(range(30))}


@pytest.mark.needs("bwrap")
def test_an_isolated_one_does_not_get_there_at_all(example: Example, packages: Path, emulator: int) -> None:
    (example.folder / "node_modules").unlink()
    # Nothing outside of the project is visible inside.
    shutil.copytree(packages, example.folder / "node_modules", copy_function=os.link)
    example.hard_code("sqs", emulator)
    module = MODULES / "js-server-helper-aws-sqs" / "_test"
    done = example.gated("run", "--isolate", "--", "npm", "test", "--workspace", str(module))
    assert done.returncode == 1, done.stderr
    assert "ECONNREFUSED" in done.stdout
    expected = f"calls reached another target than asked: 127.0.0.1:{emulator} (sqs, seen by Node.js)"
    assert expected in example.receipt["reasons"]


def test_the_shell_suite(example: Example, pytestconfig: pytest.Config, require_tool: Callable[[str], str]) -> None:
    path = f"{Path(aws_cli(pytestconfig, require_tool)).parent}{os.pathsep}{example.environ['PATH']}"
    done = example.gated("run", "--", "sh", "shell/test.sh", PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok - ") == 3
    assert example.receipt["green"]


def test_terraform(example: Example) -> None:
    # Not `needs`: its provider comes from a registry that CI may not reach, so that this may be skipped everywhere.
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("terraform is not installed")
    ready = example.run(terraform, "-chdir=terraform", "init", "-no-color")
    if ready.returncode != 0:
        pytest.skip(f"terraform init cannot fetch the provider: {' '.join(ready.stderr.split())[:200]}")
    done = example.gated("run", "--", "sh", "terraform/test.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert example.receipt["green"]
