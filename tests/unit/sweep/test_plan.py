"""What a plan does with each resource, and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sandgate.ledger.entry import Claim, Entry, identity_of
from sandgate.resources._model import resource_types
from sandgate.sweep import plan as planning
from sandgate.sweep.found import Found
from sandgate.sweep.others import Others
from sandgate.sweep.plan import Sight, Step, decide, group_of, key_text, waiting, waves

SPACE = "k3f9x2"
AT = 1_800_000_000.0
REGION = "eu-west-1"
OWN, SHARED = f"test-{SPACE}-x", "test-x"


def entry(kind: str, key: dict[str, Any], claim: Claim = "made", **more: Any) -> Entry:
    given = {"region": REGION, "at": AT, "operation": "service:Make", **more}
    return Entry(type=kind, key=key, claims={"call-1": claim}, **given)


def table(name: str = SHARED, claim: Claim = "made") -> Entry:
    """Removed by its key alone; no listing tells when it was made."""
    return entry("dynamodb-table", {"TableName": name}, claim, operation="dynamodb:CreateTable")


def topic(name: str = SHARED, claim: Claim = "made") -> Entry:
    """Removed by the ARN that only a listing shows; looked for before it is made."""
    return entry("sns-topic", {"Name": name}, claim, operation="sns:CreateTopic")


def group(name: str = SHARED, claim: Claim = "unknown") -> Entry:
    """A listing tells when it was made."""
    return entry("logs-log-group", {"logGroupName": name}, claim, operation="logs:CreateLogGroup")


def key_pair(claim: Claim = "unknown", **told: str) -> Entry:
    """AWS chooses its id, and the answer never came."""
    return entry("kms-key", {}, claim, operation="kms:CreateKey", told=told)


def sees(*found: Found) -> Sight:
    return Sight(found={key_text(one.key): one for one in found})


def there(made: Entry, **more: Any) -> Sight:
    return sees(Found(key=made.key, name=made.name, **more))


def unlisted(made: Entry) -> Sight:
    """A listing that broke off after it had shown the one."""
    return replace(there(made), failure="ListX: AccessDenied")


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(AT + seconds, UTC)


EMPTY = Sight()
FAILED = Sight(failure="ListX: AccessDenied")
DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A resource, what was seen, and what follows."""

    entry: Entry
    sight: Sight | None = field(default_factory=Sight)
    what: str
    why: str


CASES = {
    "no type": Case(
        entry=entry("", {"Name": OWN}), sight=there(entry("", {"Name": OWN})), what="tell", why="no resource type"
    ),
    "doubt, seen": Case(entry=table(OWN, "doubt"), sight=there(table(OWN)), what="tell", why="before the run"),
    "doubt, as good as gone": Case(
        entry=table(OWN, "doubt"), sight=there(table(OWN), gone=True), what="tell", why="before the run"
    ),
    "doubt, not seen": Case(entry=table(SHARED, "doubt"), sight=there(table("else")), what="absent", why="ListTables"),
    "doubt, listing failed": Case(entry=table(OWN, "doubt"), sight=FAILED, what="tell", why="before the run"),
    "doubt, no listing": Case(entry=table(OWN, "doubt"), sight=None, what="tell", why="before the run"),
    "seen": Case(entry=table(), sight=there(table()), what="remove", why="made by dynamodb:CreateTable"),
    "seen, and told why": Case(
        entry=entry("dynamodb-table", {"TableName": SHARED}, "perhaps", why="of the stack s"),
        sight=there(table()),
        what="remove",
        why="of the stack s",
    ),
    "seen, removal accepted": Case(
        entry=table(SHARED, "going"), sight=there(table()), what="remove", why="still there"
    ),
    "not seen": Case(entry=table(), sight=there(table("else")), what="absent", why="not in ListTables"),
    "not seen, nobody answered": Case(entry=table(OWN, "unknown"), what="absent", why="not in ListTables"),
    "as good as gone": Case(entry=table(), sight=there(table(), gone=True), what="absent", why="as good as gone"),
    "listing failed": Case(entry=table(), sight=FAILED, what="remove", why="could not be listed (ListX"),
    "listing failed half-way": Case(entry=table(), sight=unlisted(table()), what="remove", why="could not be listed"),
    "no listing": Case(entry=table(), sight=None, what="remove", why="could not be listed (no listing)"),
    "listing failed, removed by what it shows": Case(entry=topic(), sight=FAILED, what="tell", why="AccessDenied"),
    "no listing, removed by what it shows": Case(entry=topic(), sight=None, what="tell", why="(no listing)"),
    "listing failed, unknown": Case(entry=table(SHARED, "unknown"), sight=FAILED, what="tell", why="never answered"),
    "listing failed, unknown, the run's name": Case(
        entry=table(OWN, "unknown"), sight=FAILED, what="remove", why="could not be listed"
    ),
    "listing failed, unknown, looked for before": Case(
        entry=entry("s3-bucket", {"Bucket": SHARED}, "unknown", operation="s3:CreateBucket"),
        sight=FAILED,
        what="tell",
        why="never answered",
    ),
    "unknown, no time": Case(
        entry=table(SHARED, "unknown"), sight=there(table()), what="tell", why="may be somebody else's"
    ),
    "unknown, the run's name": Case(
        entry=table(OWN, "unknown"), sight=there(table(OWN)), what="remove", why="never answered"
    ),
    "unknown, looked for before": Case(
        entry=topic(SHARED, "unknown"), sight=there(topic()), what="tell", why="may be somebody else's"
    ),
    "unknown, older": Case(
        entry=group(), sight=there(group(), created=(AT - 61) * 1000), what="tell", why="may be somebody else's"
    ),
    "unknown, older, the run's name": Case(
        entry=group(OWN), sight=there(group(OWN), created=(AT - DAY) * 1000), what="remove", why="never answered"
    ),
    "unknown, of the call": Case(
        entry=group(), sight=there(group(), created=(AT + 5) * 1000), what="tell", why="may be somebody else's"
    ),
    "unknown, of the call, as datetime": Case(
        entry=group(), sight=there(group(), created=at(5)), what="tell", why="may be somebody else's"
    ),
    "unknown, much younger": Case(
        entry=group(), sight=there(group(), created=at(3601)), what="tell", why="may be somebody else's"
    ),
    "unknown, a time that is none": Case(
        entry=group(), sight=there(group(), created="yesterday"), what="tell", why="may be somebody else's"
    ),
    "unnamed, nothing there": Case(entry=key_pair(Description=OWN), what="absent", why="nothing like it is there"),
    "unnamed, listing failed": Case(
        entry=key_pair(Description=OWN), sight=FAILED, what="tell", why="could not be listed (ListX"
    ),
    "unnamed, no listing": Case(entry=key_pair(Description=OWN), sight=None, what="tell", why="(no listing)"),
    "unnamed, as good as gone": Case(
        entry=key_pair(Description=OWN),
        sight=sees(Found(key={"KeyId": "k"}, name="k", gone=True, entry={"Description": OWN})),
        what="absent",
        why="nothing like it is there",
    ),
    "unnamed, shared name": Case(
        entry=key_pair(Description=SHARED),
        sight=sees(Found(key={"KeyId": "k-1"}, name="k", entry={"Description": SHARED})),
        what="tell",
        why="may be k-1, or that is somebody else's",
    ),
    "unnamed, in another container": Case(
        entry=entry("iam-access-key", {"UserName": OWN}, "unknown", told={"Name": OWN}),
        sight=sees(Found(key={"UserName": "u", "AccessKeyId": "a"}, name="a", entry={"Name": OWN})),
        what="absent",
        why="nothing like it is there",
    ),
}


def decided(case: Case, others: Others | None = None, *, careful: bool = False) -> Step:
    return decide(case.entry, case.sight, namespace=SPACE, others=others or Others(), careful=careful)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_is_done(case: Case) -> None:
    step = decided(case)
    assert (step.what, case.why in step.why) == (case.what, True), step
    assert bool(step.found) == (case.what == "remove")
    assert step.entry is case.entry


def test_what_is_removed_is_what_the_listing_showed() -> None:
    sight = sees(Found(key={"Name": SHARED}, name=SHARED, entry={"TopicArn": "arn"}), Found(key={"Name": "y"}, name=""))
    (found,) = decide(topic(), sight, namespace=SPACE, others=Others()).found
    assert found.entry == {"TopicArn": "arn"}
    (unseen,) = decided(CASES["listing failed"]).found
    assert (unseen.key, unseen.name, unseen.entry) == ({"TableName": SHARED}, SHARED, {})


def test_all_that_carry_the_runs_name_go_and_nobody_elses() -> None:
    ids = ("k-1", "k-2", "k-3")
    sight = sees(*(Found(key={"KeyId": id_}, name="", entry={"Description": OWN}) for id_ in ids))
    others = frozenset(
        {
            identity_of("kms-key", REGION, {"KeyId": "k-2"}),
            identity_of("kms-key", "us-east-1", {"KeyId": "k-3"}),
        }
    )
    step = decide(key_pair(Description=OWN), sight, namespace=SPACE, others=Others(known=others))
    assert [found.key["KeyId"] for found in step.found] == ["k-1", "k-3"]


def test_what_another_run_has_taken_over_is_left_alone() -> None:
    """The same name, made anew by a run that lives, found by one that lives, or made anew by one that died."""
    case, mine, own = CASES["seen"], table().identity, table(OWN).identity
    used = decided(case, Others(in_use={mine: "run-b"}))
    assert (used.what, "run-b lives and uses it" in used.why) == ("tell", True)
    newer = decided(case, Others(made={mine: (AT + 1, "run-b")}))
    assert (newer.what, "run-b has made it anew" in newer.why) == ("absent", True)
    assert decided(case, Others(made={mine: (AT - 1, "run-b")})).what == "remove", "ours is the newer one"
    everything = Others(in_use={own: "run-b"}, made={own: (AT + 1, "run-b")})
    assert decided(Case(entry=table(OWN), sight=there(table(OWN)), what="", why=""), everything).what == "remove"


@pytest.mark.parametrize("claim", ["made", "going"])
def test_a_shared_name_that_is_younger_than_the_call_is_somebody_elses(claim: Claim) -> None:
    """An emulator that was started anew, or a person: what has the name now is not what the run made."""
    anew = Case(entry=table(SHARED, claim), sight=there(table(), created=at(301)), what="", why="")
    assert (decided(anew, careful=True).what, decided(anew).what) == ("tell", "remove")
    same = Case(entry=table(SHARED, claim), sight=there(table(), created=str(int(AT + 299))), what="", why="")
    assert decided(same, careful=True).what == "remove"
    named = Case(entry=table(OWN, claim), sight=there(table(OWN), created=at(86_400)), what="", why="")
    assert decided(named, careful=True).what == "remove"


# -- groups -----------------------------------------------------------------------------------------------------------


def test_one_listing_shows_what_is_of_one_type_place_and_container() -> None:
    assert group_of(table("a")) == group_of(table("b")) == ("dynamodb-table", REGION, "{}")
    assert group_of(replace(table(), region="us-east-1")) != group_of(table())
    role = entry("iam-role", {"RoleName": "r"})
    assert group_of(role) == group_of(replace(role, region="us-east-1")) == ("iam-role", "", "{}")
    keys = [entry("iam-access-key", {"UserName": user, "AccessKeyId": id_}) for user, id_ in ("ua", "ub", "va")]
    assert [group_of(one)[2] for one in keys] == ['{"UserName": "u"}', '{"UserName": "u"}', '{"UserName": "v"}']


def test_what_is_looked_at_by_its_key_is_a_group_of_its_own() -> None:
    key = {"Bucket": "b", "Key": "k"}
    versions = [entry("s3-object", {**key, "VersionId": version}) for version in "12"]
    assert len({group_of(one) for one in versions}) == 2
    assert group_of(entry("s3-object", key))[2] == '{"Bucket": "b", "Key": "k"}'


# -- order ------------------------------------------------------------------------------------------------------------


def test_the_whole_registry_has_an_order() -> None:
    """Each type comes after all that it names, and all of them come once."""
    known = resource_types()
    order = waves(known)
    place = {name: number for number, wave in enumerate(order) for name in wave}
    assert sorted(name for wave in order for name in wave) == sorted(known)
    wrong = [f"{name}: {other}" for name, kind in known.items() for other in kind.after if place[other] >= place[name]]
    assert wrong == []


def test_every_type_that_is_named_exists() -> None:
    known = resource_types()
    assert {other for kind in known.values() for other in kind.after} <= known.keys()


@pytest.mark.parametrize(
    ("types", "order"),
    [
        ([], []),
        (["iam-role", "lambda-function"], [("lambda-function",), ("iam-role",)]),
        (["sqs-queue", "events-rule", "sqs-queue"], [("events-rule", "sqs-queue")]),
        # Neither role nor function is in the plan, and the policy waits for the mapping all the same.
        (["iam-policy", "lambda-event-source-mapping"], [("lambda-event-source-mapping",), ("iam-policy",)]),
        (["", "of-a-newer-sandgate", "sqs-queue"], [("sqs-queue",)]),
    ],
)
def test_users_go_before_what_they_use(types: list[str], order: list[tuple[str, ...]]) -> None:
    assert list(waves(types)) == order


def test_types_that_wait_for_each_other_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    known = resource_types()
    circle = {
        "sqs-queue": replace(known["sqs-queue"], after=("sns-topic",)),
        "sns-topic": replace(known["sns-topic"], after=("sqs-queue",)),
    }
    monkeypatch.setattr(planning, "resource_types", lambda: circle)
    with pytest.raises(ValueError, match="wait for each other"):
        waves(circle)


# -- stacks -----------------------------------------------------------------------------------------------------------


def step(made: Entry, stack: str = "") -> Step:
    return Step(entry=replace(made, stack=stack), what="remove", why="")


def test_a_member_waits_for_its_own_stack_wherever_that_stands() -> None:
    stack, member = step(entry("cloudformation-stack", {"StackName": "s"})), step(table("a", "perhaps"), "s")
    of_another = step(table("b", "perhaps"), "t")
    for steps in ([stack, member, of_another], [of_another, member, stack]):
        assert waiting(iter(steps)) == {member.entry.identity}
    assert waiting([]) == frozenset()
