"""Who says that nothing is alive must see everything, and must not ask sandgate."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from tests.crash.campaign import places
from tests.crash.campaign.lister import KINDS
from tests.crash.campaign.recipes import RECIPES

ALONE = ("lister.py", "recipes.py", "upstream.py")


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[places.Emulator]:
    """An emulator in which nothing is."""
    with places.emulator(tmp_path_factory.mktemp("lister")) as found:
        yield found


def test_everything_that_is_planted_is_seen(upstream: places.Emulator) -> None:
    """Each recipe shows up under the kinds that it makes; together they are all kinds that are listed."""
    seen = set()
    before = upstream.look()
    for name in RECIPES:
        upstream.plant([name], "test-planted")
        now = upstream.look()
        told = places.differences(before, now)
        came = {kind for kind in now if now[kind].keys() - before[kind].keys()}
        assert came, f"{name}: nobody saw it"
        assert all(line.startswith("new: ") for line in told), [line for line in told if not line.startswith("new")]
        seen |= came
        before = now
    assert seen == set(KINDS)


def test_what_changes_is_seen(upstream: places.Emulator) -> None:
    """One byte in an object, an item, a key of a user: what is untouched is so byte for byte."""
    before = upstream.look()
    upstream.client("s3").create_bucket(
        Bucket="test-changes", CreateBucketConfiguration={"LocationConstraint": places.REGION}
    )
    upstream.client("iam").create_user(UserName="test-changes")
    upstream.client("s3").put_object(Bucket="test-changes", Key="one", Body=b"a")
    between = upstream.look()
    assert places.differences(before, between) == ["new: bucket test-changes", "new: user test-changes"]
    upstream.client("s3").put_object(Bucket="test-changes", Key="one", Body=b"b")
    upstream.client("iam").create_access_key(UserName="test-changes")
    assert places.differences(between, upstream.look()) == [
        "changed: bucket test-changes",
        "changed: user test-changes",
    ]


@pytest.mark.parametrize("name", ALONE)
def test_it_asks_nobody(name: str) -> None:
    """Neither who looks nor what is looked at knows sandgate."""
    tree = ast.parse((places.HERE / name).read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names
    assert not {one for one in names if one.partition(".")[0] in {"sandgate", "tests"}}
    assert "importlib" not in names
