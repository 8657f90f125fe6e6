"""One emulator of the user's: what the configuration says of it, and whether it answers."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from sandgate.config.env_file import env_values
from sandgate.config.model import Config
from sandgate.config.options import EndpointOptions
from sandgate.core.registry import nearest
from sandgate.errors import ConfigError
from sandgate.tiers._unix_http import SignedClient
from sandgate.wire.signing.credential import Credential

__all__ = ["Endpoint", "Unready", "read_endpoints"]

_DEFAULT_PAIR = ("test", "test")
"""What emulators that check no signature are called with by custom; worthless anywhere else."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_PROBE_SECONDS = 3.0
_CALL_SECONDS = 15.0
_SERVER_ERROR = 500


class Unready(Exception):
    """An endpoint that does not answer.

    Args:
        message: why.
        lasting: whether waiting alone changes nothing: nobody listens, or the name does not exist.
    """

    def __init__(self, message: str, *, lasting: bool) -> None:
        super().__init__(message)
        self.lasting = lasting


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where calls of one service end."""

    service: str
    """botocore's name."""
    options: EndpointOptions
    url: SplitResult
    credential: Credential
    region: str
    where: str
    """How messages call it: file and key of its table."""

    @property
    def host(self) -> str:
        """The Host header: as the URL has it."""
        return self.url.netloc

    @property
    def tls(self) -> str:
        """Name that the server's certificate must prove; empty for http."""
        return self.url.hostname or "" if self.url.scheme == "https" else ""

    @property
    def base_path(self) -> str:
        """What stands before every path."""
        return self.url.path.rstrip("/")

    def probe(self) -> tuple[str, int]:
        """Find the address that answers, and ask whether the emulator is ready.

        Returns:
            IP address and port of the URL.

        Raises:
            Unready: it is not.
        """
        address = _connectable(self.url)
        health = urlsplit(self.options.health) if self.options.health else self.url
        try:
            status = _status(health)
        except ssl.SSLCertVerificationError as error:
            raise Unready(
                f"its certificate is not accepted ({error.verify_message}); SSL_CERT_FILE names other authorities",
                lasting=True,
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unready(f"{health.geturl()} gave no answer: {_reason(error)}", lasting=False) from error
        if status >= _SERVER_ERROR:
            raise Unready(f"{health.geturl()} answered {status}", lasting=False)
        return address

    def client(self, region: str) -> SignedClient:
        """A caller of this emulator."""
        return SignedClient(
            _connection(self.url, _CALL_SECONDS),
            host=self.host,
            credential=self.credential,
            region=region,
            base_path=self.base_path,
        )


def _connection(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.hostname or "", url.port or _DEFAULT_PORTS[url.scheme], timeout=timeout)


def _status(url: SplitResult) -> int:
    connection = _connection(url, _PROBE_SECONDS)
    try:
        connection.request("GET", (url.path or "/") + (f"?{url.query}" if url.query else ""))
        return connection.getresponse().status
    finally:
        connection.close()


def _connectable(url: SplitResult) -> tuple[str, int]:
    """The first address of the host where somebody listens; `localhost` may have two."""
    port = url.port or _DEFAULT_PORTS[url.scheme]
    try:
        found = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unready(f"the host {url.hostname} has no address: {_reason(error)}", lasting=True) from error
    problem: OSError | None = None
    for *_, address in found:
        host = str(address[0])
        try:
            socket.create_connection((host, port), timeout=_PROBE_SECONDS).close()
        except OSError as error:
            problem = error
        else:
            return host, port
    if isinstance(problem, ConnectionRefusedError):
        raise Unready(f"nothing listens on {url.netloc}", lasting=True) from problem
    raise Unready(f"cannot connect to {url.netloc}: {_reason(problem)}", lasting=False) from problem


def _reason(error: Exception | None) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def read_endpoints(
    config: Config, environ: Mapping[str, str], services: Mapping[str, object]
) -> Mapping[str, Endpoint]:
    """Every endpoint of the configuration, by service.

    Args:
        config: the run's.
        environ: the user's environment, which goes before the env file.
        services: the names that botocore has.

    Raises:
        ConfigError: there is none, or one lacks something; names the key.
    """
    source = config.sources.get("endpoints", "")
    if not config.endpoints:
        raise ConfigError(
            "the tier 'endpoints' has no endpoint",
            where=source if source != "default" else str(config.file or config.root),
            hint='add [tool.sandgate.endpoints.dynamodb] with url = "http://127.0.0.1:8000", one table per service',
        )
    variables = {**env_values(config), **environ}
    found = {}
    for service, options in config.endpoints.items():
        where = f"{source}, key endpoints.{service}"
        if service not in services:
            close = nearest(service, services)
            hint = f"did you mean {close!r}?" if close else "use the name that `aws SERVICE help` and boto3 have"
            raise ConfigError(f"there is no AWS service {service!r}", where=where, hint=hint)
        found[service] = Endpoint(
            service=service,
            options=options,
            url=_url(options.url, where),
            credential=_credential(options, variables, where, ci=config.ci),
            region=options.region,
            where=where,
        )
    return found


def _url(text: str, where: str) -> SplitResult:
    if not text:
        raise ConfigError(
            "this endpoint has no url", where=f"{where}.url", hint='url = "http://127.0.0.1:PORT", or drop the table'
        )
    try:
        url = urlsplit(text)
        usable = url.hostname and url.port != 0
    except ValueError as error:
        raise ConfigError(f"not a URL: {error}", where=f"{where}.url") from None
    if not usable or url.query or url.fragment or "@" in url.netloc:
        raise ConfigError(
            "an endpoint's url is scheme, host, port and path only",
            where=f"{where}.url",
            hint="credentials are named by access_key_id_env and secret_access_key_env",
        )
    return url


def _credential(options: EndpointOptions, variables: Mapping[str, str], where: str, *, ci: bool) -> Credential:
    names = {"access_key_id_env": options.access_key_id_env, "secret_access_key_env": options.secret_access_key_env}
    if not options.access_key_id_env:
        return Credential(*_DEFAULT_PAIR)
    for key, name in names.items():
        if not variables.get(name):
            raise ConfigError(
                f"the variable {name} is "
                + ("not set in this CI job" if ci else "set neither in the environment nor in the env file"),
                where=f"{where}.{key}",
                hint=f"make the repository secret {name}, and pass it to this step as env; env files are not read in CI"
                if ci
                else f"export {name}, or write it into the env file",
            )
    return Credential(str(variables[options.access_key_id_env]), str(variables[options.secret_access_key_env]))
