"""Sweeps against a cloud of sets: what they remove, what they wait for, and when they give up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from sandgate.ledger.entry import identity_of
from sandgate.ledger.state import State, fold
from sandgate.resources._model import resource_types
from sandgate.sweep import work
from sandgate.sweep.others import Others
from sandgate.sweep.work import Line, Sweeper, Swept

SPACE = "k3f9x2"
HERE, THERE = "eu-west-1", "us-east-1"
AT = 1_800_000_000.0

Thing = tuple[str, str, str]
"""Type, region, name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a type is spoken of on its wire."""

    member: str
    create: str
    lists: str
    shown: Callable[[list[str]], Mapping[str, Any]]
    removes: str
    named: Callable[[Mapping[str, Any]], list[str]]
    absent: str
    account: bool = False


KINDS = {
    "cloudformation-stack": Kind(
        member="StackName",
        create="cloudformation:CreateStack",
        lists="list_stacks",
        shown=lambda names: {"StackSummaries": [{"StackName": name, "StackStatus": "CREATE_FAILED"} for name in names]},
        removes="delete_stack",
        named=lambda asked: [asked["StackName"]],
        absent="",
    ),
    "cloudwatch-alarm": Kind(
        member="AlarmName",
        create="cloudwatch:PutMetricAlarm",
        lists="describe_alarms",
        shown=lambda names: {"MetricAlarms": [{"AlarmName": name} for name in names]},
        removes="delete_alarms",
        named=lambda asked: asked["AlarmNames"],
        absent="ResourceNotFound",
    ),
    "dynamodb-table": Kind(
        member="TableName",
        create="dynamodb:CreateTable",
        lists="list_tables",
        shown=lambda names: {"TableNames": names},
        removes="delete_table",
        named=lambda asked: [asked["TableName"]],
        absent="ResourceNotFoundException",
    ),
    "iam-role": Kind(
        member="RoleName",
        create="iam:CreateRole",
        lists="list_roles",
        shown=lambda names: {"Roles": [{"RoleName": name} for name in names]},
        removes="delete_role",
        named=lambda asked: [asked["RoleName"]],
        absent="NoSuchEntity",
        account=True,
    ),
    "kms-key": Kind(
        member="KeyId",
        create="kms:CreateKey",
        lists="list_keys",
        shown=lambda names: {"Keys": [{"KeyId": name} for name in names]},
        removes="schedule_key_deletion",
        named=lambda asked: [asked["KeyId"]],
        absent="NotFoundException",
    ),
    "lambda-function": Kind(
        member="FunctionName",
        create="lambda:CreateFunction",
        lists="list_functions",
        shown=lambda names: {"Functions": [{"FunctionName": name} for name in names]},
        removes="delete_function",
        named=lambda asked: [asked["FunctionName"]],
        absent="ResourceNotFoundException",
    ),
    "sqs-queue": Kind(
        member="QueueName",
        create="sqs:CreateQueue",
        lists="list_queues",
        shown=lambda names: {"QueueUrls": [f"http://x/000000000000/{name}" for name in names]},
        removes="delete_queue",
        named=lambda asked: [asked["QueueUrl"].rpartition("/")[2]],
        absent="QueueDoesNotExist",
    ),
}
LISTS = {kind.lists: name for name, kind in KINDS.items()}
REMOVES = {kind.removes: name for name, kind in KINDS.items()}


class Clock(threading.Event):
    """A halt on which nobody waits: time passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.pauses: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        assert len(self.pauses) < 2000, "it would wait for ever"
        self.pauses.append(timeout)
        self.now += timeout
        return self.is_set()


@dataclass
class Cloud:
    """What is there, and what removals come to."""

    things: set[Thing] = field(default_factory=set)
    described: dict[str, str] = field(default_factory=dict)
    """Of keys, by id."""
    says: dict[str, list[Any]] = field(default_factory=dict)
    """By name, what the next removals come to: a code, an exception, or a function."""
    always: dict[str, str] = field(default_factory=dict)
    """By name, the code that every removal comes to."""
    lasts: dict[str, float] = field(default_factory=dict)
    """By name, seconds until an accepted removal has come true."""
    blind: set[str] = field(default_factory=set)
    """Types that cannot be listed."""
    when_listed: Callable[[], object] = lambda: None
    removals: list[list[Thing]] = field(default_factory=list)
    """Call by call."""
    made: list[tuple[str, str]] = field(default_factory=list)
    """Clients."""
    clock: Clock = field(default_factory=Clock)
    _going: dict[Thing, float] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def removed(self) -> list[Thing]:
        """All that was ever named in a removal, in order."""
        return [thing for call in self.removals for thing in call]

    def client(self, service: str, region: str) -> Any:
        self.made.append((service, region))
        return Client(self, region)

    def names(self, kind: str, region: str) -> list[str]:
        self.when_listed()
        with self._lock:
            self.things -= {thing for thing, when in self._going.items() if when <= self.clock.now}
            if kind in self.blind:
                raise error("AccessDenied", KINDS[kind].lists)
            return sorted(name for type_, place, name in self.things if (type_, place) == (kind, region))

    def remove(self, kind: str, region: str, names: list[str]) -> None:
        things = [(kind, region, name) for name in names]
        with self._lock:
            self.removals.append(things)
            for thing in things:
                self._may_go(thing)
            for thing in things:
                self._going[thing] = self.clock.now + self.lasts.get(thing[2], 0.0)

    def _may_go(self, thing: Thing) -> None:
        kind, _, name = thing
        said = self.says[name].pop(0) if self.says.get(name) else self.always.get(name)
        if callable(said):
            said()
        elif isinstance(said, BaseException):
            raise said
        elif said:
            raise error(said, KINDS[kind].removes)
        if thing not in self.things and KINDS[kind].absent:
            raise error(KINDS[kind].absent, KINDS[kind].removes)


@dataclass
class Client:
    """As much of boto3 as a sweep uses."""

    cloud: Cloud
    region: str

    def can_paginate(self, _name: str) -> bool:
        return False

    def describe_key(self, **asked: Any) -> Any:
        return {"KeyMetadata": {**asked, "Description": self.cloud.described.get(asked["KeyId"], "")}}

    def __getattr__(self, name: str) -> Any:
        def call(**asked: Any) -> Any:
            kind = LISTS.get(name) or REMOVES.get(name, "")
            if not kind:  # what a role holds
                return {}
            region = "" if KINDS[kind].account else self.region
            if name in LISTS:
                return KINDS[kind].shown(self.cloud.names(kind, region))
            self.cloud.remove(kind, region, KINDS[kind].named(asked))
            return {}

        return call


def error(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said by AWS"}}, operation)


@dataclass
class Ledger:
    """Lines in memory."""

    lines: list[dict[str, Any]] = field(default_factory=lambda: [{"ledger": "open", "namespace": SPACE}])

    def claim(self, kind: str, name: str, region: str = HERE, *, claim: str = "made", **more: Any) -> None:
        key = {"key": {KINDS[kind].member: name}, **more}
        call = f"call-{len(self.lines)}"
        about = {"type": kind, "region": region, "at": AT, "operation": KINDS[kind].create}
        self.lines.append({"ledger": "adopted", "id": call, "claim": claim, **about, **key})

    def note(self, lines: Sequence[Line]) -> None:
        self.lines += [{"ledger": kind, **fields} for kind, fields in lines]

    def state(self) -> State:
        return fold(self.lines)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(work, "time", SimpleNamespace(monotonic=lambda: made.clock.now))
    return made


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def make(cloud: Cloud, ledger: Ledger, kind: str, *names: str, region: str = HERE, **more: Any) -> None:
    """Things that are there, and that the ledger knows."""
    for name in names:
        cloud.things.add((kind, "" if KINDS[kind].account else region, name))
        ledger.claim(kind, name, region, **more)


def sweep(cloud: Cloud, ledger: Ledger, **more: Any) -> Swept:
    given = {"note": ledger.note, "halt": cloud.clock, **more}
    return Sweeper(clients=cloud.client, state=ledger.state, **given).run()


def left(swept: Swept) -> dict[str, str]:
    return {one.entry.name: one.why for one in swept.left}


# -- what goes --------------------------------------------------------------------------------------------------------


def test_everything_goes_in_its_order_and_is_proven_gone(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "iam-role", "r")
    make(cloud, ledger, "lambda-function", "f")
    make(cloud, ledger, "sqs-queue", "q")
    told: list[tuple[int, int]] = []
    swept = sweep(cloud, ledger, progress=lambda done, of: told.append((done, of)))
    assert (sorted(one.name for one in swept.removed), swept.left, swept.halted) == (["f", "q", "r"], (), False)
    assert (cloud.things, ledger.state().alive, told[-1]) == (set(), {}, (3, 3))
    assert cloud.removed.index(("iam-role", "", "r")) == 2, "a function cleans up by its role"
    assert cloud.clock.pauses == []


def test_two_regions_have_two_clients_and_one_each(cloud: Cloud, ledger: Ledger) -> None:
    names = [f"t{number}" for number in range(20)]
    for region in (HERE, THERE):
        make(cloud, ledger, "dynamodb-table", *names, region=region)
        make(cloud, ledger, "sqs-queue", *names, region=region)
    cloud.things.add(("dynamodb-table", THERE, "theirs"))
    assert len(sweep(cloud, ledger).removed) == 80
    assert sorted(cloud.made) == [(service, region) for service in ("dynamodb", "sqs") for region in (HERE, THERE)]
    assert cloud.things == {("dynamodb-table", THERE, "theirs")}


def test_what_is_not_there_is_not_removed(cloud: Cloud, ledger: Ledger) -> None:
    ledger.claim("dynamodb-table", "t")
    swept = sweep(cloud, ledger)
    assert (swept.removed, swept.left, cloud.removed, ledger.state().alive) == ((), (), [], {})


def test_one_in_a_batch_that_cannot_go_holds_no_other(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "cloudwatch-alarm", *"abcd")
    cloud.always["c"] = "ValidationError"
    swept = sweep(cloud, ledger)
    assert left(swept) == {"c": "delete_alarms: ValidationError: said by AWS"}
    assert sorted(one.name for one in swept.removed) == ["a", "b", "d"]
    assert len(cloud.removals[0]) == 4


# -- waiting ----------------------------------------------------------------------------------------------------------


def test_pauses_grow_and_begin_anew_when_something_went(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a", "b")
    cloud.says = {"a": ["ResourceInUseException"] * 3, "b": ["ResourceInUseException"] * 6}
    assert len(sweep(cloud, ledger).removed) == 2
    assert cloud.clock.pauses == pytest.approx([0.05, 0.1, 0.2, 0.05, 0.1])


def test_patience_ends_in_a_leak_with_its_reason(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a", "b")
    cloud.always["a"] = "ResourceInUseException"
    assert left(sweep(cloud, ledger)) == {"a": "delete_table: ResourceInUseException: said by AWS"}
    patience = resource_types()["dynamodb-table"].patience
    assert patience < sum(cloud.clock.pauses) <= patience + 5
    assert max(cloud.clock.pauses) == 5
    (alive,) = ledger.state().alive.values()
    assert (alive.name, alive.why) == ("a", "delete_table: ResourceInUseException: said by AWS")


def test_what_is_only_promised_is_waited_for_and_not_asked_again(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a")
    cloud.lasts["a"] = 20
    assert [one.name for one in sweep(cloud, ledger).removed] == ["a"]
    assert (len(cloud.removals), 20 <= sum(cloud.clock.pauses) <= 25) == (1, True)


def test_a_promise_that_is_not_kept_is_a_leak(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a")
    cloud.lasts["a"] = 1e9
    swept = sweep(cloud, ledger)
    assert left(swept) == {"a": "its removal was accepted, and 60 s later it is still listed"}
    assert (swept.removed, len(cloud.removals), ledger.state().alive != {}) == ((), 1, True)


def test_nobody_waits_longer_than_the_upstream_deserves(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a")
    cloud.lasts["a"] = 1e9
    swept = sweep(cloud, ledger, patience=10.0)
    assert left(swept) == {"a": "its removal was accepted, and 10 s later it is still listed"}
    assert 10 < sum(cloud.clock.pauses) <= 15


def test_a_refusal_is_final(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a", "b")
    cloud.always["a"] = "AccessDeniedException"
    assert left(sweep(cloud, ledger)) == {"a": "delete_table: AccessDeniedException: said by AWS"}
    assert (cloud.removed.count(("dynamodb-table", HERE, "a")), cloud.clock.pauses) == (1, [])


def test_whoever_sees_nothing_gives_up_and_proves_nothing(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a")
    make(cloud, ledger, "sqs-queue", "q")
    cloud.blind = set(KINDS)
    swept = sweep(cloud, ledger)
    assert (set(left(swept)), swept.removed, len(ledger.state().alive)) == ({"a", "q"}, (), 2)
    assert all("AccessDenied" in why for why in left(swept).values())
    assert sum(cloud.clock.pauses) < 1
    cloud.blind = set()
    assert sweep(cloud, ledger).left == ()


def test_members_wait_for_their_stack_and_no_longer_than_that(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "cloudformation-stack", "s")
    make(cloud, ledger, "dynamodb-table", "a", claim="perhaps", stack="s", why="of the stack s")
    cloud.always["s"] = "AccessDenied"
    assert left(sweep(cloud, ledger)) == {"s": "delete_stack: AccessDenied: said by AWS"}
    assert [name for _, _, name in cloud.removed] == ["s", "a"]


# -- going on ---------------------------------------------------------------------------------------------------------


def test_a_sweep_that_fails_is_gone_on_with(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "lambda-function", "f")
    make(cloud, ledger, "iam-role", "r", "s")
    cloud.says = {"r": [RuntimeError("the gate has ended")]}
    with pytest.raises(RuntimeError, match="the gate has ended"):
        sweep(cloud, ledger)
    assert cloud.clock.is_set(), "nothing else is begun"
    assert len(ledger.state().alive) == 3, "nothing is proven"
    cloud.clock.clear()
    assert sweep(cloud, ledger).left == ()
    assert (cloud.things, ledger.state().alive) == (set(), {})
    assert cloud.removed.count(("lambda-function", HERE, "f")) == 1, "it is seen to be gone"


def test_a_ledger_that_cannot_be_written_ends_a_sweep(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", "a")
    before = list(ledger.lines)

    def full(lines: Sequence[Line]) -> None:
        if lines:
            raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space left"):
        sweep(cloud, ledger, note=full)
    assert ledger.lines == before
    cloud.clock.clear()
    assert (sweep(cloud, ledger).left, ledger.state().alive) == ((), {})


def test_what_was_adopted_by_a_sweep_that_failed_is_removed_by_the_next(cloud: Cloud, ledger: Ledger) -> None:
    """A key whose id never came back, by the run's name; nothing else that is there is touched."""
    name = f"test-{SPACE}-k"
    cloud.described = {"k-1": name, "k-2": "else"}
    cloud.things = {("kms-key", HERE, "k-1"), ("kms-key", HERE, "k-2")}
    ledger.claim("kms-key", "", key={}, claim="unknown", told={"Description": name})
    cloud.says = {"k-1": [RuntimeError("killed")]}
    with pytest.raises(RuntimeError):
        sweep(cloud, ledger)
    adopted = [line for line in ledger.lines if line["ledger"] == "adopted" and line["key"] == {"KeyId": "k-1"}]
    assert len(adopted) == 1, "on disk before the call goes out"
    cloud.clock.clear()
    assert sweep(cloud, ledger).left == ()
    assert (cloud.things, ledger.state().alive) == ({("kms-key", HERE, "k-2")}, {})


def test_a_halt_begins_nothing_else_and_forgets_nothing(cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, "dynamodb-table", *(f"t{number:03}" for number in range(150)))
    cloud.says = {f"t{number:03}": [cloud.clock.set] for number in range(150)}
    swept = sweep(cloud, ledger)
    assert (swept.halted, swept.left, 0 < len(cloud.removed) < 100) == (True, (), True)
    assert len(ledger.state().alive) == 150
    cloud.clock.clear()
    cloud.says.clear()
    assert sweep(cloud, ledger).left == ()
    assert (cloud.things, ledger.state().alive) == (set(), {})


@pytest.mark.parametrize("kind", ["sqs-queue", "dynamodb-table"])
def test_a_halt_while_it_is_listed_is_no_leak(kind: str, cloud: Cloud, ledger: Ledger) -> None:
    make(cloud, ledger, kind, "a")
    before = list(ledger.lines)
    cloud.when_listed, cloud.blind = cloud.clock.set, {kind}
    assert sweep(cloud, ledger) == Swept(halted=True)
    assert (ledger.lines, cloud.removed) == (before, [])


def test_a_halt_after_all_has_gone_is_none(cloud: Cloud, ledger: Ledger) -> None:
    ledger.claim("dynamodb-table", "a")
    cloud.when_listed = cloud.clock.set
    assert (sweep(cloud, ledger), ledger.state().alive) == (Swept(), {})


# -- nothing else, ever -----------------------------------------------------------------------------------------------

NAMES = (f"test-{SPACE}-1", f"test-{SPACE}-2", "test-shared", "prod-orders")
PROBED = {"cloudwatch-alarm", "sqs-queue"}
_places = st.sampled_from([HERE, THERE])
_things = st.tuples(st.sampled_from(sorted(KINDS)), _places, st.sampled_from(NAMES))
_claims = st.sampled_from(["unknown", "made", "perhaps", "going", "doubt"])
_codes = st.sampled_from(
    [*("AccessDenied", "Throttling", "ResourceInUseException", "ValidationError", "DeleteConflict", "NoSuchEntity")]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Whatever there may be."""

    claims: list[tuple[Thing, str]]
    unnamed: list[tuple[str, str, str]]
    """Region, description and claim of keys whose ids never came back."""
    there: set[Thing]
    descriptions: dict[str, str]
    others: set[tuple[str, str]]
    """Regions and ids of keys that are in other ledgers."""
    keys_in: set[str]
    """Regions that have all keys that are described."""
    blind: set[str]
    always: dict[str, str]

    def cloud(self) -> Cloud:
        things = {(kind, "" if KINDS[kind].account else region, name) for kind, region, name in self.there}
        things |= {("kms-key", region, id_) for region in self.keys_in for id_ in self.descriptions}
        return Cloud(things=things, described=dict(self.descriptions), blind=set(self.blind), always=dict(self.always))

    def ledger(self) -> Ledger:
        made = Ledger()
        for (kind, region, name), claim in self.claims:
            made.claim(kind, name, region, claim=claim, why="of a stack")
        for region, description, claim in self.unnamed:
            made.claim("kms-key", "", region, key={}, told={"Description": description}, claim=claim)
        return made


worlds = st.builds(
    World,
    claims=st.lists(st.tuples(_things, _claims), max_size=8),
    unnamed=st.lists(st.tuples(_places, st.sampled_from(NAMES), st.sampled_from(["unknown", "doubt"])), max_size=2),
    there=st.sets(_things, max_size=16),
    descriptions=st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    others=st.sets(st.tuples(_places, st.sampled_from(NAMES)), max_size=2),
    keys_in=st.sets(_places),
    blind=st.sets(st.sampled_from(sorted(KINDS)), max_size=2),
    always=st.dictionaries(st.sampled_from(NAMES), _codes, max_size=1),
)


def allowed(world: World, state: State) -> Iterator[Thing]:
    """All that a sweep may ever name in a removal."""
    for entry in state.alive.values():
        kind = KINDS[entry.type]
        region = "" if kind.account else entry.region
        if entry.complete and entry.claim != "doubt":
            name = entry.key[kind.member]
            if entry.claim != "unknown" or SPACE in name:
                yield (entry.type, region, name)
        elif entry.claim != "doubt" and SPACE in entry.told["Description"]:
            for id_, description in world.descriptions.items():
                if description == entry.told["Description"] and (entry.region, id_) not in world.others:
                    yield ("kms-key", entry.region, id_)


@settings(max_examples=150, deadline=None)
@given(worlds)
def test_nothing_is_ever_removed_that_the_ledger_does_not_have(world: World) -> None:
    cloud, ledger = world.cloud(), world.ledger()
    before = ledger.state()
    may = set(allowed(world, before))
    known = frozenset(identity_of("kms-key", region, {"KeyId": id_}) for region, id_ in world.others)
    there = set(cloud.things)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "time", SimpleNamespace(monotonic=lambda: cloud.clock.now))
        swept = sweep(cloud, ledger, others=Others(known=known))
    assert set(cloud.removed) <= may
    assert there - cloud.things <= may
    # What can be listed and is not refused goes, unless all that this sweep wants to see is hidden from it.
    seen = {entry.type for entry in before.alive.values()} - world.blind
    if seen:
        stays = {thing for thing in cloud.things & may if thing[0] in seen and thing[2] not in world.always}
        assert stays == set()
    alive = ledger.state().alive
    assert {one.entry.identity for one in swept.left} == set(alive), "what is not proven gone is told"
    assert sum(cloud.clock.pauses) < 1800 + 65


@pytest.mark.parametrize("there", [True, False])
def test_what_had_gone_before_was_not_left_behind(ledger: Ledger, *, there: bool) -> None:
    """A test may remove a user by an address that the ledger does not know, and nobody looks before a removal."""
    users = {"sub-1"} if there else set()
    key = {"UserPoolId": "theirs", "Username": "sub-1"}

    class Pool:
        """Holds at most one user."""

        def can_paginate(self, _name: str) -> bool:
            return False

        def admin_get_user(self, **_asked: str) -> object:
            if not users:
                raise error("UserNotFoundException", "AdminGetUser")
            return key

        def admin_delete_user(self, **asked: str) -> None:
            if asked["Username"] not in users:
                raise error("UserNotFoundException", "AdminDeleteUser")
            users.clear()

    about = {"id": "1", "claim": "made", "at": AT, "region": HERE, "operation": "cognito-idp:SignUp"}
    ledger.note([("adopted", {"type": "cognito-idp-user", "key": key, **about})])
    swept = Sweeper(clients=lambda _service, _region: Pool(), state=ledger.state, note=ledger.note).run()
    assert ([one.key for one in swept.removed], swept.left) == ([key] if there else [], ())
    assert ledger.state().alive == {}
