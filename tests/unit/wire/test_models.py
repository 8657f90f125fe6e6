"""The catalogue of service models: built once, kept whole, loaded fast, and small in memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.loaders import Loader

from sandgate.wire import catalog
from sandgate.wire.models import Models

RESIDENT = """
import sys
from pathlib import Path
from sandgate.wire.http import Request
from sandgate.wire.identify import match, parse
from sandgate.wire.models import Models

models = Models.load(Path(sys.argv[1]))
for name in ("dynamodb", "s3", "sqs", "sts", "iam", "cognito-idp"):
    service = models.service(name)
    for operation in service.operations.values():
        if operation.input:
            service.resolve(operation.input)
assert "botocore" not in sys.modules, "identification needs no botocore once the catalogue is there"
for line in Path("/proc/self/status").read_text().splitlines():
    if line.startswith("VmRSS"):
        print(line.split()[1])
"""


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the catalogue in it."""
    folder = tmp_path_factory.mktemp("cache")
    Models.load(folder)
    return folder


def test_every_service_of_botocore_is_there(models: Models) -> None:
    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    assert set(models.services) == set(loader.list_available_services("service-2"))


def test_the_catalogue_is_built_once(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def again(_: str) -> bytes:
        raise AssertionError("built again")

    monkeypatch.setattr(catalog, "build", again)
    assert "s3" in Models.load(cache_dir).services


@pytest.mark.parametrize("damage", [b"", b"{}\n", b"no json\n", None])
def test_a_damaged_catalogue_is_built_anew(
    cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: bytes | None
) -> None:
    (good,) = cache_dir.iterdir()
    content = good.read_bytes()
    monkeypatch.setattr(catalog, "build", lambda _: content)
    broken = content[:-100] + b"x" * 100 if damage is None else damage
    (tmp_path / good.name).write_bytes(broken)
    assert "s3" in Models.load(tmp_path).services
    assert (tmp_path / good.name).read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == [good.name]


def test_a_cache_that_cannot_be_written_is_no_failure(
    cache_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (good,) = cache_dir.iterdir()
    monkeypatch.setattr(catalog, "build", lambda _: good.read_bytes())
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert "s3" in Models.load(blocked).services


def test_the_header_loads_fast(cache_dir: Path) -> None:
    best = 1.0
    for _ in range(10):
        start = time.perf_counter()
        Models.load(cache_dir)
        best = min(best, time.perf_counter() - start)
    assert best < 0.020


@pytest.mark.skipif(sys.platform != "linux", reason="resident memory is read from /proc")
def test_six_services_take_little_memory(cache_dir: Path) -> None:
    command = [sys.executable, "-c", RESIDENT, str(cache_dir)]
    kib = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert kib / 1024 < 40


def test_services_are_told_by_their_names(models: Models) -> None:
    assert [info.name for info in models.by_signing_name["elasticloadbalancing"]] == ["elb", "elbv2"]
    assert [info.name for info in models.by_target_prefix["DynamoDB_20120810"]] == ["dynamodb"]
    assert "s3" in [info.name for info in models.by_signing_name["s3express"]]
    assert models.services["sqs"].query_compatible
    assert models.services["sts"].unsigned_operations == ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")


def test_only_inputs_are_kept(models: Models) -> None:
    service = models.service("dynamodb")
    assert service.resolve({"shape": "PutItemInput"})["type"] == "structure"
    with pytest.raises(KeyError):
        service.resolve({"shape": "PutItemOutput"})
    with pytest.raises(KeyError):
        models.service("nothing")
