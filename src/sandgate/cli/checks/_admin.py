"""What only the administrator may read: asked with `admin_profile`, where the configuration names one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandgate.cli.checks._aws import credentials, names, who
from sandgate.cli.checks._model import Facts
from sandgate.errors import EnvironmentFault

if TYPE_CHECKING:
    from sandgate.identity.admin import Admin

__all__ = ["admin", "key_made", "other_keys"]


def admin(facts: Facts) -> Admin:
    """The administrator.

    Raises:
        SandgateError: none is configured, or it cannot be asked.
    """
    from sandgate.identity.admin import open_admin  # noqa: PLC0415 - brings botocore

    profile = facts.config.admin_profile
    if not profile:
        raise EnvironmentFault("only an administrator may read it", hint="admin_profile names the profile of one")
    return open_admin(facts.config, profile, facts.environ)


def key_made(facts: Facts) -> float | None:
    """When the tests' access key was made, in seconds since 1970; `None` for a session, and where nobody knows.

    Raises:
        SandgateError: there are no credentials, or nobody can be asked.
    """
    from sandgate.identity._aws import aws_errors  # noqa: PLC0415
    from sandgate.identity.record import Record  # noqa: PLC0415

    keys = facts.once(credentials)
    if keys.session_token:
        return None
    arn = facts.once(who).arn
    for event in Record(root=facts.config.root, user=arn).events():
        if event["event"] == "made" and event["id"] == keys.access_key_id:
            return float(event["at"])
    if not facts.config.admin_profile:
        return None
    with aws_errors("the age of the key cannot be read"):
        listed = facts.once(admin).clients("iam").list_access_keys(UserName=names(facts).user)["AccessKeyMetadata"]
    found = (entry["CreateDate"].timestamp() for entry in listed if entry["AccessKeyId"] == keys.access_key_id)
    return next(found, None)


def other_keys(facts: Facts) -> tuple[str, ...]:
    """Ids of the keys of the tests' user that work beside the one in use; none where nobody can be asked.

    Raises:
        SandgateError: AWS refuses to tell.
    """
    from sandgate.identity._aws import aws_errors  # noqa: PLC0415

    user, caller = names(facts).user, facts.once(who)
    if not facts.config.admin_profile or caller.name != f"user/{user}":
        return ()
    kept = facts.once(credentials).access_key_id
    with aws_errors("the user's keys cannot be listed"):
        listed = facts.once(admin).clients("iam").list_access_keys(UserName=user)["AccessKeyMetadata"]
    ids = (entry["AccessKeyId"] for entry in listed if entry["Status"] == "Active")
    return tuple(key for key in ids if key != kept)
