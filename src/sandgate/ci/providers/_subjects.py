"""Subjects of tokens: which job they name, exactly."""

from __future__ import annotations

import re

from sandgate.errors import ConfigError

__all__ = ["exact"]

_SUBJECT = re.compile(r"ref:refs/(?:heads|tags)/[A-Za-z0-9._/+#@-]+|environment:[A-Za-z0-9 ._/+#@-]+|pull_request")


def exact(subjects: tuple[str, ...], *, where: str) -> tuple[str, ...]:
    """The subjects, each exactly one job's.

    Args:
        subjects: as in `ci_subjects`.
        where: they stand.

    Raises:
        ConfigError: there is none, or one could stand for several: a wildcard, or `${…}`, which IAM fills in.
    """
    if not subjects:
        raise ConfigError("ci_subjects: names no job, so nobody could take the role", where=where)
    for subject in subjects:
        if not _SUBJECT.fullmatch(subject):
            raise ConfigError(
                f"ci_subjects: {subject!r} is not exactly one job's",
                where=where,
                hint="ref:refs/heads/NAME, ref:refs/tags/NAME, environment:NAME or pull_request; no wildcards",
            )
    return subjects
