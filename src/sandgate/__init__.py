"""The gate to your AWS sandbox: one integration-test suite, embedded or real, proven and clean.

What stands here beside the version is for annotations in tests: the types of the fixtures. They are loaded when they
are asked for, since the gate itself imports this package too and must start quickly.
"""

from __future__ import annotations

# Whatever is loaded here is loaded before Ctrl-C can be anything but a traceback; checkers know the name.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from sandgate.errors import SandgateError
    from sandgate.pytest_plugin.fixtures.api import Api
    from sandgate.pytest_plugin.fixtures.cognito import CognitoUser, CognitoUsers
    from sandgate.pytest_plugin.fixtures.eventually import Eventually
    from sandgate.pytest_plugin.fixtures.faults import Faults
    from sandgate.pytest_plugin.fixtures.namespace import Namespace
    from sandgate.pytest_plugin.fixtures.stack import StackHandle
    from sandgate.run import Run
    from sandgate.stacks.model import Stack

__all__ = [
    "Api",
    "CognitoUser",
    "CognitoUsers",
    "Eventually",
    "Faults",
    "Namespace",
    "Run",
    "SandgateError",
    "Stack",
    "StackHandle",
    "__version__",
]

__version__ = "0.1.0.dev0"

_FIXTURES = "sandgate.pytest_plugin.fixtures"
_HOMES = {
    "Api": f"{_FIXTURES}.api",
    "CognitoUser": f"{_FIXTURES}.cognito",
    "CognitoUsers": f"{_FIXTURES}.cognito",
    "Eventually": f"{_FIXTURES}.eventually",
    "Faults": f"{_FIXTURES}.faults",
    "Namespace": f"{_FIXTURES}.namespace",
    "Run": "sandgate.run",
    "SandgateError": "sandgate.errors",
    "Stack": "sandgate.stacks.model",
    "StackHandle": f"{_FIXTURES}.stack",
}


def __getattr__(name: str) -> Any:
    """Load a public name from the module that defines it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - see above

    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
