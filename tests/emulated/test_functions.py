"""A function's process on the embedded AWS: it survives what it survives on AWS, and nothing else."""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Callable, Iterator

import pytest

from sandgate.stacks import logs
from sandgate.stacks.model import Clients

PYTHON = """
import sys, threading, time

calls, late = 0, None

def handler(event, context):
    global calls, late
    calls += 1
    print(event.get("says", ""), end="")
    if event.get("waits"):
        late.join()
    if "later" in event:
        late = threading.Thread(target=tell_later, args=(event["later"],))
        late.start()
    if event.get("exits"):
        raise SystemExit(1)
    if event.get("fails"):
        raise ValueError("as it was asked to")
    return calls

def tell_later(text):
    while answering():
        time.sleep(0.001)
    time.sleep(0.01)
    print(text)

def answering():
    frame = sys._current_frames()[threading.main_thread().ident]
    while frame is not None and frame.f_code is not handler.__code__:
        frame = frame.f_back
    return frame is not None
"""
NODE = """
let calls = 0, late;

exports.handler = async (event) => {
  calls += 1;
  process.stdout.write(event.says || "");
  if (event.waits) await late;
  if (event.later) late = new Promise((over) => setTimeout(() => over(console.log(event.later)), 10));
  if (event.exits) process.exit(1);
  if (event.fails) throw new Error("as it was asked to");
  return calls;
};
"""
RUNTIMES = {"python3.12": ("one.py", PYTHON), "nodejs20.x": ("one.js", NODE)}
TRUST = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}'


@pytest.fixture
def call(
    upstream_clients: Clients, require_tool: Callable[[str], str], request: pytest.FixtureRequest
) -> Iterator[Callable[..., logs.Invocation]]:
    """`call(**event)` invokes a function of the runtime that the test is for."""
    if request.param.startswith("nodejs"):
        require_tool("node")
    name, (file, text) = f"test-{secrets.token_hex(3)}-calls", RUNTIMES[request.param]
    with zipfile.ZipFile(code := io.BytesIO(), "w") as archive:
        archive.writestr(file, text)
    iam, functions = upstream_clients("iam"), upstream_clients("lambda")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    functions.create_function(
        FunctionName=name, Runtime=request.param, Handler="one.handler", Role=role, Code={"ZipFile": code.getvalue()}
    )
    yield lambda **event: logs.invoke(upstream_clients, name, event)
    functions.delete_function(FunctionName=name)
    iam.delete_role(RoleName=name)
    logs.remove_groups(upstream_clients, [name])


@pytest.mark.parametrize("call", RUNTIMES, indirect=True)
def test_a_handler_that_fails_leaves_its_process_warm(call: Callable[..., logs.Invocation]) -> None:
    assert call().payload == 1
    failed = call(fails=True)
    assert "as it was asked to" in failed.error
    assert "as it was asked to" in "\n".join(failed.log)
    assert call().payload == 3, "the process was started anew"


@pytest.mark.parametrize("call", RUNTIMES, indirect=True)
def test_a_process_that_ends_is_started_anew(call: Callable[..., logs.Invocation]) -> None:
    assert call().payload == 1
    assert call(exits=True).error
    assert call().payload == 1


@pytest.mark.parametrize("call", RUNTIMES, indirect=True)
def test_each_call_has_its_own_log(call: Callable[..., logs.Invocation]) -> None:
    """What a process writes after its answer is told by the next call: AWS freezes it in between."""
    assert call().log == ()
    assert call(says="a line\n").log == ("a line",)
    assert call(says="two\nlines, one of them without an end").log == ("two", "lines, one of them without an end")
    assert call(later="in good time").log == ()
    assert call(waits=True).log == ("in good time",)
    failed = call(says="before it fails\n", fails=True)
    assert failed.log[0] == "before it fails"
    assert call().log == ()
