"""The session's hooks: which test runs, how it ended, what was selected, and the verdict at the end."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from typing import Any, NoReturn

import pytest

from sandgate.errors import ExitCode, SandgateError
from sandgate.finish import end_at_once, finish
from sandgate.pytest_plugin.header import header_lines
from sandgate.pytest_plugin.joined import JoinedSession
from sandgate.pytest_plugin.outcomes import Outcomes, is_subtest
from sandgate.pytest_plugin.patience import patient
from sandgate.pytest_plugin.selection import Selection, count, covers, must_reach
from sandgate.pytest_plugin.state import State
from sandgate.reports.lines import sweep_lines
from sandgate.reports.receipt import Receipt
from sandgate.reports.refusals import RefusalGroup
from sandgate.reports.summary import refusal_lines, summary_lines
from sandgate.reports.words import colour_of

__all__ = ["SessionPlugin"]

_WORKER_SAYS = "sandgate_selection"
_CONTENT = (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
"""pytest's statuses that leave the verdict to the receipt; failed tests stay failed tests."""


def _test_around(state: State) -> str:
    """Id of the run's test in which this pytest was started, as tests of plugins do; empty where there is none.

    pytest's variable alone may be of a pytest that is no part of the run, and the gate's word of a test that died.
    """
    running = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    return running if running and state.run.status()["tests"].get(state.worker) == running else ""


class SessionPlugin:
    """One pytest process's part in a run.

    Args:
        config: pytest's.
        state: what the fixtures share.
    """

    def __init__(self, config: pytest.Config, state: State) -> None:
        self._config = config
        self._state = state
        self._run = state.run
        self._id = secrets.token_hex(6)
        """Of this session in the log: a run may have several, in one process even."""
        self._around = _test_around(state)
        self._outcomes = Outcomes()
        self._tests: set[str] = set()
        """Ids of the tests that are going to run."""
        self._roots = [self._run.config.root / path for path in self._run.config.paths]
        self._selection = Selection()
        self._interrupted = False
        self._began = time.monotonic()
        self._receipt: Receipt | None = None
        goes_on = (self._run.directory / "detached").exists() and not self._is_worker
        self._joined = JoinedSession(self._run) if goes_on else None
        self._refusals: tuple[RefusalGroup, ...] = ()

    @property
    def _is_worker(self) -> bool:
        """Whether a controller reports for this process."""
        return hasattr(self._config, "workerinput")

    def pytest_report_header(self) -> list[str]:
        """Say where calls will end, as whom, and where each setting came from."""
        writer = self._config.get_terminal_writer()
        return header_lines(self._run, lambda text: writer.markup(text, yellow=True))

    # -- what is selected -----------------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None]:
        """Count what was collected before `-k` and `-m` take away, and what is left."""
        collected, collected_under = count((item.path for item in items), self._roots)
        result = yield
        selected, selected_under = count((item.path for item in items), self._roots)
        self._selection = Selection(
            collected=collected, collected_under=collected_under, selected=selected, selected_under=selected_under
        )
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Say that there is a session: one that dies says nothing any more."""
        if not self._is_worker:
            self._note("session", session=self._id)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say how many tests are going to run, before any does."""
        if not self._is_worker:
            self._say_tests(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Say the same on a controller; its workers find the same tests."""
        self._say_tests(ids)

    def _say_tests(self, ids: Iterable[str]) -> None:
        known = len(self._tests)
        self._tests.update(ids)
        if len(self._tests) > known or not known:
            self._note("session", session=self._id, tests=len(self._tests))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist counted; the controller collects nothing itself."""
        told = getattr(node, "workeroutput", {}).get(_WORKER_SAYS)
        if told:
            self._selection = self._selection.merged(told)

    # -- what runs, and how it ended ------------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Tell the gate which test the calls that come now belong to."""
        self._state.server_errors.clear()
        self._run.set_test(item.nodeid, self._state.worker)
        try:
            return (yield)
        finally:
            self._run.set_test(self._around, self._state.worker)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show what the functions logged, where a test failed after an answer of 500 or above."""
        report = yield
        if report.failed and self._state.server_errors:
            from sandgate.pytest_plugin.server_log import log_sections  # noqa: PLC0415 - of use to few tests

            report.sections.extend(log_sections(self._run.deployer_clients(), self._state.server_errors))
            self._state.server_errors.clear()
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write each test's outcome down once it is final."""
        if self._is_worker:
            return
        if outcome := self._outcomes.add(report):
            gateway = getattr(getattr(report, "node", None), "gateway", None)
            worker = getattr(gateway, "id", self._state.worker)
            more = {} if is_subtest(report) else {"session": self._id}
            self._note_test(report.nodeid, outcome, worker, **more)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported is an error of the run, and a module that skips itself a skip."""
        if self._is_worker or report.passed:
            return
        self._note_test(report.nodeid, "error" if report.failed else "skipped", self._state.worker)

    def _note_test(self, nodeid: str, outcome: str, worker: str, **more: object) -> None:
        """Write an outcome down; only a test that was selected has a session."""
        self._note("test", id=nodeid, outcome=outcome, worker=worker, **more)

    def _note(self, event: str, **fields: object) -> None:
        """Write an event; that the gate is gone is the verdict's business, not the business of a test's report."""
        try:
            self._run.note(event, **fields)
        except SandgateError:
            return

    # -- the end --------------------------------------------------------------------------------------------------

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember that a person stopped the run; pytest's own reasons to stop come this way too."""
        self._interrupted = isinstance(excinfo.value, KeyboardInterrupt) and not isinstance(
            excinfo.value, pytest.Session.Interrupted
        )

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> Generator[None, object, object]:
        """End the run, after all fixtures are finalised and, on a controller, after all workers are gone."""
        if self._is_worker:
            session.config.workeroutput[_WORKER_SAYS] = self._selection.to_json()  # type: ignore[attr-defined]
            return (yield)
        try:
            done = yield
        except KeyboardInterrupt:  # while another plugin waited for its workers
            if self._run.owner:
                self._end_at_once()
            raise
        except Exception:  # a plugin's or a conftest's own, after which pytest shows nothing
            self._end(session, exitstatus)
            if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
                self.pytest_terminal_summary(reporter)
            raise
        self._end(session, exitstatus)
        return done

    def _end(self, session: pytest.Session, exitstatus: int) -> None:
        wanted = self._must_reach()
        ended = {"session": self._id, "status": int(exitstatus)}
        self._note("selected", tests=self._selection.selected, must_reach=wanted, **ended)
        if self._joined is not None:
            self._judge_refusals(self._joined, session, exitstatus)
        if not self._run.owner:
            return
        try:
            self._receipt = self._finish(exitstatus, wants_calls=wanted)
        except KeyboardInterrupt:
            self._end_at_once()
        if exitstatus in _CONTENT:
            session.exitstatus = int(self._receipt.status)

    def _end_at_once(self) -> NoReturn:
        pytest.exit(end_at_once(self._run), int(ExitCode.INTERRUPTED))

    def _finish(self, exitstatus: int, *, wants_calls: bool) -> Receipt:
        empty = exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
        with patient(asked=self._interrupted) as interrupted:
            return finish(
                self._run,
                command=("pytest", *map(str, self._config.invocation_params.args)),
                exit_status=0 if empty else int(exitstatus),
                tests_s=time.monotonic() - self._began,
                wants_calls=wants_calls,
                interrupted=interrupted,
                say=self._say_sweep(),
            )

    def _say_sweep(self) -> Callable[[int, int], None]:
        """Where a sweep says how far it is: nowhere with `-p no:terminal`."""
        if not self._config.pluginmanager.has_plugin("terminalreporter"):
            return lambda _done, _all: None
        return sweep_lines(self._config.get_terminal_writer().write)

    def _judge_refusals(self, joined: JoinedSession, session: pytest.Session, exitstatus: int) -> None:
        """In a run that goes on, tests are judged by their own refusals at least."""
        with contextlib.suppress(SandgateError):  # a gate that is gone is the business of whoever ends the run
            self._refusals = joined.refusals(self._outcomes.tests)
        counted = sum(group.counted for group in self._refusals)
        if counted and exitstatus in _CONTENT and self._run.config.on_refusal == "fail":
            session.exitstatus = int(ExitCode.REFUSED)

    def _must_reach(self) -> bool:
        here = self._config.invocation_params.dir
        return must_reach(self._selection, covered=covers(self._config.args, self._roots, here))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Show what the run was worth."""
        if self._refusals:
            terminalreporter.section("sandgate")
            for line in refusal_lines(self._refusals, self._run.config.on_refusal):
                terminalreporter.write_line(line)
        if self._receipt is None:
            return
        green = self._receipt.status is ExitCode.OK
        terminalreporter.section("sandgate", green=green, red=not green)
        for line in summary_lines(self._receipt):
            colour = colour_of(line)
            terminalreporter.write_line(line, **({colour: True} if colour else {}))
