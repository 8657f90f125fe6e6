"""Documentation that cannot drift: its code blocks run, its generated pages are current, its links lead somewhere.

Each page is one small project. From its top, a block with `title="path"` is written to that file, a `python` block is
run, and of a `console` block every line that begins with `$ ` is run by bash and must print the lines below it (`...`
stands for any text). What `pip install` would bring is there already, so that alone is passed over. A block that must
not run stands under `<!-- not run: reason -->`. The page of an example starts with a copy of the example.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.quick import QUICK

from sandgate.config.load import load

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("examples/*/README.md"))]
SHOWN_ONLY = frozenset({"text", "json", "mermaid"})
_LEFT = (".sandgate", ".pytest_cache", ".env*")
"""By whoever ran an example where it stands."""
FENCE = re.compile(
    r"(?:<!-- not run: (?P<reason>[^>]*?) -->\n+)?"
    r"^(?P<indent> *)```(?P<language>[\w-]*)(?: title=\"(?P<title>[^\"]+)\")?[^\n]*\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced block of a page."""

    line: int
    language: str
    title: str
    text: str
    reason: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    for match in FENCE.finditer(page):
        indent = match["indent"]
        text = "".join(line.removeprefix(indent) for line in match["text"].splitlines(keepends=True))
        yield Block(
            line=page.count("\n", 0, match.start("language")) + 1,
            language=match["language"],
            title=match["title"] or "",
            text=text,
            reason=match["reason"] or "",
        )


class Project:
    """The folder that a page's blocks run in."""

    def __init__(self, folder: Path, page: Path | None = None) -> None:
        self.folder = self.here = folder / "project"
        self.where = folder / "where"
        if page is not None and ROOT / "examples" in page.parents:
            shutil.copytree(page.parent, self.folder, ignore=shutil.ignore_patterns("__pycache__", *_LEFT))
        self.folder.mkdir(exist_ok=True)
        self.environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "SANDGATE_"))},
            **QUICK,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": "100",
        }

    def run(self, block: Block) -> None:
        """Do what the block shows."""
        if block.title:
            self.write(block.title, block.text)
        elif block.language == "python":
            self.call([sys.executable, "-W", "error", "-c", block.text])
        elif block.language == "console":
            for command, wanted in commands(block.text):
                said = self.shell(command)
                assert matches(wanted, said), f"{command}\nmust print\n{wanted}\nbut printed\n{said}"
        elif block.language == "toml":
            tomllib.loads(block.text)
        else:
            assert block.language in SHOWN_ONLY, f"line {block.line}: a block of {block.language or 'no'} language"

    def write(self, title: str, text: str) -> None:
        """Write a file; one under `src/sandgate/` extends a copy of the package, as a contributor would."""
        if title.startswith("src/sandgate/") and not (self.folder / "src").exists():
            shutil.copytree(ROOT / "src", self.folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
            self.environ["PYTHONPATH"] = str(self.folder / "src")
        path = self.folder / title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if path.suffix in (".yml", ".yaml"):
            assert yaml.compose(text), "an empty document"
        if path.name in ("pyproject.toml", "sandgate.toml"):
            assert load(cwd=path.parent, environ={}, overrides={}).active, "the file configures nothing"

    def shell(self, command: str) -> str:
        """Run a line as if typed: where it leaves the shell is where the next one starts."""
        if command.startswith("pip install "):
            return ""
        keep = f"trap 'pwd > {shlex.quote(str(self.where))}' EXIT\n"
        said = self.call(["bash", "-c", keep + command])
        self.here = Path(self.where.read_text().strip())
        return said

    def call(self, command: list[str]) -> str:
        """Run a program in the project; both its streams."""
        done = subprocess.run(
            command,
            cwd=self.here,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, f"{command[-1]}\nended with {done.returncode}:\n{done.stdout}"
        return done.stdout


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Command and the output that is shown for it; a command goes on while a quote is open or after a backslash."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(number for number in range(1, len(lines) + 1) if complete("\n".join(lines[:number])))
        yield "\n".join(lines[:end]), "\n".join(lines[end:]).strip()


def complete(command: str) -> bool:
    """Whether a shell would run it now."""
    try:
        shlex.split(command)
    except ValueError:
        return False
    return not command.endswith("\\")


def matches(wanted: str, said: str) -> bool:
    """Whether the output holds the lines that are shown, in that order."""
    pattern = r"[\s\S]*?".join(re.escape(piece.strip()) for piece in wanted.split("..."))
    return re.search(pattern, said) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_does_what_it_shows(page: Path, tmp_path: Path) -> None:
    project = Project(tmp_path, page)
    for block in blocks(page.read_text()):
        if not block.reason:
            project.run(block)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    prose = FENCE.sub("", page.read_text())
    targets = [target.split("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", prose) if "://" not in target]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


def test_generated_pages_are_current() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "gen_reference.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE))
    assert listed == {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}


def test_no_block_is_excused_without_a_reason() -> None:
    excused = [block for page in PAGES for block in blocks(page.read_text()) if block.reason]
    assert [block for block in excused if len(block.reason.split()) < 3] == []


PAGE = """
```console
$ echo one && \\
  echo two
one
...o
$ cd / && printf '%s
' there
there
$ pwd
/
```

<!-- not run: shows a failure -->
```console
$ false
```

- item

    ```python title="a/b.py"
    x = 1
    ```
"""


def test_the_extractor_itself(tmp_path: Path) -> None:
    first, second, third = blocks(PAGE)
    assert list(commands(first.text)) == [
        ("echo one && \\\n  echo two", "one\n...o"),
        ("cd / && printf '%s\n' there", "there"),
        ("pwd", "/"),
    ]
    assert (second.reason, third.title, third.text) == ("shows a failure", "a/b.py", "x = 1\n")
    project = Project(tmp_path)
    project.run(first)
    project.run(third)
    assert (project.folder / "a" / "b.py").read_text() == "x = 1\n"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "raise SystemExit(1)"),
        ("console", "$ false\n"),
        ("console", "$ echo one\ntwo\n"),
        ("toml", "="),
        ("", "anything"),
        ("ruby", "puts 1"),
    ],
)
def test_a_wrong_block_is_red(language: str, text: str, tmp_path: Path) -> None:
    with pytest.raises((AssertionError, tomllib.TOMLDecodeError)):
        Project(tmp_path).run(Block(line=1, language=language, title="", text=text, reason=""))
