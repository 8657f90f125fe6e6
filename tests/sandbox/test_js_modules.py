"""The example `js-modules` on an account: each module as the user of its own page, and two runs at once."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.clients.tools import CACHE, aws_cli, copy_of_example, node_modules
from tests.sandbox.standin.account import ACCOUNT, StandIn

MODULES = Path("src", "helper-modules-server")
SERVICES = ("dynamodb", "s3", "sqs")
_BLOCK = re.compile(r"^## (?P<head>[^\n]+)\n(?:(?!^## ).)*?```\w+\n(?P<text>.*?)```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One of them, in the folder of somebody whose AWS is the stand-in."""

    service: str
    root: Path
    environ: Mapping[str, str] = field(repr=False)

    @property
    def user(self) -> str:
        """As whom its tests run."""
        return f"unit-tester-{self.service}"

    @property
    def folder(self) -> Path:
        """Of its tests."""
        return self.root / MODULES / f"js-server-helper-aws-{self.service}" / "_test"

    @property
    def blocks(self) -> dict[str, str]:
        """Heading to block of the page that says how it is tested on an account."""
        page = self.folder / "ops" / "01-integration-testing" / f"{self.service}-integration-setup.md"
        return {found["head"]: found["text"] for found in _BLOCK.finditer(page.read_text())}

    def start(self, *, command: str = "") -> subprocess.Popen[str]:
        """The command of the page, without `npm install`; another one in place of `npm test`."""
        folder, install, line = self.blocks["Run"].splitlines()
        assert folder == f"cd {MODULES}/js-server-helper-aws-{self.service}/_test"
        assert install == "npm install"
        return subprocess.Popen(
            ["sh", "-c", line.replace("npm test", command or "npm test")],
            cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def without(self) -> Iterator[tuple[str, str]]:
        """Each action of the page's policy, and the policy without it."""
        statements = json.loads(self.blocks["Policy"])["Statement"]
        for at, statement in enumerate(statements):
            actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
            for action in actions:
                rest = [{**statement, "Action": [name for name in actions if name != action]}]
                changed = [*statements[:at], *(rest if len(actions) > 1 else []), *statements[at + 1 :]]
                yield action, json.dumps({"Version": "2012-10-17", "Statement": changed})

    @property
    def receipts(self) -> list[dict[str, Any]]:
        """Of all its runs."""
        return [json.loads(path.read_text()) for path in (self.folder / ".sandgate" / "runs").glob("*/receipt.json")]


def make_user(standin: StandIn, module: Module) -> None:
    """The user with the policy of the page, and its key where the page says."""
    iam = standin.admin_client("iam")
    iam.create_user(UserName=module.user)
    iam.put_user_policy(UserName=module.user, PolicyName=module.user, PolicyDocument=module.blocks["Policy"])
    key = iam.create_access_key(UserName=module.user)["AccessKey"]
    file = module.root / "__dev__" / f".env.integration.{module.service}"
    file.touch(mode=0o600)
    file.write_text(f"AWS_ACCESS_KEY_ID={key['AccessKeyId']}\nAWS_SECRET_ACCESS_KEY={key['SecretAccessKey']}\n")
    add_profile(standin, module, module.user, key["AccessKeyId"], key["SecretAccessKey"])


def add_profile(standin: StandIn, module: Module, name: str, key: str, secret: str) -> None:
    """A profile of the AWS configuration, as `aws configure` makes it."""
    with Path(module.environ["AWS_SHARED_CREDENTIALS_FILE"]).open("a") as profiles:
        profiles.write(f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    with Path(module.environ["AWS_CONFIG_FILE"]).open("a") as profiles:
        profiles.write(f"[profile {name}]\nregion = {standin.region}\n")


def verify(module: Module) -> None:
    """Carry out the verification steps of the page; each must succeed."""
    done = subprocess.run(
        ["sh", "-euc", module.blocks["Verification"]], cwd=module.folder, env=module.environ,
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "AccessDenied" in done.stdout


@pytest.fixture
def modules(
    standin: StandIn, tmp_path: Path, pytestconfig: pytest.Config, require_tool: Callable[[str], str]
) -> Iterator[dict[str, Module]]:
    """All of them, in one copy of the example."""
    require_tool("node")
    cache = pytestconfig.cache
    assert cache is not None
    root = copy_of_example(tmp_path / "js-modules", node_modules(cache.mkdir(CACHE), require_tool("npm")))
    environ = standin.env(tmp_path)
    programs = (Path(sys.executable).parent, Path(aws_cli(pytestconfig, require_tool)).parent)
    environ["PATH"] = os.pathsep.join([*map(str, programs), environ["PATH"]])
    made = {service: Module(service=service, root=root, environ=environ) for service in SERVICES}
    yield made
    iam = standin.admin_client("iam")
    for module in made.values():
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            for key in iam.list_access_keys(UserName=module.user)["AccessKeyMetadata"]:
                iam.delete_access_key(UserName=module.user, AccessKeyId=key["AccessKeyId"])
            iam.delete_user_policy(UserName=module.user, PolicyName=module.user)
            iam.delete_user(UserName=module.user)


def test_each_module_runs_as_its_own_user(standin: StandIn, modules: dict[str, Module], effort: int) -> None:
    for module in modules.values():
        make_user(standin, module)

    # One of them twice: two runs at once must not meet.
    running = [module.start() for module in (*modules.values(), modules["dynamodb"])]
    said = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [0] * len(running), "\n".join(said)

    for service, module in modules.items():
        receipts = module.receipts
        assert len(receipts) == (2 if service == "dynamodb" else 1)
        assert len({receipt["namespace"] for receipt in receipts}) == len(receipts)
        for receipt in receipts:
            assert (receipt["green"], receipt["tier"], receipt["upstream"]) == (True, "sandbox", "stand-in")
            assert receipt["caller"] == f"arn:aws:iam::{ACCOUNT}:user/{module.user}"
            assert (receipt["leftovers"], receipt["elsewhere"], receipt["denied_upstream"]) == ([], [], {})
    _nothing_is_left(standin)

    # Each step is a process of the AWS CLI, and they are the same for all.
    for service in SERVICES if effort > 1 else SERVICES[:1]:
        verify(modules[service])


_KILLED = """
const { Config, Lib, name } = require("./loader.js")();
const helper = Lib(Config);
const make = {
  dynamodb: () => helper.createTable(name("crud"), "kind", "id"),
  s3: async () => {
    await helper.createBucket(name("uploads"));
    await helper.put(name("uploads"), "left", "behind");
  },
  sqs: () => helper.createQueue(name("actions")),
};
make[process.argv[2]]().finally(() => process.kill(process.pid, "SIGKILL"));
"""


def killed(module: Module) -> subprocess.Popen[str]:
    """A suite that ends when it has made something, with no time for anything else."""
    (module.folder / "killed.js").write_text(_KILLED)
    return module.start(command=f"node killed.js {module.service}")


def test_what_a_killed_suite_leaves_is_swept(standin: StandIn, modules: dict[str, Module]) -> None:
    """As the user of the page, who needs to be allowed that too."""
    for module in modules.values():
        make_user(standin, module)
    running = [killed(module) for module in modules.values()]
    said = [process.communicate(timeout=300)[0] for process in running]
    for module in modules.values():
        (receipt,) = module.receipts
        assert receipt["reasons"][0] == "the command was ended by SIGKILL", said
        assert [left["swept"] for left in receipt["leftovers"]] == [True], receipt["leftovers"]
    _nothing_is_left(standin)


_NOT_ASKED = frozenset({"s3:ListBucketMultipartUploads", "s3:DeleteObjectVersion"})
"""AWS asks for them when sandgate empties a bucket, and the emulator behind the stand-in does not."""


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES)
def test_no_action_of_a_policy_is_one_too_many(
    standin: StandIn, modules: dict[str, Module], service: str, effort: int
) -> None:
    if effort < 2:
        pytest.skip("a run for each action; SANDGATE_EFFORT=2 runs it")
    module = modules[service]
    make_user(standin, module)
    for action, policy in module.without():
        if action in _NOT_ASKED:
            continue
        standin.admin_client("iam").put_user_policy(UserName=module.user, PolicyName=module.user, PolicyDocument=policy)
        assert not (_passes(module) and _swept(module) and _verified(module)), action
        _remove_all(standin)


def _passes(module: Module) -> bool:
    process = module.start()
    process.communicate(timeout=300)
    return process.returncode == 0


def _swept(module: Module) -> bool:
    killed(module).communicate(timeout=300)
    newest = max(module.receipts, key=lambda receipt: float(receipt["started"]))
    return all(left["swept"] for left in newest["leftovers"])


def _verified(module: Module) -> bool:
    try:
        verify(module)
    except AssertionError:
        return False
    return True


def _remove_all(standin: StandIn) -> None:
    """What a user who may do less could not."""
    dynamodb, s3, sqs = (standin.admin_client(service) for service in SERVICES)
    for name in dynamodb.list_tables()["TableNames"]:
        if name.endswith("_crud"):
            dynamodb.delete_table(TableName=name)
    for bucket in s3.list_buckets()["Buckets"]:
        if bucket["Name"].endswith(("-uploads", "-copies")):
            for found in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
                s3.delete_object(Bucket=bucket["Name"], Key=found["Key"])
            s3.delete_bucket(Bucket=bucket["Name"])
    for url in sqs.list_queues().get("QueueUrls", []):
        if url.endswith(("_actions", "_later", "_purged")):
            sqs.delete_queue(QueueUrl=url)


@pytest.mark.slow
def test_all_of_them_run_as_the_user_that_up_makes(standin: StandIn, modules: dict[str, Module], effort: int) -> None:
    if effort < 2:
        pytest.skip("the same suites as above, after an `up` as in other tests; SANDGATE_EFFORT=2 runs it")
    module = modules["s3"]
    admin = standin.profiles[standin.admin_profile]
    add_profile(standin, module, "sandbox-admin", admin.access_key_id, admin.secret)
    for line in (
        "sandgate up --tier integration --yes --no-ci",
        "sandgate run --tier integration -- npm test",
        "sandgate run --tier integration -- sh shell/test.sh",
        "sandgate down --tier integration --yes --no-ci",
    ):
        done = subprocess.run(
            ["sh", "-c", line], cwd=module.root, env=module.environ,
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    _nothing_is_left(standin)


def test_a_page_names_everything(modules: dict[str, Module]) -> None:
    for module in modules.values():
        blocks = module.blocks
        assert set(blocks) == {"Policy", "The user", "Run", "Verification"}
        assert blocks["The user"].count(module.user) >= 3
        assert blocks["Verification"].count(f"--profile {module.user}") == 3


def _nothing_is_left(standin: StandIn) -> None:
    assert [
        name for name in standin.admin_client("dynamodb").list_tables()["TableNames"] if name.endswith("_crud")
    ] == []
    buckets = standin.admin_client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets if bucket["Name"].endswith(("-uploads", "-copies"))] == []
    queues = standin.admin_client("sqs").list_queues().get("QueueUrls", [])
    assert [url for url in queues if url.endswith(("_actions", "_later", "_purged"))] == []
