"""From configuration to policy: own documents, own statements, and what is said of a wrong one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandgate.config.load import load
from sandgate.errors import ConfigError, PolicyError, SandgateError
from sandgate.guard.policy import LIMITS, VARIANTS, Policy, load_policy, size_of, too_large_for
from sandgate.iam.document import to_json

OWN = {"Version": "2012-10-17", "Statement": {"Sid": "Allow1", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}


def policy(folder: Path, text: str) -> Policy:
    (folder / "sandgate.toml").write_text(text)
    config = load(cwd=folder, environ={}, overrides={})
    return load_policy(config, account="111122223333", namespace="k3x9q2")


def test_options_make_the_sandbox(tmp_path: Path) -> None:
    found = policy(tmp_path, 'prefix = ["it", "hark"]\nadopt = "orders"\nservices = "sqs"\nregion = "eu-west-1"')
    sandbox = found.sandbox
    assert (sandbox.prefixes, sandbox.adopt, sandbox.services) == (("it", "hark"), ("orders",), ("sqs",))
    assert (sandbox.region, sandbox.namespace, found.file) == ("eu-west-1", "k3x9q2", "")
    assert found.sources["prefix"] == str(tmp_path / "sandgate.toml")


def test_a_shared_prefix_needs_no_namespace(tmp_path: Path) -> None:
    assert policy(tmp_path, 'isolation = "prefix"').sandbox.namespace is None


def test_allow_adds_statements(tmp_path: Path) -> None:
    text = """
    [[allow]]
    actions = "ses:SendEmail"
    resources = ["*"]
    [[allow]]
    actions = ["s3:GetObject", "s3:List*"]
    resources = ["arn:aws:s3:::shared", "arn:aws:s3:::shared/*"]
    conditions = {StringLike = {"s3:prefix" = "public/*"}}
    """
    first, second = policy(tmp_path, text).document.statements[-2:]
    assert (first.sid, first.effect, first.actions, first.resources) == ("Allow1", "Allow", ("ses:SendEmail",), ("*",))
    assert second.sid == "Allow2"
    assert [(item.operator, item.key, item.values) for item in second.conditions] == [
        ("StringLike", "s3:prefix", ("public/*",))
    ]


def test_an_own_document_takes_the_place_and_allow_still_adds(tmp_path: Path) -> None:
    (tmp_path / "own.json").write_text(json.dumps(OWN))
    text = 'policy = "own.json"\nservices = "s3"\n[[allow]]\nactions = "ses:SendEmail"\nresources = "*"'
    found = policy(tmp_path, text)
    assert [statement.sid for statement in found.document.statements] == ["Allow1", "Allow1x"]
    assert (found.file, found.by_id, found.deployer) == ("own.json", frozenset(), found.document)


@pytest.mark.parametrize(
    ("text", "error", "where", "message", "hint"),
    [
        ('services = ["dynamdb"]', ConfigError, "key services", "dynamdb", "did you mean 'dynamodb'?"),
        ('services = ["states"]', ConfigError, "key services", "states", ""),
        ('[[allow]]\nactions = "s3:GetObject"', ConfigError, "key allow.0.resources", "missing or empty", "resources"),
        ('[[allow]]\nactions = []\nresources = "*"', ConfigError, "key allow.0.actions", "missing or empty", "actions"),
        (
            '[[allow]]\nactions = "s3:*"\nresources = "*"\n[[allow]]\nactions = "s3:*"\nresource = "*"',
            ConfigError,
            "key allow.1.resource",
            "unknown key",
            "'resources'",
        ),
        ('[[allow]]\neffect = "Deny"', ConfigError, "key allow.0.effect", "unknown key", "actions"),
        ('allow = "s3:*"', ConfigError, "key allow", "list of tables", ""),
        (
            '[[allow]]\nactions = "s3:GetObjct"\nresources = "*"',
            ConfigError,
            "key allow[0]",
            "s3:GetObjct",
            "s3:GetObject",
        ),
        ('[[allow]]\nactions = "s3"\nresources = "*"', PolicyError, "key allow[0]", "no action", "service:Action"),
        ('[[allow]]\nactions = "s3:*"\nresources = "x"', PolicyError, "key allow[0]: Statement[0].Resource", "", ""),
        (
            '[[allow]]\nactions = "s3:*"\nresources = "*"\nconditions = {StringEqual = {"s3:prefix" = "x"}}',
            PolicyError,
            "key allow[0]",
            "StringEqual",
            "StringEquals",
        ),
        ('adopt = ["test-*"]', ConfigError, "key adopt", "whole names", ""),
        ('adopt = ["arn:aws:s3"]', ConfigError, "key adopt", "whole ARN", ""),
        ('policy = "absent.json"', ConfigError, "absent.json", "cannot be read", "unset policy"),
        ('policy = "bad.json"', PolicyError, "bad.json: Statement[0].Effect", "Alow", ""),
        ('policy = "not.json"', PolicyError, "not.json", "is not JSON", ""),
    ],
)
def test_what_is_wrong_is_said_with_file_and_place(
    text: str, error: type[SandgateError], where: str, message: str, hint: str, tmp_path: Path
) -> None:
    bad = {**OWN, "Statement": [{"Effect": "Alow", "Action": "s3:*", "Resource": "*"}]}
    (tmp_path / "bad.json").write_text(json.dumps(bad))
    (tmp_path / "not.json").write_text("{")
    with pytest.raises(error) as caught:
        policy(tmp_path, text)
    assert where in caught.value.where
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert str(tmp_path) in caught.value.where


def test_sizes_are_counted_without_whitespace(tmp_path: Path) -> None:
    document = policy(tmp_path, 'services = "sqs"').document
    assert size_of(document) == len("".join(to_json(document).split()))
    assert too_large_for(size_of(document)) == ()
    assert too_large_for(6145) == ("managed policy (6,144)", "user inline (2,048)")
    assert set(LIMITS) == {"managed policy", "role inline", "user inline"}


def test_variants_are_whom_documents_are_for(tmp_path: Path) -> None:
    found = policy(tmp_path, 'services = "sqs"')
    assert VARIANTS["identity"](found) is found.document
    assert VARIANTS["deployer"](found) is found.deployer is not found.document
