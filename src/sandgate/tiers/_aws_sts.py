"""The tier's own few calls of AWS, before the gate may make any: who calls, which role, what alias."""

from __future__ import annotations

import hashlib
import http.client
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from sandgate.errors import ConfigError, EnvironmentFault
from sandgate.tiers._aws_clock import AwsClock
from sandgate.tiers._aws_endpoints import AwsEndpoints, NoPlaceError
from sandgate.tiers._aws_tripwire import Caller
from sandgate.tiers._model import Aim
from sandgate.wire.signing.credential import Credential
from sandgate.wire.signing.sign import sign

__all__ = ["AwsCalls", "AwsDenied"]

_VERSIONS = {"sts": "2011-06-15", "iam": "2010-05-08"}
_SECONDS = 15.0
_TRIES = 4
_PAUSE = 0.2
_PASSING = frozenset({"InternalFailure", "ServiceUnavailable", "Throttling", "ThrottlingException", "SlowDown"})
_OK = 200
_SERVER_ERROR = 500


class AwsDenied(Exception):
    """AWS refused one of the tier's own calls.

    Args:
        code: of the error.
        message: AWS's own words.
        date: Date header of the answer.
    """

    def __init__(self, code: str, message: str, date: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.date = date


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsCalls:
    """A caller of STS and IAM; it blocks."""

    endpoints: AwsEndpoints
    region: str
    region_source: str
    trust: ssl.SSLContext = field(repr=False)
    clock: AwsClock
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def caller(self, credential: Credential) -> Caller:
        """Whose credentials these are.

        Raises:
            AwsDenied: AWS does not take them.
            EnvironmentFault: it cannot be reached.
        """
        answer = dict(_leaves(self._call("sts", "GetCallerIdentity", credential)))
        try:
            return Caller(account=answer["Account"], arn=answer["Arn"])
        except KeyError:
            raise AwsDenied("Unreadable", "an answer that names no account and no ARN", "") from None

    def assume(self, credential: Credential, role: str, session: str, external_id: str = "") -> Credential:
        """Credentials of a role, for an hour: more is not to be had where one role assumes another.

        Raises:
            AwsDenied: not by this caller.
            EnvironmentFault: AWS cannot be reached.
        """
        extra = {"ExternalId": external_id} if external_id else {}
        root = self._call("sts", "AssumeRole", credential, RoleArn=role, RoleSessionName=session, **extra)
        answer = dict(_leaves(root))
        try:
            return Credential(
                answer["AccessKeyId"],
                answer["SecretAccessKey"],
                answer["SessionToken"],
                datetime.fromisoformat(answer["Expiration"]),
            )
        except (KeyError, ValueError):
            raise AwsDenied("Unreadable", "an answer that holds no whole credentials", "") from None

    def aliases(self, credential: Credential) -> tuple[str, ...]:
        """The account's aliases: one, or none.

        Raises:
            AwsDenied: the caller may not ask.
            EnvironmentFault: AWS cannot be reached.
        """
        root = self._call("iam", "ListAccountAliases", credential)
        return tuple(text for name, text in _leaves(root) if name == "member")

    def _call(self, service: str, action: str, credential: Credential, **parameters: str) -> ET.Element:
        """One call, sent again where that does no harm and may help: after a passing fault, or with another time."""
        body = urlencode({"Action": action, "Version": _VERSIONS[service], **parameters}).encode()
        for attempt in range(_TRIES):
            last = attempt == _TRIES - 1
            try:
                return self._send(service, body, credential)
            except AwsDenied as denied:
                corrected = self.clock.correct(denied.code, denied.date)
                if last or not (corrected or denied.code in _PASSING):
                    raise
            except EnvironmentFault:
                if last:
                    raise
            self.sleep(_PAUSE * 2**attempt)
        raise AssertionError

    def _send(self, service: str, body: bytes, credential: Credential) -> ET.Element:
        try:
            place = self.endpoints.place(Aim(service=service, signing_name=service, region=self.region))
        except NoPlaceError as error:
            raise ConfigError(str(error), where=f"region, {self.region_source}") from None
        fields = [
            ("host", place.host),
            ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
            ("accept-encoding", "identity"),
        ]
        headers = sign(
            "POST", "/", "", fields, credential, region=place.region, service=place.signing_name,
            payload=hashlib.sha256(body).hexdigest(), now=self.clock.now(),
        )  # fmt: skip
        status, date, data = self._exchange(place.host, dict(headers), body)
        try:
            root = ET.fromstring(data)  # noqa: S314 - AWS's own, over TLS
        except ET.ParseError:
            code = "ServiceUnavailable" if status >= _SERVER_ERROR else "Unreadable"
            raise AwsDenied(code, f"status {status}, and no XML", date) from None
        if status != _OK:
            said = dict(_leaves(root))
            raise AwsDenied(said.get("Code", str(status)), said.get("Message", ""), date)
        return root

    def _exchange(self, host: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        connection = http.client.HTTPSConnection(host, timeout=_SECONDS, context=self.trust)
        try:
            connection.request("POST", "/", body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers.get("date", ""), answer.read()
        except ssl.SSLCertVerificationError as error:
            raise EnvironmentFault(
                f"the certificate of {host} is not accepted: {error.verify_message}",
                where="AWS_CA_BUNDLE, ca_bundle of the AWS profile, SSL_CERT_FILE, or the system's authorities",
                hint="name the authorities of your network with AWS_CA_BUNDLE",
            ) from error
        except socket.gaierror as error:
            raise EnvironmentFault(
                f"{host} has no address: {error.strerror}",
                where=f"region, {self.region_source}",
                hint=f"look at the network, and whether AWS has a region {self.region!r}",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise EnvironmentFault(
                f"{host} cannot be reached: {reason}",
                hint="the gate calls AWS itself, without a proxy: port 443 must be open",
            ) from error
        except ValueError:
            # Its text quotes the header that could not be sent, and may hold a token.
            raise EnvironmentFault("the request that asks AWS who calls cannot be made of these credentials") from None
        finally:
            connection.close()


def _leaves(root: ET.Element) -> Iterator[tuple[str, str]]:
    for element in root.iter():
        if not len(element):
            yield element.tag.rpartition("}")[2], element.text or ""
