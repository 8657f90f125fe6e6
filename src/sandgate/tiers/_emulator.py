"""Runs inside the emulator's own environment: serve it on a unix socket, and end when the gate ends.

Started as a script, so it imports nothing of sandgate. Its standard input is a pipe that the gate holds: end-of-file
means that the gate is gone, however it died, and then the whole process group goes, function workers included.
"""

from __future__ import annotations

import functools
import gc
import gzip
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

__all__ = ["main"]

_OK = 200
_HEAD = 4096
_SYMMETRIC = "SYMMETRIC_DEFAULT"
_REMOVE = """
import os, shutil, sys, time
for _ in range(500):
    try:
        os.killpg(int(sys.argv[1]), 0)
    except OSError:
        break
    time.sleep(0.01)
shutil.rmtree(sys.argv[2], ignore_errors=True)
"""
"""A gate that was killed removes nothing, and this process cannot outlive the group whose files they are."""


def _end_with_the_gate(folder: str) -> None:
    while os.read(0, 4096):
        pass
    subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-I", "-S", "-c", _REMOVE, str(os.getpgid(0)), folder],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
    os.killpg(0, signal.SIGKILL)


def _run_functions_as_aws_does() -> None:
    """What a function's process says and survives; see `_emulator_functions.py`."""
    from ministack.core import lambda_runtime  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    from ministack.services import lambda_svc  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    functions = _beside("_emulator_functions")
    functions.show_import_tracebacks(lambda_runtime, lambda_svc)
    functions.end_logs_with_their_call(lambda_runtime)
    functions.keep_after_errors(lambda_runtime)


def _read_policies_once() -> None:
    """The emulator reads every policy of the caller anew for each call, half a millisecond for the sandbox's.

    What is remembered are results of pure functions of texts: statements, which nothing changes, and matches.
    """
    from ministack.core import iam_evaluator  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    parse = iam_evaluator.parse_policy_document
    remembered = functools.lru_cache(maxsize=256)(parse)
    iam_evaluator.parse_policy_document = lambda doc: remembered(doc) if isinstance(doc, str) else parse(doc)
    iam_evaluator.fnmatch_iam = functools.lru_cache(maxsize=1 << 16)(iam_evaluator.fnmatch_iam)


class _Head:
    """A service's model of which the metadata are known; whoever asks for more has all of it read."""

    def __init__(self, metadata: dict[str, Any], read: Callable[[], Any]) -> None:
        self.metadata = metadata
        self._read = read

    def __getattr__(self, member: str) -> Any:
        return getattr(self._read(), member)


def _read_heads_of_models() -> None:
    """The emulator asks a model what kind of answer its service gives; its file says so in the first lines.

    It would set botocore up anew for each service that is called, look through all of botocore's folders, and read the
    whole file: a twentieth of a second each, and a tenth for botocore itself. What its IAM asks of the same file, one
    question after the other, is answered by one reading.
    """
    from ministack.core import (  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
        iam_actions,
        responses,
    )

    load = getattr(iam_actions, "_load_botocore_model", None)
    if load is not None:
        iam_actions._load_botocore_model = functools.lru_cache(maxsize=2)(load)  # noqa: SLF001
    read = getattr(responses, "_service_model", None)
    botocore = importlib.util.find_spec("botocore")
    if read is None or botocore is None or not botocore.submodule_search_locations:
        return  # a version that does otherwise
    data = Path(botocore.submodule_search_locations[0]) / "data"

    @functools.cache
    def head(service: str) -> object:
        name = responses._BOTOCORE_NAME.get(service, service)  # noqa: SLF001
        versions = sorted((data / name).glob("*/service-2.json.gz"))
        found = _metadata(versions[-1]) if versions else None
        return read(service) if found is None else _Head(found, functools.partial(read, service))

    responses._service_model = head  # noqa: SLF001


def _metadata(path: Path) -> dict[str, Any] | None:
    """The metadata of a service's model, which stand at its beginning; None where they do not."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        text = file.read(_HEAD)
    _, mark, rest = text.partition('"metadata":')
    try:
        found: dict[str, Any] = json.JSONDecoder().raw_decode(rest.lstrip())[0]
    except ValueError:
        return None
    return found if mark else None


def _add_re_encrypt() -> None:
    """KMS's ReEncrypt, which the emulator has not: what its Decrypt gives goes to its Encrypt.

    Source: KMS API Reference, "ReEncrypt". The emulator loads a service at its first call, and this waits for it.
    """
    from ministack import app  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    load = app._get_module  # noqa: SLF001

    @functools.cache
    def load_kms() -> object:
        kms = load("kms")
        handle = kms.handle_request

        async def handle_or_re_encrypt(*request: Any) -> Any:
            headers, body = request[2], request[3]
            target = str(headers.get("x-amz-target", ""))
            if not target.endswith(".ReEncrypt"):
                return await handle(*request)
            return _re_encrypt(kms, json.loads(body or b"{}"))

        kms.handle_request = handle_or_re_encrypt
        return kms

    app._get_module = lambda name: load_kms() if name == "kms" else load(name)  # noqa: SLF001


def _re_encrypt(kms: Any, asked: dict[str, Any]) -> Any:
    """One ciphertext to another; the emulator's answer to whichever half fails."""
    source = {
        "CiphertextBlob": asked.get("CiphertextBlob", ""),
        "KeyId": asked.get("SourceKeyId", ""),
        "EncryptionContext": asked.get("SourceEncryptionContext", {}),
        "EncryptionAlgorithm": asked.get("SourceEncryptionAlgorithm", _SYMMETRIC),
    }
    opened = kms._decrypt(source)  # noqa: SLF001
    if opened[0] != _OK:
        return opened
    plain = json.loads(opened[2])
    destination = {
        "KeyId": asked.get("DestinationKeyId", ""),
        "Plaintext": plain["Plaintext"],
        "EncryptionContext": asked.get("DestinationEncryptionContext", {}),
        "EncryptionAlgorithm": asked.get("DestinationEncryptionAlgorithm", _SYMMETRIC),
    }
    closed = kms._encrypt(destination)  # noqa: SLF001
    if closed[0] != _OK:
        return closed
    made = json.loads(closed[2])
    answer = {
        "CiphertextBlob": made["CiphertextBlob"],
        "SourceKeyId": plain["KeyId"],
        "KeyId": made["KeyId"],
        "SourceEncryptionAlgorithm": source["EncryptionAlgorithm"],
        "DestinationEncryptionAlgorithm": destination["EncryptionAlgorithm"],
    }
    return closed[0], closed[1], json.dumps(answer).encode()


def _page_schedules() -> None:
    """Pages of schedules and of their groups.

    The emulator shows as many as a page may have, and nothing says that there are more.
    Source: EventBridge Scheduler API Reference, "ListSchedules".
    """
    from ministack import app  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    load = app._get_module  # noqa: SLF001

    @functools.cache
    def load_scheduler() -> object:
        scheduler = load("scheduler")
        for name, member in (("_list_schedules", "Schedules"), ("_list_schedule_groups", "ScheduleGroups")):
            setattr(scheduler, name, functools.partial(_page, getattr(scheduler, name), member))
        return scheduler

    app._get_module = lambda name: load_scheduler() if name == "scheduler" else load(name)  # noqa: SLF001


def _page(listing: Callable[[dict[str, Any]], Any], member: str, query: dict[str, Any]) -> Any:
    """A page in the order of ARNs; its token is the last ARN of the page before."""
    status, headers, body = listing({**query, "MaxResults": sys.maxsize})
    if status != _OK:
        return status, headers, body
    after, size = query.get("NextToken", ""), int(query.get("MaxResults", 100))
    entries = sorted((each for each in json.loads(body)[member] if each["Arn"] > after), key=lambda each: each["Arn"])
    answer: dict[str, Any] = {member: entries[:size]}
    if len(entries) > size:
        answer["NextToken"] = entries[size - 1]["Arn"]
    return status, headers, json.dumps(answer).encode()


def _keep_layers() -> None:
    """Layers that come by the ECR API stay; see `_emulator_layers.py`."""
    from ministack import app  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    _beside("_emulator_layers").keep_layers(app)


def _lent(beside: Path) -> Any:
    """The application, which answers on sockets of clients that the gate lends; see `_emulator_lent.py`."""
    from ministack import app  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    return _beside("_emulator_lent").Lent(app.app, str(beside.with_name("out.sock")))


def _beside(name: str) -> Any:
    """A module of this folder, by its path: the emulator's environment has no sandgate."""
    found = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def main() -> None:
    """Serve `ministack.app:app` on the socket named by the first argument."""
    gc.disable()  # what is loaded is no garbage, and looking through it is a tenth of the start
    folder = str(Path(sys.argv[1]).parent)
    threading.Thread(target=_end_with_the_gate, args=(folder,), daemon=True, name="gate-watch").start()
    _run_functions_as_aws_does()
    _read_policies_once()
    _read_heads_of_models()
    _add_re_encrypt()
    _page_schedules()
    _keep_layers()
    import uvicorn  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - exists in the emulator's environment only
    from uvicorn.protocols.http import httptools_impl  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415

    app = _lent(Path(sys.argv[1]))
    gc.freeze()
    gc.enable()
    uvicorn.run(
        app,
        uds=sys.argv[1],
        loop="uvloop",
        http=_beside("_emulator_answers").in_one_packet(httptools_impl.HttpToolsProtocol),
        lifespan="on",
        access_log=False,
        date_header=False,  # the application sends both itself
        server_header=False,
        proxy_headers=False,  # nobody stands before it but the gate, whose clients' headers prove nothing
        log_level="warning",
        timeout_keep_alive=75,
        h11_max_incomplete_event_size=None,
    )


if __name__ == "__main__":
    main()
