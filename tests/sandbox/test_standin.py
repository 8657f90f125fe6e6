"""The stand-in answers clients that know nothing of it, and is as strict as AWS is."""

from __future__ import annotations

from tests.sandbox.standin.account import StandIn


def test_profiles_are_three_people(standin: StandIn) -> None:
    arns = [standin.profile_client("sts", name).get_caller_identity()["Arn"] for name in ("root", "admin", "other")]
    assert arns == [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:user/admin",
        "arn:aws:iam::000000000000:user/admin",
    ]
