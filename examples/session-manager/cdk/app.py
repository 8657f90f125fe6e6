"""The identity of the tests as a stack of the CDK: what `sandgate up` makes, without its access key."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk

from sandgate.cdk import TestIdentity

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import settings

app = cdk.App()
stack = cdk.Stack(app, settings.STACK, env=cdk.Environment(account=settings.ACCOUNT, region=settings.REGION))
TestIdentity(stack, "Identity", folder=settings.PROJECT)
app.synth()
