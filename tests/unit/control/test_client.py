"""The front end's side of the control socket, against the real other side."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from sandgate.control.client import ControlClient
from sandgate.control.messages import MAX_LINE, SOCKET_LIMIT, check_socket_path
from sandgate.control.server import serve_control
from sandgate.errors import EnvironmentFault, RunError

Handler = Callable[[str, Mapping[str, object]], object]


class Served:
    """A control socket in a thread."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.told: list[object] = []
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(serve_control(path, self._answer))
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    async def _answer(self, command: str, fields: Mapping[str, object]) -> Mapping[str, object] | None:
        if command == "test":
            self.told.append(fields["id"])
            return None
        if command == "port":
            raise KeyError("worker")
        return {"command": command, "told": list(self.told), **fields}

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        for task in asyncio.all_tasks(self._loop):
            self._loop.call_soon_threadsafe(task.cancel)
        self._loop.call_soon_threadsafe(self._loop.call_later, 0.05, self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def served() -> Iterator[Served]:
    with TemporaryDirectory() as folder:  # a short path, whatever the base of pytest's is
        made = Served(Path(folder) / "s")
        yield made
        made.stop()


def test_requests_are_answered_and_notes_are_not(served: Served) -> None:
    client = ControlClient(served.path)
    client.notify("test", worker="gw0", id="a::b")
    assert client.request("status", x=1)["told"] == ["a::b"]
    client.close()


def test_a_refused_command_is_an_error_with_its_text(served: Served) -> None:
    client = ControlClient(served.path)
    for command, text in (("explode", "unknown control command"), ("port", "worker")):
        with pytest.raises(RunError, match=text):
            client.request(command)
    assert client.request("status")["ok"], "the connection goes on"
    client.close()


def test_a_message_that_is_too_long_is_told_so(served: Served) -> None:
    client = ControlClient(served.path)
    with pytest.raises(RunError, match="limited to"):
        client.request("status", x="x" * (MAX_LINE * 2))
    client.close()


def test_many_threads_share_a_client_and_many_clients_a_gate(served: Served) -> None:
    clients = [ControlClient(served.path) for _ in range(4)]

    def ask(number: int) -> object:
        return clients[number % 4].request("key", worker=number)["worker"]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(200))) == list(range(200))
    for client in clients:
        client.close()


def test_a_gate_that_is_gone_is_an_error_that_says_so(served: Served) -> None:
    with pytest.raises(RunError, match="does not answer"):
        ControlClient(served.path + "-nobody")


def test_paths_that_the_kernel_would_cut_are_refused(tmp_path: Path) -> None:
    check_socket_path(Path("/tmp/short"))
    with pytest.raises(EnvironmentFault) as caught:
        check_socket_path(Path("/" + "x" * SOCKET_LIMIT))
    assert "TMPDIR" in caught.value.hint
    with pytest.raises(EnvironmentFault):
        asyncio.run(serve_control(tmp_path / ("x" * SOCKET_LIMIT), lambda _c, _f: asyncio.sleep(0, None)))
