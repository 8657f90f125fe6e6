"""Identity providers of OpenID Connect."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_PROVIDER = {"OpenIDConnectProviderArn": "OpenIDConnectProviderArn"}

RESOURCE = ResourceType(
    name="iam-oidc-provider",
    type="AWS::IAM::OIDCProvider",
    service="iam",
    scope="account",
    creates=(
        Create(operation="CreateOpenIDConnectProvider", ids=_PROVIDER, arn="OpenIDConnectProviderArn"),
    ),
    removal=Removal(operation="DeleteOpenIDConnectProvider", parameters=_PROVIDER, absent=("NoSuchEntity",)),
    listing=Listing(
        operation="ListOpenIDConnectProviders", entries="OpenIDConnectProviderList",
        key={"OpenIDConnectProviderArn": "Arn"}, name="second(Arn)",
    ),
    remark="The sandbox policy grants none of it; a suite that makes some says so in `allow`.",
)  # fmt: skip
