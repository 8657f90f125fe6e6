"""What a resource type is: how one comes to be, is found, is emptied, goes, and what it needs gone before.

A type is data, so that everything follows from it: what the ledger writes down, what a sweep does and in which order,
which permissions it needs, and the reference page. Paths are those of `core/paths.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from sandgate.core.registry import discover

__all__ = [
    "Birth",
    "Create",
    "Key",
    "Listing",
    "Part",
    "Probe",
    "Removal",
    "ResourceType",
    "Silent",
    "Survey",
    "Via",
    "resource_types",
]

Key = Mapping[str, Any]
"""What names one resource of a type: member to value, such as `{"TableName": "test-x"}`; JSON values only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A read that tells whether one is there: it succeeds, or fails with one of the codes that mean absence."""

    operation: str
    parameters: Mapping[str, str]
    """Parameter to a format string over the key, `{TableName}`; `{account}` and `{region}` are there as well. Dotted
    parameters are for `core.paths.nested`."""
    absent: tuple[str, ...]
    """Error codes, or HTTP statuses as text where an answer has no body."""
    shows: str = ""
    """Path in the answer, as on the wire, that must hold something; empty where success says enough."""
    equals: str = ""
    """Format string over the key that one of the values at `shows` must equal, where the read also answers with others
    (those that only begin alike); empty where any value will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """What a request names in place of the container, where the service has no call from the one to the other."""

    path: str
    """Where it is in the request; the key member of the container is there under its own name."""
    probe: Probe
    """Whether it is in a container, over both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Create:
    """A call that makes one."""

    operation: str
    names: Mapping[str, str] = field(default_factory=dict)
    """Key member to its path in the request, for what the caller chooses."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Key member to its path in the answer as it is on the wire, for what AWS chooses. In XML a path is of tags, and
    may begin at any depth. What is in a header is under its name in lower case, `x-amz-version-id`;
    if that was new, it was made, whatever the probe found."""
    told: Mapping[str, str] = field(default_factory=dict)
    """How one whose `ids` never came back is known in a listing: path in the listing's entry, of which any value will
    do, to path in the request."""
    arn: str = ""
    """Path of the ARN in the answer, as on the wire; empty where there is none or nobody needs it."""
    probe: Probe | None = None
    """Asked first where success does not prove that it was not there before: idempotent creates, and puts. Its texts
    may name what is `told` as well."""
    repeats: bool = False
    """Whether success may mean one that was there before, which no probe can tell: it is told then and never removed,
    unless a name of it is the run's own."""
    many: Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]] | None = None
    """The request as several, where one call makes several: each is read by `names`."""
    when: tuple[str, tuple[str, ...]] | None = None
    """Path in the request and values of which it must have one; `("x", ("",))` means that it must be missing, and
    `("x", ())` that it must be there."""
    each: tuple[str, Mapping[str, str]] | None = None
    """Where `many` is given and the answer has ids for each: what its entries are called, and key member to path in an
    entry; members that the request said as well tell which is which."""
    only: tuple[str, ...] = ()
    """What the type's survey must show of the container, else the call makes nothing; empty where it always does."""
    surveyed: bool = True
    """Whether the type's survey, where it has one, is needed to tell what the call makes."""
    via: Via | None = None
    """What it names in place of the container; `names` say where the container is once that was found out."""
    though: tuple[str, ...] = ()
    """Error codes after which it may be there all the same: nobody could send a message about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """The call by which one goes."""

    operation: str
    parameters: Mapping[str, str]
    """Parameter to key member; with a dot in front to a path in the listing's entry, `.@`. Dotted parameters nest:
    `core.paths.nested`."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that are always the same."""
    key: Mapping[str, str] = field(default_factory=dict)
    """Key member to path in the request, where a test's own removal names it otherwise than `parameters` say."""
    ends: Mapping[str, str] = field(default_factory=dict)
    """Key member to path in the request of what it ends with, after a colon: a test's own removal names an ARN by its
    last part alone."""
    when: tuple[str, tuple[str, ...]] | None = None
    """As in `Create`: a test's own call removes it only then. The same operation may remove a mere version."""
    absent: tuple[str, ...] = ()
    """Error codes that mean that it is gone already."""
    full: tuple[str, ...] = ()
    """Error codes that mean that it holds something: what it holds is removed, and it is tried again."""
    busy: tuple[str, ...] = ()
    """Error codes that mean: later, when something else has gone or a transition is over."""
    locked: tuple[str, ...] = ()
    """Error codes that mean that it is protected: the type's `prepare` is called then, and it is tried again."""
    batch: int = 0
    """How many one call takes, the only parameter being a list of key members or entry paths then; 0 takes
    no list."""
    also: tuple[str, ...] = ()
    """Other operations, with the same parameters, by which a test may remove it."""
    many: Mapping[str, Callable[[Mapping[str, Any]], Iterable[Mapping[str, Any]]]] = field(default_factory=dict)
    """One of these operations to its request as several, where a test's call removes several."""
    partly: Mapping[str, str] = field(default_factory=dict)
    """Operations that succeed and may leave something all the same, to the path in their answer, as on the wire, of
    what they left; empty where they never tell. Then it has gone once it is seen no more, and not before."""
    promises: bool = False
    """Whether success only means that it will go: deleting takes its time, and may fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How all of them are listed, page by page."""

    operation: str
    entries: str
    """Path of the entries in botocore's answer."""
    key: Mapping[str, str]
    """Key member to path in an entry; empty for what was asked with."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    within: Mapping[str, str] = field(default_factory=dict)
    """Parameter to key member of the container, for what is listed container by container."""
    narrow: Mapping[str, str] = field(default_factory=dict)
    """Parameter to key member of what is looked for, where that is known: the rest of the container is not read."""
    absent: tuple[str, ...] = ()
    """Error codes, or HTTP statuses as text, that mean that nothing is there, besides those that say so by name."""
    present: tuple[str, ...] = ()
    """Error codes, or HTTP statuses as text, that mean that the one that was asked for is there all the same."""
    elided: tuple[str, str, tuple[str, ...]] | None = None
    """A parameter, a value that says no more than its absence, and the error codes or HTTP statuses of emulators that
    do not know that value: it is left out then, and the same is asked again."""
    name: str = ""
    """Path in an entry of the name that people gave it; empty: the first key member."""
    created: str = ""
    """Path in an entry of the time of its creation; empty where listings do not tell."""
    gone: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Path in an entry to the values that mean that it is as good as gone: deleting, deleted, inactive."""
    detail: tuple[str, Mapping[str, str], str] | None = None
    """A read for each entry, where the entry alone does not tell: operation, parameter to path in the entry, and path
    in the answer of what is merged into the entry. Only asked of entries that matter."""
    more: tuple[str, str, str] | None = None
    """Paging of operations for which botocore has no paginator and whose token is not `NextToken`: path in the answer
    of the token or of a flag, parameter that takes it, and for a flag the path (in the page) of what that takes, of
    which the last one counts; else empty."""
    over: Listing | None = None
    """Another listing that tells by its `key` what `within` needs and a container's key lacks; that is in the entries
    then as well. With a container only what agrees with it is looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What must be known of a container that a run did not make, before one can tell what a call makes in it.

    Asked once for each container.
    """

    operation: str
    parameters: Mapping[str, str]
    """Parameter to key member."""
    shows: str
    """Path in the answer, as on the wire, of what matters."""
    key: Callable[[Key, Any], Key | None] | None = None
    """What `names` say and what is shown, to the key; None where that does not name one."""
    new: tuple[str, ...] = ()
    """What may be shown so that whatever is made is new, and nothing can be overwritten."""
    changed_by: tuple[str, ...] = ()
    """Operations after which it may show something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A read that tells when one was made, where listings do not: whoever has the name now may be another one."""

    operation: str
    parameters: Mapping[str, str]
    """As those of the removal."""
    path: str
    """Of the time in botocore's answer: a date, or seconds since 1970."""
    fixed: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something inside that must go first, by a call of its own."""

    listing: str
    """Operation that lists them."""
    given: Mapping[str, str]
    """Its parameters: parameter to key member, or with a dot in front a path in the entry of the whole."""
    entries: str
    """Path in botocore's answer."""
    removal: str
    """Operation that removes one."""
    parameters: Mapping[str, str]
    """Parameter to key member of the whole; with a dot in front a path in the part's entry."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    fixed_listing: Mapping[str, Any] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    rare: bool = False
    """Whether it may be passed over where listing it is refused: the sandbox policy grants nothing that makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """What comes to be together with it, and may stay when it goes: the log group of a function."""

    type: str
    """Name of the other type."""
    key: Mapping[str, str]
    """Its key: member to format string over this key."""
    probe: Probe | None = None
    """Whether it was there before; without one it is told at the end and never removed, unless its name is the run's
    own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """A case of the registry: one file in `resources/` exports one as `RESOURCE`."""

    name: str
    """`dynamodb-table`; the file is called the same with underscores."""
    type: str
    """CloudFormation's spelling, or one like it for what CloudFormation does not know."""
    service: str
    """botocore's."""
    creates: tuple[Create, ...]
    removal: Removal
    listing: Listing
    look: Listing | None = None
    """A read of one by its whole key, which stands for the listing where the ledger has that: nobody scans somebody
    else's table."""
    survey: Survey | None = None
    plain: Callable[[Key], Key] | None = None
    """A key as a request says it to the one way in which the ledger has it, where requests have several, or bytes."""
    spelled: Callable[[Key], Key] | None = None
    """The ledger's key as botocore takes it, where that differs."""
    birth: Birth | None = None
    """Asked when a run that died is swept, of names that another run or person may have used since."""
    scope: Literal["region", "account"] = "region"
    """Whether equal keys in two regions are two resources."""
    parts: tuple[Part, ...] = ()
    empty: Callable[[Any, Key, Mapping[str, Any]], Iterable[int]] | None = None
    """Removes what it holds where `parts` cannot say how, and tells after each step how many that were; given a boto3
    client, the key and the listing's entry."""
    empty_first: bool = False
    """Whether what it holds is removed before the first try, and not only when the removal says that it is full."""
    prepare: tuple[tuple[str, Mapping[str, str], Mapping[str, Any]], ...] = ()
    """Calls that must come before the removal (disable, detach): operation, parameters as those of the removal, fixed
    ones. What they answer is of no account. They come each time, or only when the removal says that it is `locked`."""
    after: tuple[str, ...] = ()
    """Names of types of which all must be gone before: what uses it, what is in it."""
    silent: tuple[Silent, ...] = ()
    within: str = ""
    """Name of the type that it is inside of and goes with: it is written down where the run did not make that."""
    container: Mapping[str, str] = field(default_factory=dict)
    """Key member of the container to key member of this."""
    physical: Mapping[str, str] = field(default_factory=dict)
    """Key member to path in CloudFormation's physical id; empty: the only key member is that id."""
    as_deployer: bool = False
    """Whether the deployer removes it, as with stacks."""
    patience: float = 60.0
    """Seconds until a removal that was accepted must have come true."""
    actions: tuple[str, ...] = ()
    """IAM actions that `empty` needs besides those of the declared operations."""
    proven: Literal["emulator", "model"] = "emulator"
    """What its contract test runs against: the emulator, or where that lacks the type botocore's model of it."""
    remark: str = ""
    """What users should know, one sentence for the reference page."""

    @property
    def key(self) -> tuple[str, ...]:
        """Members of its key."""
        return tuple(self.listing.key)

    def operations(self) -> tuple[str, ...]:
        """Every operation of its service that a sweep calls, but for those of `empty`."""
        listing = self.listing
        around = (listing.over.operation,) if listing.over else ()
        look = (self.look.operation,) if self.look else ()
        listed = (*around, listing.operation, *look, *((listing.detail[0],) if listing.detail else ()))
        parts = (name for part in self.parts for name in (part.listing, part.removal))
        return tuple(dict.fromkeys((*listed, *(step[0] for step in self.prepare), *parts, self.removal.operation)))


@cache
def resource_types() -> Mapping[str, ResourceType]:
    """The registry, by name."""
    return discover("sandgate.resources", "RESOURCE", ResourceType)
