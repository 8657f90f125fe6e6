"""What an examination of a template finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandgate.iam.request import AccessRequest

__all__ = ["Document", "Examined", "Grantee", "Member", "Part", "Place", "Problem", "Reference", "Source", "Unreadable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the stack would be."""

    account: str
    region: str
    partition: str = "aws"
    suffix: str = "amazonaws.com"
    """`AWS::URLSuffix`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason why the template must not be deployed."""

    code: str
    """Stable: `outside`, `unresolvable`, `unknown_type`, `account_wide`, `grants_outside`, `escalates`,
    `managed_policy`, `service`, `transform`, `trust`, `malformed`, `generated_outside`."""
    path: str
    """Where in the template, `Resources.Table.Properties.TableName`."""
    value: str = ""
    """The offending value, as far as it is known."""
    why: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One resource that the stack would have."""

    logical_id: str
    type: str
    service: str = ""
    """The IAM service that its handlers call, `dynamodb`; empty for what lives in CloudFormation alone."""
    name: str | None = None
    """The physical name; `None` where CloudFormation or the service generates it."""
    arn: str | None = None
    """The ARN; the random part of a generated name is `XXXXXXXXXXXX`. `None` where the service makes up an id."""
    path: str = ""
    """Where in the template it is named, or stands."""
    requests: tuple[AccessRequest, ...] = ()
    """What its create, update and delete handlers ask of it and of what it refers to."""
    may_need: tuple[str, ...] = ()
    """Actions of its handlers on other services that nothing in its properties names a resource of."""
    kept: bool = False
    """It outlives the stack (`DeletionPolicy` other than `Delete`)."""
    within: str = ""
    """What leads to the nested template that it stands in, `Resources.Inner.TemplateURL > `."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A resource outside the stack that a property names."""

    path: str
    value: str
    arn: str
    """Its ARN; the value itself where it is none and none can be formed."""
    member: str = ""
    """Logical id of the resource that refers to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Permissions that a role, user, group or function of the stack would get, without those on the stack's own."""

    path: str
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grantee:
    """Values of a condition that narrow who may use a resource of the stack; each must be inside."""

    path: str
    arns: tuple[str, ...]
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An object of S3 that holds a part of a template."""

    bucket: str
    key: str
    version: str = ""

    @property
    def text(self) -> str:
        """`s3://bucket/key`."""
        return f"s3://{self.bucket}/{self.key}" + (f"?versionId={self.version}" if self.version else "")

    @property
    def arn(self) -> str:
        """Of the object."""
        return f"arn:aws:s3:::{self.bucket}/{self.key}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A part that could not be had, or must not be."""

    code: str
    """Of the problem: `outside`, `unresolvable` or `malformed`."""
    why: str
    remedy: str


Part = Mapping[str, Any] | Unreadable
"""A part of a template that lies elsewhere, as it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a template would make, and what is wrong with it whatever the sandbox is."""

    members: tuple[Member, ...] = ()
    references: tuple[Reference, ...] = ()
    documents: tuple[Document, ...] = ()
    grantees: tuple[Grantee, ...] = ()
    problems: tuple[Problem, ...] = ()
    needed: tuple[Source, ...] = ()
    """Parts that lie elsewhere and were not given; there is a problem for each."""
    outputs: Mapping[str, object] = field(default_factory=dict)
    """What each output gives: text, with marks, or `Unknown`."""
    samples: Mapping[str, str] = field(default_factory=dict)
    """A possible text for each mark that stands for a name."""

    def within(self, path: str) -> Examined:
        """The same, of a template that another one names.

        Args:
            path: where in that one.
        """
        lead = f"{path} > "
        return replace(
            self,
            members=tuple(
                replace(
                    one,
                    path=lead + one.path,
                    within=lead + one.within,
                    requests=tuple(replace(request, member=lead + request.member) for request in one.requests),
                )
                for one in self.members
            ),
            references=tuple(replace(one, path=lead + one.path) for one in self.references),
            documents=tuple(replace(one, path=lead + one.path) for one in self.documents),
            grantees=tuple(replace(one, path=lead + one.path) for one in self.grantees),
            problems=tuple(replace(one, path=lead + one.path) for one in self.problems),
        )

    @property
    def actions(self) -> frozenset[str]:
        """Every action that the handlers of the members ask for."""
        return frozenset(request.action for member in self.members for request in member.requests)

    @property
    def services(self) -> frozenset[str]:
        """The IAM services of the members, `dynamodb`."""
        return frozenset(member.service for member in self.members if member.service)
