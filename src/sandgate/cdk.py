"""The identity of the tests as a construct of the AWS CDK, for projects whose stacks are all made by it (extra `cdk`).

It synthesises what `sandgate up` deploys; `up` takes a stack for its own that is tagged `sandgate:identity`, which the
construct does, so `rotate`, `down` and the access key work as ever.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, CfnResource, Stack, Token
from botocore.session import get_session
from constructs import Construct

from sandgate.config.identity import OWNER_TAG
from sandgate.config.load import load
from sandgate.config.model import Config
from sandgate.errors import ConfigError
from sandgate.identity.documents import documents
from sandgate.identity.template import tags_of, template_of

__all__ = ["TestIdentity"]


class TestIdentity(Construct):  # type: ignore[misc]  # mypy does not follow aws_cdk, see pyproject.toml
    """User, test role, deployer role and permissions boundaries of a project.

    Args:
        scope: the stack, which must be called `sandgate-` and the identity's name, so that `sandgate up` finds it.
        id: of the construct.
        account: 12 digits; default: that of the stack.
        folder: where the search for the project's configuration begins, upward.
        service: botocore's name of the only service that the identity is for.

    Raises:
        ConfigError: the account is not known when the app is synthesised, or is not the configured one, the stack has
            another name, or the configuration is wrong.
    """

    __test__ = False
    """No test class, whatever its name makes pytest think."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        account: str = "",
        folder: Path | str = ".",
        service: str = "",
    ) -> None:
        super().__init__(scope, id)
        stack = Stack.of(self)
        known = account or stack.account
        if not (known.isdecimal() and known.isascii()):
            raise ConfigError(
                "the account of the stack is not known yet, and its policies name it",
                where=stack.stack_name,
                hint='pass account="111122223333", or env=Environment(account=…) to the stack',
            )
        config = load(
            cwd=Path(folder).resolve(), environ=os.environ, overrides={"tier": "sandbox"}, creating=True
        )  # fmt: skip
        _check_account(config, known, stack.stack_name)
        region = config.region if Token.is_unresolved(stack.region) else stack.region
        partition = get_session().get_partition_for_region(region)
        found = documents(config, account=known, partition=partition, service=service)
        self.names = found.names
        """What everything is called."""
        if stack.stack_name != found.names.stack:
            raise ConfigError(
                f"`sandgate up` looks for the stack {found.names.stack!r}",
                where=f"stack {stack.stack_name}",
                hint=f'Stack(app, "{found.names.stack}")',
            )
        template = template_of(found, tags_of(config, found))
        for key, resource in template["Resources"].items():
            self._resource(key, resource)
        for key, output in template["Outputs"].items():
            CfnOutput(self, f"{key}Output", value=_token(output["Value"])).override_logical_id(key)
        stack.tags.set_tag(OWNER_TAG, found.names.user)

    def _resource(self, key: str, resource: dict[str, Any]) -> None:
        made = CfnResource(self, key, type=resource["Type"], properties=resource["Properties"])
        made.override_logical_id(key)
        if "DependsOn" in resource:
            made.add_override("DependsOn", resource["DependsOn"])


def _check_account(config: Config, account: str, stack: str) -> None:
    """A run takes no other account than the configured one, so neither may the identity be in another."""
    if config.account and config.account != account:
        raise ConfigError(
            f"the stack is for account {account}, and the configuration for {config.account}",
            where=f"stack {stack}; account, {config.sources.get('account', '')}",
            hint="one of the two is wrong",
        )


def _token(value: dict[str, Any]) -> str:
    """A reference as a text that CDK resolves."""
    return str(Token.as_string(value))
