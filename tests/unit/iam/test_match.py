"""Globs, ARN patterns and inclusion, against brute force."""

from __future__ import annotations

import itertools
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandgate.iam.arns import arn_matcher
from sandgate.iam.inclusion import arn_included, arns_meet, included, meets, widened
from sandgate.iam.match import matcher, pattern
from sandgate.iam.variables import template

LETTERS = "ab"
TEXTS = ["".join(letters) for size in range(6) for letters in itertools.product(LETTERS, repeat=size)]
PATTERNS = st.text(alphabet="ab*?", max_size=5)
ARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/test_a"


@settings(max_examples=300, deadline=None)
@given(text=PATTERNS)
def test_a_glob_matches_what_it_says(text: str, reference: Any) -> None:
    test = matcher(pattern(text))
    assert [one for one in TEXTS if test(one)] == [one for one in TEXTS if reference.glob(text, one)]


@settings(max_examples=400, deadline=None)
@given(inner=PATTERNS, outer=PATTERNS)
def test_inclusion_is_never_wrongly_claimed(inner: str, outer: str, reference: Any) -> None:
    if included(pattern(inner), pattern(outer)):
        assert all(reference.glob(outer, text) for text in TEXTS if reference.glob(inner, text))


def test_patterns_meet_where_a_text_fits_both(reference: Any) -> None:
    short = ["".join(letters) for size in range(4) for letters in itertools.product("a*?", repeat=size)] + ["b", "*b*"]
    matched = {text: {one for one in TEXTS if reference.glob(text, one)} for text in short}
    for one, other in itertools.product(short, short):
        assert meets(pattern(one), pattern(other)) is bool(matched[one] & matched[other]), (one, other)


@pytest.mark.parametrize(
    ("other", "answer"),
    [
        ("*", True),
        ("arn:*", True),
        ("arn:aws:dynamodb:*:*:table/*", True),
        ("arn:aws:dynamodb:*:*:table/test_b*", False),
        ("arn:aws:dynamodb:us-*:*:table/*", False),
        ("arn:aws:dynamodb:*:table/*:x:*", False),
    ],
)
def test_arns_meet_segment_by_segment(other: str, answer: bool) -> None:
    left, right = (template(text, variables=False, wildcards=True) for text in (ARN, other))
    assert (arns_meet(left, right), arns_meet(right, left)) == (answer, answer)


def test_inclusion_is_rarely_missed(reference: Any) -> None:
    """Over all pairs of short patterns: what is missed has a `?` in the outer one where the inner one has a `*`."""
    short = ["".join(letters) for size in range(4) for letters in itertools.product("a*?", repeat=size)]
    matched = {text: {one for one in TEXTS if reference.glob(text, one)} for text in short}
    pairs = [(inner, outer) for inner in short for outer in short if matched[inner] <= matched[outer]]
    missed = [(inner, outer) for inner, outer in pairs if not included(pattern(inner), pattern(outer))]
    assert len(missed) <= len(pairs) // 10, missed


@pytest.mark.parametrize(
    ("inner", "outer", "answer"),
    [
        ("test_*", "test_*", True),
        ("test_a*", "test_*", True),
        ("test_*", "test_a*", False),
        ("test?*", "test*", True),
        ("test*", "test?*", False),
        ("*?", "?*", True),
        ("**", "*", True),
        ("", "*", True),
        ("*", "", False),
        ("a?c", "a*c", True),
        ("a*c", "a?c", False),
        ("test-a/${aws:username}/x", "test-*", True),
        ("${aws:username}", "test-*", False),
        ("${aws:username, 'test-a'}", "test-*", False),
        ("test-${*}", "test-?", True),
        ("test-*", "test-${*}", False),
    ],
)
def test_inclusion(inner: str, outer: str, answer: bool) -> None:
    one, other = (widened(template(text, variables=True, wildcards=True)) for text in (inner, outer))
    assert included(one, other) is answer


@pytest.mark.parametrize(
    ("inner", "outer", "answer"),
    [
        (ARN, "arn:aws:dynamodb:*:*:table/test_*", True),
        (ARN, "*", True),
        ("*", "*", True),
        ("*", "arn:*:*:*:*:*", False),  # `*` is also the resource of actions that have none
        ("arn:aws:dynamodb:*:111122223333:table/test_*", "arn:aws:dynamodb:eu-west-1:111122223333:table/*", False),
        (
            "arn:aws:dynamodb:eu-west-1:111122223333:table/*",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/test_*",
            False,
        ),
        ("arn:aws:s3:::test-*", "arn:aws:s3:::test-*", True),
        ("arn:aws:s3:::test-*/${aws:username}", "arn:aws:s3:::test-*", True),
        ("arn:aws:s3:x:y:test", "arn:aws:s3*:test", False),  # an outer pattern of fewer segments includes nothing
    ],
)
def test_inclusion_of_arns(inner: str, outer: str, answer: bool) -> None:
    one = template(inner, variables=True, wildcards=True)
    assert arn_included(one, template(outer, variables=True, wildcards=True)) is answer


@pytest.mark.parametrize(
    ("text", "arn", "answer"),
    [
        ("arn:aws:dynamodb:*:111122223333:table/test_*", ARN, True),
        ("arn:aws:dynamodb:*:table/test_*", ARN, None),
        ("arn:aws:*:*:*:table/test_?", ARN, True),
        ("arn:aws:dynamodb:eu*:*:table/*", "arn:aws:dynamodb:eu:x:y:table/a", False),
        ("arn:aws:dynamodb:*:table/*:*", "arn:aws:dynamodb:a:b:table/c:d", False),
        ("arn:aws:lambda:*:*:function:test-*", "arn:aws:lambda:eu-west-1:111122223333:function:test-a:live", True),
        ("arn:aws:s3:::test-*", "arn:aws:s3:::test-a/b:c/d", True),
        ("arn:aws:s3:*:*:test-*", "arn:aws:s3:::test-a", True),
        ("arn:aws:s3:::Test-*", "arn:aws:s3:::test-a", False),
        ("arn:aws:s3:::test-*", "arn:aws:s3", False),
        ("arn:aws:s3:*:*:*", "arn:aws:s3:a:b", False),
    ],
)
def test_arns_are_matched_by_segment(text: str, arn: str, answer: bool | None) -> None:
    test = arn_matcher(pattern(text))
    assert (test and test(arn)) is answer


def test_a_hostile_pattern_takes_no_longer() -> None:
    start = time.process_time()
    assert not matcher(pattern("?" + "a*" * 40 + "b?"))("a" * 2000)
    assert not included(pattern("a*" * 300 + "b"), pattern("a*" * 300 + "c"))
    assert time.process_time() - start < 2  # where it tries every way: longer than the universe is old
