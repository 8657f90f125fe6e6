"""Virtual devices for a second factor, taken from the user that has one."""

from __future__ import annotations

from sandgate.resources._model import Create, Listing, Removal, ResourceType

__all__ = ["RESOURCE"]

_DEVICE = {"SerialNumber": "SerialNumber"}

RESOURCE = ResourceType(
    name="iam-virtual-mfa-device",
    type="AWS::IAM::VirtualMFADevice",
    service="iam",
    scope="account",
    creates=(
        Create(
            operation="CreateVirtualMFADevice",
            ids={"SerialNumber": "VirtualMFADevice.SerialNumber"},
            told={"tail(SerialNumber)": "VirtualMFADeviceName"},
            arn="VirtualMFADevice.SerialNumber",
        ),
    ),
    removal=Removal(
        operation="DeleteVirtualMFADevice", parameters=_DEVICE, absent=("NoSuchEntity",), locked=("DeleteConflict",)
    ),
    prepare=(("DeactivateMFADevice", {**_DEVICE, "UserName": ".User.UserName"}, {}),),
    listing=Listing(
        operation="ListVirtualMFADevices", entries="VirtualMFADevices", key=_DEVICE,
        parameters={"AssignmentStatus": "Any"}, name="tail(SerialNumber)",
    ),
    remark="The sandbox policy grants none of it; a suite that makes some says so in `allow`.",
)  # fmt: skip
