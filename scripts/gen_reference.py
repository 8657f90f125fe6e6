"""Write the generated pages under docs/reference/, or with `--check` say which are out of date.

Everything in them comes from the registries, so that what is listed is what there is.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import inspect
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import typer.main

from sandgate import errors
from sandgate.ci.choice import providers
from sandgate.ci.policy import rules
from sandgate.ci.presets import PRESETS
from sandgate.cli.main import build, run
from sandgate.config.declare import Option
from sandgate.config.options import INTERNAL_VARIABLES, OPTIONS
from sandgate.core.registry import discover
from sandgate.faults._model import faults, timings
from sandgate.gate.rules import all_rules
from sandgate.pytest_plugin.fixtures import fixture_modules
from sandgate.resources._model import ResourceType, resource_types
from sandgate.tiers._differences import differences, tables
from sandgate.tiers._model import Tier

__all__ = ["main", "pages"]

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "reference"
HEAD = "<!-- Written by scripts/gen_reference.py; `make format` writes it anew. -->\n\n"

CONFIGURATION = """\
Options stand in `pyproject.toml` under `[tool.sandgate]`, or at the top of a `sandgate.toml`. The nearest file from
the working directory upward is used; relative paths are relative to its folder.

Nearer sources win: default < file < env file < environment < command line. `sandgate config` shows every value and
where it came from. An unknown key, an unknown `SANDGATE_*` variable or a value of the wrong type is an error.
"""


def pages() -> dict[str, str]:
    """File name to text of every generated page."""
    return {
        "ci-policies.md": _ci_policies(),
        "cli.md": _cli(),
        "configuration.md": _configuration(),
        "emulator-iam.md": _emulator_iam(),
        "exit-codes.md": _exit_codes(),
        "faults.md": _faults(),
        "fixtures.md": _fixtures(),
        "resource-types.md": _resource_types(),
        "rules.md": _rules(),
        "tiers.md": _tiers(),
    }


def _cli() -> str:
    sections = (f"## `{' '.join(['sandgate', *words])}`\n\n```text\n{_help(words)}\n```\n" for words in _commands())
    return "\n".join(["# Command line\n", *sections])


def _commands() -> Iterator[tuple[str, ...]]:
    """The program, its commands and their subcommands, by the words that call them."""
    waiting: list[tuple[tuple[str, ...], object]] = [((), typer.main.get_command(build()))]
    while waiting:
        words, command = waiting.pop(0)
        yield words
        below: Mapping[str, object] = getattr(command, "commands", {})
        waiting = [*(((*words, name), inner) for name, inner in below.items()), *waiting]


def _help(words: tuple[str, ...]) -> str:
    said = io.StringIO()
    # The help text is laid out for the terminal's width, which must not leak into the page.
    os.environ["COLUMNS"] = "100"
    with contextlib.redirect_stdout(said):
        run([*words, "--help"])
    return "\n".join(line.rstrip() for line in said.getvalue().strip().splitlines())


def _configuration() -> str:
    tables = [entry for entry in OPTIONS.values() if entry.fields]
    parts = ["# Configuration\n", CONFIGURATION, "## Options\n", *(_option(entry, "###") for entry in OPTIONS.values())]
    for table in tables:
        parts += [
            f"## Keys of `{table.name}`\n",
            *(_option(entry, "###", table.name) for entry in table.fields.values()),
        ]
    parts += ["## Variables that are not options\n", "| variable | meaning |\n|---|---|"]
    text = "\n".join(parts) + "\n"
    return text + "".join(f"| `{name}` | {doc} |\n" for name, doc in INTERNAL_VARIABLES.items())


def _option(entry: Option, level: str, table: str = "") -> str:
    inner = f"[].{entry.name}" if table and OPTIONS[table].kind.name.startswith("list") else f".NAME.{entry.name}"
    title = f"{table}{inner}" if table else entry.name
    facts = [f"type: {entry.kind.name}", f"default: `{json.dumps(entry.kind.dump(entry.default))}`"]
    if entry.choices:
        facts.append(f"one of {', '.join(f'`{choice}`' for choice in entry.choices)}")
    if entry.variable and not table:
        facts.append(f"variable: `{entry.variable}`")
    if entry.flag:
        facts.append(f"command line: `{entry.flag}`")
    return f"{level} `{title}`\n\n{entry.doc}\n\n{' · '.join(facts)}\n"


def _rules() -> str:
    rows = [
        f"| `{rule.code}` | {rule.text} | {rule.remedy[0].upper()}{rule.remedy[1:]} |" for rule in all_rules().values()
    ]
    head = "| rule | refuses when | what lets the call pass |\n|---|---|---|"
    return "\n".join(["# Rules of refusals\n", GUARD, head, *rows, ""])


def _resource_types() -> str:
    types = resource_types()
    by_model = sum(kind.proven == "model" for kind in types.values())
    parts = ["# Resource types\n", RESOURCE_TYPES.format(count=len(types), model=by_model)]
    for service in sorted({kind.service for kind in types.values()}):
        parts += [
            f"## {service}\n",
            "| type | found by | removed by | gone before it | remark |\n|---|---|---|---|---|",
        ]
        parts += [_resource_type(kind) for kind in types.values() if kind.service == service]
        parts.append("")
    return "\n".join(parts)


def _resource_type(kind: ResourceType) -> str:
    mark = " †" if kind.proven == "model" else ""
    scope = ", one for all regions" if kind.scope == "account" else ""
    inside = f", in a `{kind.within}`" if kind.within else ""
    listing = kind.listing
    found = [*([listing.over.operation] if listing.over else []), listing.operation]
    found += [listing.detail[0]] if listing.detail else []
    removed = [step[0] for step in kind.prepare]
    removed += [operation for part in kind.parts for operation in (part.listing, part.removal)]
    removed += [*(["what it holds"] if kind.empty else []), kind.removal.operation]
    cells = (
        f"`{kind.name}`{mark}<br>{kind.type}{inside}{scope}",
        ", ".join(f"`{name}`" for name in found),
        ", ".join(name if " " in name else f"`{name}`" for name in dict.fromkeys(removed)),
        ", ".join(f"`{name}`" for name in kind.after),
        kind.remark,
    )
    return f"| {' | '.join(cells)} |"


def _emulator_iam() -> str:
    rows = [
        f"| `{one.code}` | {one.aws} | {one.emulator} | {one.translation} | {one.version} |" for one in differences()
    ]
    head = "| code | AWS | the emulator | what translation does | seen with |\n|---|---|---|---|---|"
    known = tables()
    names = [
        f"| `{action}` | {', '.join(f'`{own}`' for own in sorted(known.literal[action]))} |" for action in known.literal
    ]
    moved = frozenset().union(*(rule.actions for rule in known.moved))
    counts = (
        f"It asks for {len(known.unseen)} actions on no resource, for {len(moved)} on another ARN, and for "
        f"{len(known.free)} although AWS asks for nothing.\n"
    )
    literal = "## Names that it asks for\n\n| the emulator asks for | where the document allows |\n|---|---|"
    return "\n".join(["# The emulator's own IAM\n", EMULATOR_IAM, head, *rows, "", counts, literal, *names, ""])


def _exit_codes() -> str:
    meanings = _attribute_docs(errors.ExitCode)
    rows = [f"| {code.value} | `{code.name}` | {meanings[code.name]} |" for code in errors.ExitCode]
    intro = (
        "Every status that a sandgate command ends with. `sandgate run` passes on the status of the command it ran.\n"
    )
    return "\n".join(["# Exit codes\n", intro, "| status | name | meaning |\n|---|---|---|", *rows, ""])


def _attribute_docs(cls: type) -> dict[str, str]:
    """The docstring below each attribute of a class."""
    body = ast.parse(inspect.getsource(cls)).body[0]
    assert isinstance(body, ast.ClassDef)
    found: dict[str, str] = {}
    for before, after in zip(body.body, body.body[1:], strict=False):
        match before, after:
            case ast.Assign(targets=[ast.Name(id=name)]), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
            case _:
                pass
    return found


def _ci_policies() -> str:
    parts = ["# Policies of CI\n", CI_POLICIES, "## Rules\n", "| rule | holds when |", "|---|---|"]
    parts += [f"| `{rule.name}` | {rule.summary.rstrip('.')} |" for rule in rules().values()]
    parts += ["\n## Presets\n", "| preset | stands for | for whom |", "|---|---|---|"]
    parts += [f"| `{name}` | `{preset.policy}` | {preset.summary.rstrip('.')} |" for name, preset in PRESETS.items()]
    parts += ["\n## Providers\n", "| provider | |", "|---|---|"]
    parts += [f"| `{provider.name}` | {provider.summary.rstrip('.')} |" for provider in providers().values()]
    return "\n".join([*parts, ""])


FAULTS = """\
What can go wrong on purpose, on tiers of emulators; [Let calls go wrong](../how-to/timing-and-faults.md) tells how.

## Faults

Set by a test with the fixture [`faults`](fixtures.md#faults).
"""

TIMINGS = """\
## Timings

Simulated for the tests of a run by the option [`timing`](configuration.md#timing), for so many seconds unless it says
others.
"""


def _faults() -> str:
    kinds = [f"| `faults.{fault.name}` | {fault.summary} |" for fault in faults().values()]
    rows = [f"| `{one.name}` | {one.seconds:g} | {one.summary} | {one.source} |" for one in timings().values()]
    return "\n".join(
        [
            "# Faults and timings\n",
            FAULTS,
            "| fault | what it does |\n|---|---|",
            *kinds,
            f"\n{TIMINGS}",
            "| timing | seconds | what it does | who says so |\n|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _tiers() -> str:
    parts = ["# Tiers\n", "Where calls end. Choose one with `--tier`, `SANDGATE_TIER` or the option `tier`.\n"]
    for tier in discover("sandgate.tiers", "TIER", Tier).values():
        parts.append(f"## `{tier.name}`\n\n{tier.summary[0].upper()}{tier.summary[1:]}.\n")
        parts += ["What it can do:\n", *(f"- {line}" for line in tier.capabilities), ""]
        parts += ["Its limits:\n", *(f"- {line}" for line in tier.limits), ""]
    return "\n".join(parts)


CI_POLICIES = """\
The option [`ci_policy`](configuration.md#ci_policy) says when CI may use a real account: one rule, one preset, or any
and all of several, as in `any(all(critical-paths, label), nightly)`. Without it nothing in CI does. Code of another
repository, as that of a fork, never does, whatever the policy says. [Run it in CI](../how-to/ci.md) tells how.
"""

GUARD = """\
A call that the gate refuses gets an `AccessDenied` in its service's own protocol; the text names the rule, the
offending value, where the rule came from, and what lets this very call pass. Where that is a line of configuration it
belongs under `[tool.sandgate]` in `pyproject.toml`, or at the top of a `sandgate.toml`, in place of the same option's
line there. `sandgate policy explain` says the same of the guard's rules without a run. What tests may touch is told in
[Say what tests may touch](../how-to/policy.md).
"""

RESOURCE_TYPES = """\
The {count} types of resources that the ledger writes down and a sweep removes;
[Nothing left behind](../explanation/nothing-left-behind.md) says how. Each is proven by a test through a gate against
the emulator: made, written down, found page by page, emptied, removed, proven gone, and removed again without an error.
{model} that the emulator lacks are proven against botocore's model of the service instead, and marked †.

A type that is *in* another one goes with it, and is looked for only where the run did not make what it is in. What is
*gone before it* is removed first, because it uses it or is in it. Of what has no type here, the ledger notes the call
that made it; `sandgate status` shows it, and no sweep can remove it.
"""

EMULATOR_IAM = """\
How the IAM of the tier `emulated` differs from AWS's, and what the translation of the identity's policy does about
each; [Two judges](../explanation/two-judges.md) says why. Each row has a test against the emulator.
`sandgate policy show --for emulated` prints the translated document.
"""

FIXTURES = """\
The pytest plugin is active where `[tool.sandgate]` exists or `--tier` is given. Each fixture can be overridden in a
`conftest.py`.
"""


def _fixtures() -> str:
    parts = ["# Fixtures\n", FIXTURES]
    for name in fixture_modules():
        tree = ast.parse(inspect.getsource(importlib.import_module(name)))
        classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and (scope := _scope(node)):
                parts.append(f"## `{node.name}`\n\n{_doc(node)}\n\nscope: {scope}\n")
                # The class that the fixture gives is the one its annotation names, alone or inside `Iterator[...]`.
                given = {
                    leaf.id for leaf in ast.walk(node.returns or node) if isinstance(leaf, ast.Name)
                } & classes.keys()
                parts += [line for found in sorted(given) for line in _members(node.name, classes[found])]
    return "\n".join(parts)


def _scope(function: ast.FunctionDef) -> str:
    """The scope of a fixture; empty for a function that is none."""
    for decorator in function.decorator_list:
        text = ast.unparse(decorator)
        if text.startswith("pytest.fixture"):
            found = re.search(r"scope='(\w+)'", text)
            return found[1] if found else "function"
    return ""


def _doc(node: ast.ClassDef | ast.FunctionDef) -> str:
    """A docstring up to its sections, in one paragraph each."""
    text = re.split(r"\n(?:Args|Returns|Raises|Yields):\n", ast.get_docstring(node) or "")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n")).strip()


def _members(fixture: str, cls: ast.ClassDef) -> Iterator[str]:
    """What a fixture's value is, and what it can do."""
    yield f"{_doc(cls)}\n"
    rows = []
    for node in cls.body:
        if not isinstance(node, ast.FunctionDef) or (node.name.startswith("_") and node.name != "__call__"):
            continue
        properties = {ast.unparse(decorator) for decorator in node.decorator_list}
        node.args.args = node.args.args[1:]
        bare = ast.unparse(node.args)
        call = fixture if node.name == "__call__" else f"{fixture}.{node.name}"
        shown = call if properties & {"property", "cached_property"} else f"{call}({bare})"
        rows.append(f"| `{shown.replace('|', chr(92) + '|')}` | {_doc(node).replace(chr(10), ' ')} |")
    if rows:
        yield "\n".join(["| member | meaning |", "|---|---|", *rows, ""])


def main() -> int:
    """Write or check the pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, text in pages().items():
        path, wanted = FOLDER / name, HEAD + text
        if not path.exists() or path.read_text() != wanted:
            stale.append(name)
            if not check:
                path.write_text(wanted)
    if stale:
        sys.stdout.write(f"{'out of date' if check else 'written'}: {', '.join(stale)}\n")
    return 1 if stale and check else 0


if __name__ == "__main__":
    raise SystemExit(main())
