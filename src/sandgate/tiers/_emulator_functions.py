"""Runs inside the emulator: what a function's process says when it fails, and that it survives what it survives on AWS.

Loaded by path there, so it imports nothing of sandgate. The emulator's workers are scripts in strings; a version in
which they read otherwise keeps its own behaviour, and `tests/emulated/test_stacks.py` notices.
"""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["keep_after_errors", "show_import_tracebacks"]

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
