"""The users that the embedded AWS starts with, and what they may do there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from sandgate.config.also_options import WHO_AM_I
from sandgate.iam.document import Document, Statement, to_json
from sandgate.tiers._emulated_process import ACCOUNT, ROOT, Place
from sandgate.tiers._model import Leftover, Second, TierContext
from sandgate.tiers._translate import translate
from sandgate.wire.signing.credential import Credential

__all__ = ["OWN", "Provisioned", "other_user", "policies", "provision", "translated"]

_OTHER = "111122223333"
_OTHER_ROOT = Credential(access_key_id=_OTHER, secret_access_key="test")  # noqa: S106 - root there, like ROOT
_IAM = "2010-05-08"
_EVERYTHING = Statement(effect="Allow", actions=("*",), resources=("*",))
_NO_IAM = Statement(effect="Deny", actions=("iam:*",), resources=("*",))
OWN = frozenset(Leftover(type="AWS::IAM::User", name=f"sandgate-{kind}") for kind in ("identity", "deployer"))
"""What no test has made."""
_UNGUARDED = {
    "identity": Document(statements=(_EVERYTHING, _NO_IAM)),
    "deployer": Document(statements=(_EVERYTHING,)),
}


class Provisioned(TypedDict):
    """What a tier knows of them: each kind's key, the account, and who the tests are."""

    credentials: Mapping[str, Credential]
    account: str
    caller: str


def policies(context: TierContext) -> Mapping[str, Document]:
    """What the users may do, by kind, as the emulator has to be told it; all but IAM where there is no guard.

    Args:
        context: of the run.
    """
    if context.policy_for is None:
        return _UNGUARDED
    return {kind: translated(document, kind) for kind, document in context.policy_for(ACCOUNT).items()}


def provision(place: Place, documents: Mapping[str, Document]) -> Provisioned:
    """Create the tests' identity and the deployer: nothing of ours passes as root.

    Args:
        place: of the emulator, which is ready.
        documents: their `policies`.
    """
    client = place.client(ROOT)
    credentials: dict[str, Credential] = {}
    try:
        for kind, policy in documents.items():
            user = f"sandgate-{kind}"
            document = to_json(policy, indent=None)
            client.query("iam", "CreateUser", _IAM, UserName=user)
            client.query("iam", "PutUserPolicy", _IAM, UserName=user, PolicyName="sandgate", PolicyDocument=document)
            key = client.query("iam", "CreateAccessKey", _IAM, UserName=user)
            credentials[kind] = Credential(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
        asker = place.client(credentials["identity"])
        caller = asker.query("sts", "GetCallerIdentity", "2011-06-15")
        asker.close()
    finally:
        client.close()
    return {"credentials": credentials, "account": caller["Account"], "caller": caller["Arn"]}


def other_user(context: TierContext, place: Place) -> Second:
    """A user of another account, which may say who it is.

    Args:
        context: of the run.
        place: of the emulator, which is ready.
    """
    client = place.client(_OTHER_ROOT)
    user = "sandgate-also"
    try:
        made = client.query("iam", "CreateUser", _IAM, UserName=user)
        actions = (WHO_AM_I, *context.config.also_allow)
        document = Document(statements=(Statement(effect="Allow", actions=actions, resources=("*",)),))
        policy = to_json(document, indent=None)
        client.query("iam", "PutUserPolicy", _IAM, UserName=user, PolicyName="sandgate", PolicyDocument=policy)
        key = client.query("iam", "CreateAccessKey", _IAM, UserName=user)
    finally:
        client.close()
    credential = Credential(access_key_id=key["AccessKeyId"], secret_access_key=key["SecretAccessKey"])
    return Second(account=_OTHER, caller=made["Arn"], fetch=lambda: credential)


def translated(document: Document, kind: str = "identity") -> Document:
    """What the emulator's IAM has to be told so that it allows what the document allows.

    Args:
        document: a policy of AWS's.
        kind: of the user who has it.
    """
    user = f"sandgate-{kind}"
    variables = {
        "aws:principalaccount": ACCOUNT,
        "aws:principalarn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
        "aws:principaltype": "User",
        "aws:username": user,
    }
    return translate(document, variables=variables)
