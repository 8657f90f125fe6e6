"""Identity providers of SAML."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_PROVIDER = {"SAMLProviderArn": "SAMLProviderArn"}

RESOURCE = ResourceType(
    name="iam-saml-provider",
    type="AWS::IAM::SAMLProvider",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="CreateSAMLProvider", ids=_PROVIDER, told={"tail(Arn)": "Name"}, arn="SAMLProviderArn"
        ),
    ),
    removal=Removal(operation="DeleteSAMLProvider", parameters=_PROVIDER, absent=("NoSuchEntity",)),
    listing=Listing(
        operation="ListSAMLProviders", entries="SAMLProviderList", key={"SAMLProviderArn": "Arn"}, name="tail(Arn)",
        created="CreateDate",
    ),
    remark="The sandbox policy grants none of it; a suite that makes some says so in `allow`.",
)  # fmt: skip
