from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandgate.errors import ConfigError, UsageError
from sandgate.stories.checking import check_runtime, check_story
from sandgate.stories.finding import find_stories, find_story
from sandgate.stories.reading import read_story

if TYPE_CHECKING:
    from pathlib import Path

STEP = '[[steps]]\nrun = "true"\n'


def test_a_story_says_what_its_steps_do() -> None:
    text = f'title = "Hello"\nrequires = ["BUCKET"]\n{STEP}timeout = 5.0\n[steps.expect]\nexit = 3\noutput = ["hi"]\n'
    text += 'none_left = true\nresources = { s3-bucket = 1 }\ncalls = { "s3:PutObject" = 2 }\n'
    story = read_story("/p/stories/a_b", {"story.toml": text})
    step = story.steps[0]
    assert (story.name, story.title, story.requires) == ("a_b", "Hello", ("BUCKET",))
    assert (step.run, step.timeout, step.expect.exit, step.expect.output) == ("true", 5.0, 3, ("hi",))
    assert (step.expect.resources, step.expect.none_left) == ({"s3-bucket": 1}, True)
    assert step.expect.calls == {"s3:PutObject": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steps = 3", "steps"),
        ("title = ", "no TOML"),
        pytest.param(f"title = {'[' * 3000}{']' * 3000}", "no TOML", id="depth"),
        pytest.param(f"title = {'9' * 5000}", "no TOML", id="digits"),
        ("", "steps are missing"),
        ("[[steps]]\nname = 'x'\n", "run is missing"),
        (f"{STEP}expect = 1", "steps"),
        (f"{STEP}[steps.expect]\noutput = ['(']", "no regular expression"),
        (f"{STEP}[steps.expect]\nresources = {{ s3-bucket = 'one' }}", "whole number"),
        (f"{STEP}[steps.expect]\nresources = {{ s3-bucket = -1 }}", "0 or more"),
        (f"{STEP}capture = {{ SID = 'no group' }}", "one group"),
        (f"timeout = 0.0\n{STEP}", "more than 0 seconds"),
        (f"python = 'new'\n{STEP}", "must be a version"),
        (f"requires = ['A']\ntemporary = {{ A = 's3-bucket' }}\n{STEP}", "also among requires"),
        (f"requires = ['A B']\n{STEP}", "no name"),
        (f"stpes = 1\n{STEP}", "stpes"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_story("/p/stories/a", {"story.toml": text})
    assert said.replace("no name", "not a name") in str(caught.value)
    assert caught.value.where == "/p/stories/a/story.toml"


def test_a_bare_story_is_a_script_and_what_its_dockerfile_and_makefile_say() -> None:
    docker = 'FROM --platform=linux/amd64 python:3.12-slim\nARG LAMP_PKG\nARG LAMP_VERSION\nCMD ["./test.sh", "a b"]\n'
    texts = {"test.sh": "true\n", "Dockerfile": docker, "Makefile": "NEED_EXAMPLES = fractals other # two\n"}
    story = read_story("/p/stories/try_fractals", texts)
    assert (story.title, story.python, story.prefix) == ("Try fractals", "3.12", "LAMP")
    assert story.examples == ("examples/fractals", "examples/other")
    assert [step.run for step in story.steps] == ["./test.sh"]
    assert story.in_image == "./test.sh 'a b'"


@pytest.mark.parametrize(
    ("docker", "python", "start"),
    [
        ("", "", "./test.sh"),
        ("FROM debian:12\nCMD sh test.sh", "", "sh test.sh"),
        ("FROM docker.io/library/python:3.8\nENTRYPOINT [broken", "3.8", "[broken"),
    ],
)
def test_a_dockerfile_may_say_little(docker: str, python: str, start: str) -> None:
    story = read_story("/p/s", {"test.sh": "", "Dockerfile": docker})
    assert (story.python, story.in_image, story.prefix) == (python, start, "")


STAGES = """
ARG PYTHON_VERSION="3.12"
ARG BASE_VERSION
FROM python:${PYTHON_VERSION}-slim AS built
# CMD ["never"]
ARG LAMP_VERSION
RUN pip install \\
    "lamp$LAMP_VERSION"
ENTRYPOINT ["of", "another stage"]
FROM built
"""


@pytest.mark.parametrize(
    ("last", "start"),
    [
        ("", "./test.sh"),
        ('ENTRYPOINT ["./test.sh", "--quick"]\ncmd ["a b"]', "./test.sh --quick 'a b'"),
        ('CMD ["old"]\nENTRYPOINT ["./test.sh"]\nCMD echo $HOME', "./test.sh /bin/sh -c 'echo $HOME'"),
        ('ENTRYPOINT exec ./test.sh\nCMD ["a"]', "exec ./test.sh"),
        ('ENTRYPOINT ["./test.sh", \\\n  "x"]', "./test.sh x"),
        ("CMD 7", "7"),
    ],
)
def test_what_runs_is_what_the_last_stage_says(last: str, start: str) -> None:
    story = read_story("/p/s", {"test.sh": "", "Dockerfile": STAGES + last})
    assert (story.python, story.prefix, story.in_image) == ("3.12", "LAMP", start)


def test_the_version_of_an_image_is_not_the_tools() -> None:
    texts = {"test.sh": "", "Dockerfile": STAGES.replace("LAMP_VERSION\n", "PYTHON_VERSION\n")}
    assert read_story("/p/s", texts).prefix == ""
    texts = {"test.sh": "", "Dockerfile": STAGES + "ARG TORCH_PKG"}
    assert read_story("/p/s", texts).prefix == "TORCH"


def test_stories_are_folders(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "story.toml").write_text(STEP)
    (tmp_path / "none").mkdir()
    assert [story.name for story in find_stories(tmp_path)] == ["one"]
    assert find_story(tmp_path, "one").steps[0].run == "true"
    for name in ("on", "none", "../one"):
        with pytest.raises(UsageError, match="no story"):
            find_story(tmp_path, name)
    assert find_stories(tmp_path / "missing") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"requires = ['BUCKET']\n{STEP}", "needs BUCKET"),
        (f"temporary = {{ A = 's3-buckt' }}\n{STEP}", "s3-buckt"),
        (f"environment = {{ AWS_ACCESS_KEY_ID = 'real' }}\n{STEP}", "real keys stay in the gate"),
        (f"environment = {{ AWS_ENDPOINT_URL = 'http://x' }}\n{STEP}", "AWS_ENDPOINT_URL"),
        (f"{STEP}[steps.expect]\nresources = {{ s3-buckt = 1 }}", "did you mean 's3-bucket'"),
        (f"{STEP}[steps.expect]\ncalls = {{ 's3.PutObject' = 1 }}", "is no call"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_started(text: str, said: str) -> None:
    with pytest.raises((ConfigError, UsageError)) as caught:
        check_story(read_story("/p/s", {"story.toml": text}), ())
    assert said in str(caught.value)


def test_what_is_set_is_not_missing() -> None:
    text = f"requires = ['BUCKET']\nenvironment = {{ AWS_REGION = 'eu-west-2', KEY = '{{run_key}}' }}\n{STEP}"
    check_story(read_story("/p/s", {"story.toml": text}), ("BUCKET",))


def test_a_story_runs_where_it_says() -> None:
    story = read_story("/p/s", {"story.toml": f"runtimes = ['process']\n{STEP}"})
    check_runtime(story, "process")
    with pytest.raises(UsageError, match="does not run in docker"):
        check_runtime(story, "docker")
