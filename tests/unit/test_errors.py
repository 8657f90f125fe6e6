"""Errors for people: text, exit status, and a way through a pickle, as parallel workers send them."""

from __future__ import annotations

import pickle

import pytest

from sandgate import errors

KINDS = [errors.UsageError, errors.ConfigError, errors.EnvironmentFault, errors.StackError, errors.RunError]


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_a_pickle(kind: type[errors.SandgateError]) -> None:
    copy = pickle.loads(pickle.dumps(kind("what", where="there", hint="do this")))
    assert (type(copy), str(copy)) == (kind, "what\n  where: there\n  hint:  do this")


def test_each_kind_has_a_status_of_its_own() -> None:
    statuses = [kind.exit_code for kind in KINDS]
    assert len(set(statuses)) == len(statuses)
    assert errors.ExitCode.OK not in statuses


def test_lines_without_content_are_left_out() -> None:
    assert str(errors.RunError("what")) == "what"
