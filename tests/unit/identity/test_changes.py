"""What a deployment would change."""

from __future__ import annotations

from sandgate.identity.changes import changes_between


def _user(name: str, **more: object) -> dict[str, object]:
    return {"Type": "AWS::IAM::User", "Properties": {"UserName": name, **more}}


def test_each_resource_is_told_once() -> None:
    old = {"Resources": {"A": _user("a", Tags=[]), "B": _user("b", Path="/"), "C": _user("c")}}
    new = {"Resources": {"B": _user("b"), "A": _user("a", Tags=[]), "D": {"Type": "AWS::IAM::Group", "Properties": {}}}}
    found = changes_between(old, new)
    assert [(one.what, one.logical_id, one.name, one.properties) for one in found] == [
        ("change", "B", "b", ("Path",)),
        ("keep", "A", "a", ()),
        ("make", "D", "D", ()),
        ("remove", "C", "c", ()),
    ]


def test_without_a_stack_all_is_made() -> None:
    assert [one.what for one in changes_between(None, {"Resources": {"A": _user("a")}})] == ["make"]
