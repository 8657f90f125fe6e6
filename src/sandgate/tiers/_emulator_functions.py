"""Runs inside the emulator: what a function's process says when it fails, and that it survives what it survives on AWS.

Loaded by path there, so it imports nothing of sandgate. The emulator's workers are scripts in strings; a version in
which they read otherwise keeps its own behaviour, and `tests/emulated/test_functions.py` notices, or `test_stacks.py`.
"""

from __future__ import annotations

import functools
import queue
import secrets
import time
from typing import Any

__all__ = ["end_logs_with_their_call", "keep_after_errors", "show_import_tracebacks"]

_END = secrets.token_hex(16)
"""With the call's id, the line behind all that a call has logged: no function writes it by chance."""
_PATIENCE = 2.0
"""Seconds in which that line must come: it is written before the answer."""
_LAST_WORDS = 0.05
"""Seconds for what a process has logged that ended without that line."""
_PYTHON_CALLS = "            result = handler_fn(event, context)\n"
_PYTHON_CALLS_AND_ENDS = f"""            try:
                result = handler_fn(event, context)
            finally:
                try:
                    sys.__stderr__.flush()
                    os.write(2, ("{_END}" + _ms_ctx.get("request_id", "") + "\\n").encode())
                except (OSError, ValueError):
                    pass
"""
_NODE_CALLS = "      const result = handlerFn(event, context, callback);\n"
_NODE_CALLS_AND_ENDS = """      let result;
      try {
        result = handlerFn(event, context, callback);
      } catch (e) {
        settled = true;
        logEnds();
        throw e;
      }
"""
_NODE_SETTLES = "      let settled = false;\n"
_NODE_ENDS = f"""      const logEnds = () => _stderrWrite("{_END}" + (ctx.request_id || "") + "\\n");
"""
_NODE_SETTLED = "        settled = true;\n"

_RAISED = "raised"
"""Member of a worker's answer, which the emulator does not know: the handler failed, and the process did not."""
_PYTHON_FAILS = 'json.dumps({"status": "error", "error": str(e), "trace": '
_PYTHON_RAISED = f'json.dumps({{"status": "ok", "{_RAISED}": True, "error": str(e), "trace": '
_NODE_FAILS = (
    'status: "error", error: String(err.message || err), trace: err.stack',
    'status: "error", error: e.message, trace: e.stack',
)


def show_import_tracebacks(runtime: Any, service: Any) -> None:
    """A handler that does not import fails with one line and an empty log here; AWS writes the traceback to the log.

    Args:
        runtime: the emulator's module that runs workers.
        service: its Lambda.
    """
    said = 'json.dumps({"status": "error", "error": str(e)}) + "\\n"'
    says = said.replace("str(e)", 'str(e) + "\\n" + traceback.format_exc().replace(code_dir + os.sep, "")')
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(said, says)  # noqa: SLF001
    execute = service._execute_function_warm  # noqa: SLF001

    @functools.wraps(execute)
    def execute_and_log(func: object, event: object, request_id: object) -> dict[str, object]:
        result: dict[str, object] = execute(func, event, request_id)
        body = result.get("body")
        if result.get("error") and not result.get("log") and isinstance(body, dict):
            result["log"] = str(body.get("errorMessage", ""))
        return result

    service._execute_function_warm = execute_and_log  # noqa: SLF001


def keep_after_errors(runtime: Any) -> None:
    """A handler that raises ends its process here; on AWS the environment stays, and the next call finds it warm.

    An authorizer that refuses raises, so that each refusal costs the next request a start.

    Args:
        runtime: the emulator's module that runs workers.

    Source: AWS Lambda Developer Guide, "Understanding the Lambda execution environment lifecycle": an environment is
    reset when the function's process ends or its time is over.
    """
    runtime._PYTHON_WORKER_SCRIPT = runtime._PYTHON_WORKER_SCRIPT.replace(_PYTHON_FAILS, _PYTHON_RAISED)  # noqa: SLF001
    for fails in _NODE_FAILS:
        raised = fails.replace('status: "error"', f'status: "ok", {_RAISED}: true')
        runtime._NODEJS_WORKER_SCRIPT = runtime._NODEJS_WORKER_SCRIPT.replace(fails, raised)  # noqa: SLF001
    invoke = runtime.Worker.invoke

    @functools.wraps(invoke)
    def invoke_and_keep(*args: Any, **keywords: Any) -> dict[str, Any]:
        answer: dict[str, Any] = invoke(*args, **keywords)
        if answer.pop(_RAISED, False):
            answer["status"] = "error"
        return answer

    runtime.Worker.invoke = invoke_and_keep


def end_logs_with_their_call(runtime: Any) -> None:
    """The process says where the log of a call ends, so that nobody waits for more, and each call has its own lines.

    The emulator by itself waits for lines that may still come, 50 ms after a call that logs nothing.

    Args:
        runtime: the emulator's module that runs workers.
    """
    python, node = runtime._PYTHON_WORKER_SCRIPT, runtime._NODEJS_WORKER_SCRIPT  # noqa: SLF001
    if _PYTHON_CALLS not in python or any(text not in node for text in (_NODE_CALLS, _NODE_SETTLES, _NODE_SETTLED)):
        return
    node = node.replace(_NODE_SETTLED, f"{_NODE_SETTLED}        logEnds();\n").replace(
        _NODE_CALLS, _NODE_CALLS_AND_ENDS
    )
    runtime._PYTHON_WORKER_SCRIPT = python.replace(_PYTHON_CALLS, _PYTHON_CALLS_AND_ENDS)  # noqa: SLF001
    runtime._NODEJS_WORKER_SCRIPT = node.replace(_NODE_SETTLES, _NODE_SETTLES + _NODE_ENDS)  # noqa: SLF001
    worker = runtime.Worker
    invoke = worker.invoke

    @functools.wraps(invoke)
    def invoke_and_end(self: Any, event: object, request_id: str, **options: Any) -> Any:
        self.log_ends = _END + request_id
        return invoke(self, event, request_id, **options)

    # Custom runtimes have no script that could be told to say it.
    runtime.ProvidedWorker._drain_stderr_bounded = worker._drain_stderr_bounded  # noqa: SLF001
    worker.invoke, worker._drain_stderr_bounded = invoke_and_end, _whole_log  # noqa: SLF001


def _whole_log(worker: Any) -> str:
    """What one call has logged."""
    lines: list[str] = []
    deadline = time.monotonic() + (_PATIENCE if worker._proc is not None else _LAST_WORDS)  # noqa: SLF001
    while (left := deadline - time.monotonic()) > 0:
        try:
            line = worker._stderr_queue.get(timeout=left)  # noqa: SLF001
        except queue.Empty:
            break
        said, end, _ = line.partition(_END)
        if said or not end:
            lines.append(said)
        if line.endswith(worker.log_ends):
            break
    return "\n".join(lines)
