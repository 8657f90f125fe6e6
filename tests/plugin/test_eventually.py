from __future__ import annotations

from collections.abc import Callable

import pytest

from sandgate.pytest_plugin.fixtures.eventually import Eventually


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def eventually(waits: list[float]) -> Eventually:
    """On a clock that stands still but for the waits."""
    return Eventually(clock=lambda: sum(waits), sleep=waits.append)


def later(*results: object) -> Callable[[], object]:
    rest = list(results)

    def look() -> object:
        result = rest.pop(0) if len(rest) > 1 else rest[0]
        if isinstance(result, Exception):
            raise result
        return result

    return look


def test_the_first_true_result_is_given_back(eventually: Eventually, waits: list[float]) -> None:
    assert eventually(later(None, [], "there", "later")) == "there"
    assert waits == pytest.approx([0.1, 0.15])


def test_waits_grow_and_end_at_the_deadline(eventually: Eventually, waits: list[float]) -> None:
    with pytest.raises(AssertionError, match=r"waited 4 s for the item; attempt \d+, the last, gave result \[\]"):
        eventually(later([]), timeout=4, interval=1, backoff=2, longest=2, message="the item")
    assert waits == [1, 2, 1]


def test_a_failed_assertion_means_not_yet_and_is_the_cause(eventually: Eventually) -> None:
    def check() -> None:
        assert [1] == [2], "still wrong"

    with pytest.raises(AssertionError, match=r"for check to pass; .* gave AssertionError: still wrong") as caught:
        eventually.passes(check, timeout=1)
    assert isinstance(caught.value.__cause__, AssertionError)


def test_a_check_that_passes_may_return_nothing(eventually: Eventually) -> None:
    eventually.passes(later(AssertionError("no"), None))


def test_another_exception_is_no_waiting_matter(eventually: Eventually, waits: list[float]) -> None:
    with pytest.raises(KeyError):
        eventually(later(KeyError("x")))
    assert waits == []
    assert eventually(later(KeyError("x"), 1), ignoring=(KeyError, ValueError)) == 1


def test_a_predicate_may_say_what_is_wanted(eventually: Eventually) -> None:
    assert eventually(later(3, 2, 0), until=lambda n: n == 0) == 0


def test_time_zero_is_one_attempt(eventually: Eventually, waits: list[float]) -> None:
    with pytest.raises(AssertionError, match=r"for a lambda to give .* attempt 1, the last"):
        eventually(lambda: None, timeout=0)
    assert waits == []


def test_long_results_are_cut(eventually: Eventually) -> None:
    with pytest.raises(AssertionError) as caught:
        eventually(lambda: "x" * 5000, until=lambda _: False, timeout=0)
    assert len(str(caught.value)) < 600
