"""Users, with the keys, policies, memberships and ways to sign in that AWS wants gone first."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Part, Removal, ResourceType

__all__ = ["RESOURCE"]

_ABSENT = ("NoSuchEntity",)
_USER = {"UserName": "UserName"}

RESOURCE = ResourceType(
    name="iam-user",
    type="AWS::IAM::User",
    service="iam",
    scope="account",
    creates=(Create(operation="CreateUser", names=_USER, arn="User.Arn"),),
    removal=Removal(operation="DeleteUser", parameters=_USER, absent=_ABSENT, full=("DeleteConflict",)),
    listing=Listing(operation="ListUsers", entries="Users", key=_USER, created="CreateDate"),
    parts=(
        Part(
            listing="ListAccessKeys", given=_USER, entries="AccessKeyMetadata.AccessKeyId",
            removal="DeleteAccessKey", parameters={**_USER, "AccessKeyId": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListUserPolicies", given=_USER, entries="PolicyNames",
            removal="DeleteUserPolicy", parameters={**_USER, "PolicyName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListAttachedUserPolicies", given=_USER, entries="AttachedPolicies.PolicyArn",
            removal="DetachUserPolicy", parameters={**_USER, "PolicyArn": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="ListGroupsForUser", given=_USER, entries="Groups.GroupName",
            removal="RemoveUserFromGroup", parameters={**_USER, "GroupName": ".@"}, absent=_ABSENT,
        ),
        Part(
            listing="GetLoginProfile", given=_USER, entries="LoginProfile.UserName",
            removal="DeleteLoginProfile", parameters=_USER, absent=_ABSENT, rare=True,
        ),
        Part(
            listing="ListSigningCertificates", given=_USER, entries="Certificates.CertificateId",
            removal="DeleteSigningCertificate", parameters={**_USER, "CertificateId": ".@"}, absent=_ABSENT, rare=True,
        ),
        Part(
            listing="ListSSHPublicKeys", given=_USER, entries="SSHPublicKeys.SSHPublicKeyId",
            removal="DeleteSSHPublicKey", parameters={**_USER, "SSHPublicKeyId": ".@"}, absent=_ABSENT, rare=True,
        ),
        Part(
            listing="ListServiceSpecificCredentials", given=_USER,
            entries="ServiceSpecificCredentials.ServiceSpecificCredentialId",
            removal="DeleteServiceSpecificCredential", parameters={**_USER, "ServiceSpecificCredentialId": ".@"},
            absent=_ABSENT, rare=True,
        ),
        Part(
            listing="ListMFADevices", given=_USER, entries="MFADevices.SerialNumber",
            removal="DeactivateMFADevice", parameters={**_USER, "SerialNumber": ".@"}, absent=_ABSENT, rare=True,
        ),
    ),
    after=("iam-virtual-mfa-device",),
)  # fmt: skip
