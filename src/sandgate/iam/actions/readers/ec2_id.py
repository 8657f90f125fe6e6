"""`ec2-id`: the resource type of an EC2 id, where a call takes ids of any type.

Source: EC2 User Guide, "Resource IDs": each id begins with the short name of its type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sandgate.iam.actions.readers._model import Reader

__all__ = ["READER"]

_ID = re.compile(r"(?P<short>[a-z][a-z0-9-]*?)-[0-9a-f]{8,17}")
_WITHOUT_ACCOUNT = frozenset({"image", "snapshot"})
_TYPES = {
    "acl": "network-acl",
    "ami": "image",
    "cagw": "carrier-gateway",
    "cgw": "customer-gateway",
    "cr": "capacity-reservation",
    "cvpn-endpoint": "client-vpn-endpoint",
    "dopt": "dhcp-options",
    "eice": "instance-connect-endpoint",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "export-ami": "export-image-task",
    "fl": "vpc-flow-log",
    "fleet": "fleet",
    "h": "dedicated-host",
    "i": "instance",
    "igw": "internet-gateway",
    "import-ami": "import-image-task",
    "import-snap": "import-snapshot-task",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "nia": "network-insights-analysis",
    "nip": "network-insights-path",
    "nis": "network-insights-access-scope",
    "pcx": "vpc-peering-connection",
    "pg": "placement-group",
    "pl": "prefix-list",
    "rtb": "route-table",
    "scr": "subnet-cidr-reservation",
    "sfr": "spot-fleet-request",
    "sg": "security-group",
    "sgr": "security-group-rule",
    "sir": "spot-instances-request",
    "snap": "snapshot",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-rtb": "transit-gateway-route-table",
    "tmf": "traffic-mirror-filter",
    "tms": "traffic-mirror-session",
    "tmt": "traffic-mirror-target",
    "vgw": "vpn-gateway",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service",
    "vpn": "vpn-connection",
}


def _read(value: object) -> Iterator[Mapping[str, object]]:
    found = _ID.fullmatch(value) if isinstance(value, str) else None
    kind = _TYPES.get(found["short"]) if found else None
    if kind is None:
        raise ValueError("the id does not say what it is an id of")
    yield {"Type": kind, "Id": value, "Owned": kind not in _WITHOUT_ACCOUNT}


READER = Reader(name="ec2-id", read=_read)
