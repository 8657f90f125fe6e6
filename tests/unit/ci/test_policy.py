"""When CI uses the real account: rules, what they combine to, and each preset over every event."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sandgate.ci.event import Event
from sandgate.ci.policy import decide, needs_changes, parse_policy, rules
from sandgate.ci.presets import PRESETS
from sandgate.ci.rules._model import Facts
from sandgate.config.model import Config
from sandgate.errors import ConfigError

CRITICAL = ("src/aws/keys.py", "README.md")
Events = Callable[[str], Event]
Configure = Callable[..., Config]

EVENTS = {
    # event: rules that hold for it, with a critical file changed
    "push to main": {"branch", "critical-paths"},
    "push of a new branch": {"critical-paths"},
    "push of a tag": {"critical-paths"},
    "pull request labeled": {"branch", "label", "critical-paths"},
    "pull request synchronize": {"branch", "critical-paths"},
    "merge group": {"branch", "critical-paths"},
    "schedule": {"nightly", "critical-paths"},
    "workflow dispatch": {"manual", "critical-paths"},
    "workflow dispatch with promote": {"manual", "promotion", "critical-paths"},
    "release published": {"promotion", "critical-paths"},
    "release deleted": {"critical-paths"},
    "deployment": {"promotion", "critical-paths"},
    "workflow run": {"critical-paths"},
    "issue comment": {"critical-paths"},
}
FOREIGN = [
    "pull request of a fork",
    "pull request target of a fork",
    "pull request of a fork that is gone",
    "workflow run of a fork",
]


@pytest.fixture
def config(configure: Configure) -> Config:
    return configure(ci_critical_paths=["src/aws/**"])


@pytest.mark.parametrize("event", EVENTS)
def test_each_rule_over_every_event(event: str, github: Events, config: Config) -> None:
    facts = Facts(event=github(event), config=config, changed=CRITICAL)
    assert {name for name, rule in rules().items() if rule.ask(facts).holds} == EVENTS[event]


def test_every_event_is_looked_at(payloads: dict[str, object]) -> None:
    assert {*EVENTS, *FOREIGN} == set(payloads)


@pytest.mark.parametrize(
    ("preset", "runs"),
    [
        (
            "every-change",
            {
                "push to main",
                "pull request labeled",
                "pull request synchronize",
                "merge group",
                "workflow dispatch",
                "workflow dispatch with promote",
            },
        ),
        (
            "platform",
            {
                "pull request labeled",
                "schedule",
                "workflow dispatch with promote",
                "release published",
                "deployment",
            },
        ),
        ("developers", set()),
        ("never", set()),
    ],
)
def test_presets(preset: str, runs: set[str], github: Events, config: Config) -> None:
    config = replace(config, ci_policy=preset)
    policy = parse_policy(config)
    found = {
        event
        for event in (*EVENTS, *FOREIGN)
        if decide(policy, Facts(event=github(event), config=config, changed=CRITICAL)).verdict == "run"
    }
    assert found == runs


def test_without_a_policy_nothing_runs(github: Events, config: Config) -> None:
    assert config.ci_policy == "never"
    for event in EVENTS:
        facts = Facts(event=github(event), config=config, changed=CRITICAL)
        assert decide(parse_policy(config), facts).verdict == "skip"


@pytest.mark.parametrize("event", FOREIGN)
@pytest.mark.parametrize("policy", ["label", "any(branch, label, critical-paths, manual, nightly, promotion)"])
def test_code_of_a_fork_never_runs(event: str, policy: str, github: Events, config: Config) -> None:
    config = replace(config, ci_policy=policy)
    decision = decide(parse_policy(config), Facts(event=github(event), config=config, changed=CRITICAL))
    assert (decision.verdict, decision.rule) == ("skip", "fork")


def test_critical_paths_without_the_label_are_told(github: Events, config: Config) -> None:
    config = replace(config, ci_policy="platform")
    facts = Facts(event=github("pull request synchronize"), config=config, changed=CRITICAL)
    decision = decide(parse_policy(config), facts)
    assert decision.verdict == "skip"
    assert decision.notice == (
        "src/aws/keys.py changed, and nothing ran against the real account; the label 'integration' asks for that"
    )


@pytest.mark.parametrize(
    ("event", "changed", "policy"),
    [
        ("pull request synchronize", ("README.md",), "platform"),
        ("pull request labeled", CRITICAL, "platform"),
        ("push to main", CRITICAL, "platform"),
        ("pull request synchronize", CRITICAL, "never"),
    ],
)
def test_else_there_is_no_notice(
    event: str, changed: tuple[str, ...], policy: str, github: Events, config: Config
) -> None:
    config = replace(config, ci_policy=policy)
    assert decide(parse_policy(config), Facts(event=github(event), config=config, changed=changed)).notice == ""


def test_a_fork_is_told_too_but_no_label_helps(github: Events, config: Config) -> None:
    config = replace(config, ci_policy="platform")
    decision = decide(parse_policy(config), Facts(event=github(FOREIGN[0]), config=config, changed=CRITICAL))
    assert decision.notice == "src/aws/keys.py changed, and nothing ran against the real account"


@pytest.mark.parametrize(
    ("policy", "rule", "verdict"),
    [
        ("all(label, critical-paths)", "label and critical-paths", "run"),
        ("all(label, nightly)", "nightly", "skip"),
        ("any(nightly, label)", "label", "run"),
        ("any(nightly, manual)", "nightly or manual", "skip"),
        ("any( all(nightly, label) , all(branch,label) )", "branch and label", "run"),
        ("all(any(nightly, label), branch)", "label and branch", "run"),
        ("any(developers, every-change)", "branch", "run"),
    ],
)
def test_the_rule_that_decided_is_named(policy: str, rule: str, verdict: str, github: Events, config: Config) -> None:
    config = replace(config, ci_policy=policy)
    facts = Facts(event=github("pull request labeled"), config=config, changed=CRITICAL)
    decision = decide(parse_policy(config), facts)
    assert (decision.verdict, decision.rule) == (verdict, rule)


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ("nihgtly", "there is no rule 'nihgtly'"),
        ("any", "any needs ( after it"),
        ("any(label", "any( is not closed"),
        ("any(label nightly)", "any( is not closed"),
        ("label, nightly", "',' stands after its end"),
        ("any(label))", "')' stands after its end"),
        ("", "there is no rule ''"),
        ("all()", "there is no rule ')'"),
        ("-label", "cannot be read from '-label' on"),
    ],
)
def test_a_wrong_policy_is_explained(policy: str, complaint: str, config: Config) -> None:
    with pytest.raises(ConfigError) as told:
        parse_policy(replace(config, ci_policy=policy))
    assert told.value.message == f"ci_policy: {complaint}"


def test_a_misspelt_rule_has_a_suggestion(config: Config) -> None:
    with pytest.raises(ConfigError) as told:
        parse_policy(replace(config, ci_policy="any(label, nihgtly)"))
    assert told.value.hint == "did you mean 'nightly'?"


@pytest.mark.parametrize(("policy", "asks"), [("platform", True), ("never", False), ("any(label, nightly)", False)])
def test_who_asks_for_changed_files(policy: str, asks: bool, config: Config) -> None:
    assert needs_changes(parse_policy(replace(config, ci_policy=policy))) is asks


def test_presets_and_rules_have_names_of_their_own(config: Config) -> None:
    assert not set(PRESETS) & set(rules())
    for preset in PRESETS:
        parse_policy(replace(config, ci_policy=preset))


@pytest.mark.parametrize(
    ("glob", "path", "touched"),
    [
        ("src/aws/**", "src/aws/a.py", True),
        ("src/aws/**", "src/aws/deep/a.py", True),
        ("src/aws/**", "src/awsome.py", False),
        ("src/aws", "src/aws/deep/a.py", True),
        ("src/aws/", "src/aws/a.py", True),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/deep/a.py", False),
        ("**/*.tf", "main.tf", True),
        ("**/*.tf", "infra/eu/main.tf", True),
        ("**/*.tf", "main.tf.bak", False),
        ("template.yaml", "template.yaml", True),
        ("template.yaml", "templateXyaml", False),
        ("src/?.py", "src/a.py", True),
        ("src/?.py", "src/ab.py", False),
    ],
)
def test_patterns_of_paths(glob: str, path: str, touched: bool, github: Events, configure: Configure) -> None:
    facts = Facts(event=github("push to main"), config=configure(ci_critical_paths=[glob]), changed=(path,))
    assert rules()["critical-paths"].ask(facts).holds is touched


def test_what_nobody_can_tell_counts_as_touched(github: Events, config: Config) -> None:
    facts = Facts(event=github("push to main"), config=config, changed=None)
    answer = rules()["critical-paths"].ask(facts)
    assert answer.holds
    assert "nobody can tell" in answer.why


def test_no_critical_paths_are_touched_where_none_are_named(github: Events, configure: Configure) -> None:
    facts = Facts(event=github("push to main"), config=configure(), changed=None)
    assert not rules()["critical-paths"].ask(facts).holds


@pytest.mark.parametrize(
    ("event", "pattern", "holds"),
    [
        ("push of a tag", "refs/tags/v*", True),
        ("push of a tag", "refs/heads/*", False),
        ("push to main", "refs/heads/main", True),
        ("pull request synchronize", "refs/heads/main", True),
        ("merge group", "refs/heads/main", True),
        ("workflow dispatch", "refs/heads/main", False),
    ],
)
def test_what_goes_to_production(event: str, pattern: str, holds: bool, github: Events, configure: Configure) -> None:
    facts = Facts(event=github(event), config=configure(ci_promotion_refs=[pattern]))
    assert rules()["promotion"].ask(facts).holds is holds


def test_the_page_about_ci_names_each_preset_as_it_is() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
    named = dict(re.findall(r"^\| `([a-z-]+)` \| `([a-z(), -]+)` \|", page, re.MULTILINE))
    assert named == {name: preset.policy for name, preset in PRESETS.items()}
