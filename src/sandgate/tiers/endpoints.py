"""Emulators that the user runs, or names commands for: one URL, region and key pair per service."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree as ET

from sandgate.core.call import ALLOWED, Decision
from sandgate.core.rules import Rule
from sandgate.errors import EnvironmentFault, RunError
from sandgate.tiers._commands import Commands
from sandgate.tiers._endpoint import Endpoint, Unready, read_endpoints
from sandgate.tiers._instance import instances_at, spelled
from sandgate.tiers._leftovers import LISTING_ERRORS, list_service, listed_services
from sandgate.tiers._model import Aim, AwsFacts, Denial, FunctionSession, Leftover, Target, Tier, TierContext
from sandgate.tiers._rules import SigningRules
from sandgate.tiers._tail import tail
from sandgate.wire.models import Models
from sandgate.wire.signing.credential import Credential

__all__ = ["TIER"]

_NO_ENDPOINT = Rule(
    code="no-endpoint",
    text="The tier `endpoints` has no URL for the service.",
    remedy="its URL in `endpoints.SERVICE.url`.",
)
_STS = "2011-06-15"
_HOLDS_NOTHING = frozenset({"sts"})
_MAKES_ANYTHING = frozenset({"cloudformation", "cloudcontrol"})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_SAY_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """What an endpoint said it holds."""

    found: frozenset[Leftover] = frozenset()
    unknown: str = ""
    """Why it could not be told."""


@dataclass(kw_only=True)
class _Place:
    """One endpoint, reached."""

    endpoint: Endpoint
    address: tuple[str, int]
    region: str
    """What calls that the rules know no exception for are signed for."""
    commands: Commands | None
    before: _Listing = field(default_factory=_Listing)

    def list(self, signed_for: str) -> _Listing:
        """What it holds now."""
        service = self.endpoint.service
        if service not in listed_services():
            return _Listing(unknown="sandgate knows no call that lists what it holds")
        client = self.endpoint.client(signed_for)
        try:
            return _Listing(found=frozenset(list_service(client, service)))
        except LISTING_ERRORS as error:
            return _Listing(unknown=str(error) or type(error).__name__)
        finally:
            client.close()


@dataclass(kw_only=True)
class _Endpoints:
    """The emulators of one run."""

    places: Mapping[str, _Place]
    rules: SigningRules
    source: str
    commands: tuple[Commands, ...]
    versions: Mapping[str, str]
    account: str = ""
    caller: str = ""
    private: bool = False
    """Whether nobody but this run can reach what it makes."""
    acts_as_stack_role: bool = False
    aws: AwsFacts | None = None

    def admits(self, aim: Aim, /) -> Decision:
        """Only services that have an endpoint."""
        service = aim.service
        if service in self.places:
            return ALLOWED
        return Decision(
            allowed=False,
            rule=_NO_ENDPOINT.code,
            value=service,
            source=f"endpoints = {', '.join(sorted(self.places))}; {self.source}",
            remedy=f'endpoints.{service}.url = "http://HOST:PORT"',
        )

    def target(self, aim: Aim, /) -> Target:
        """The service's own server, in the one region that its table names."""
        place = self.places[aim.service]
        name, signed_for = self._scope(place, aim.signing_name)
        endpoint = place.endpoint
        return Target(
            host=endpoint.host,
            signing_name=name,
            region=signed_for,
            address=place.address,
            tls=endpoint.tls,
            base_path=endpoint.base_path,
        )

    def _scope(self, place: _Place, signing_name: str) -> tuple[str, str]:
        name, signed_for = self.rules.scope(place.endpoint.service, signing_name, place.region)
        return name, place.endpoint.region or signed_for

    def credential(self, _kind: str, service: str, /) -> Credential:
        """The pair of the service; an emulator that somebody else runs has no second one for the deployer."""
        return self.places[service].endpoint.credential

    async def mend(self, _denial: Denial, /) -> bool:
        """Nothing of an emulator's is renewed while it runs."""
        return False

    async def function_session(self, _access_key_id: str, _region: str) -> FunctionSession | None:
        """Functions inside these emulators do not pass the gate."""
        return None

    def instances(self) -> Mapping[str, Mapping[str, str]]:
        """By what listens at their addresses, for those on this machine."""
        found = instances_at({place.address for place in self.places.values()})
        return {
            service: {"address": spelled(place.address), "instance": found[place.address]}
            for service, place in self.places.items()
            if found.get(place.address)
        }

    async def list_before(self) -> None:
        """Note what is there before the first call."""

        async def note(place: _Place) -> None:
            place.before = await asyncio.to_thread(place.list, self._scope(place, "")[1])

        await asyncio.gather(*(note(place) for place in self.places.values()))

    async def leftovers(self, called: frozenset[tuple[str, str, str]], /) -> tuple[Leftover, ...]:
        """What is there now, and was not there at the start."""
        services = {service for service, _, _ in called}
        everything = not services.isdisjoint(_MAKES_ANYTHING)
        asked = [
            place
            for service, place in sorted(self.places.items())
            if service not in _HOLDS_NOTHING and (everything or service in services)
        ]
        now = await asyncio.gather(*(asyncio.to_thread(p.list, self._scope(p, "")[1]) for p in asked))
        return tuple(left for place, listing in zip(asked, now, strict=True) for left in _left(place, listing))

    def death(self) -> str:
        """A start command that served in the foreground has failed; one that ended well has started something."""
        for place in self.places.values():
            commands = place.commands
            if commands is not None and commands.ended:
                return (
                    f"the emulator of {place.endpoint.service} ended with status {commands.ended}; "
                    f"its last lines:\n{tail(commands.log)}"
                )
        return ""

    async def stop(self) -> None:
        """Run the stop commands, last started first."""
        await _close(self.commands)


def _left(place: _Place, now: _Listing) -> Iterable[Leftover]:
    unknown = now.unknown or place.before.unknown
    if unknown:
        return [Leftover(type="", name=place.endpoint.service, unknown=unknown)]
    return sorted(now.found - place.before.found, key=lambda left: (left.type, left.name))


async def _close(commands: Iterable[Commands]) -> None:
    for entry in reversed(tuple(commands)):
        await entry.close()


async def _start(context: TierContext) -> _Endpoints:
    models = await asyncio.to_thread(Models.load, context.cache_dir)
    endpoints = read_endpoints(context.config, context.environ, models.services)
    rules = await asyncio.to_thread(SigningRules.load, context.cache_dir)
    started: dict[tuple[str, str], Commands] = {}
    try:
        places = {}
        for name, endpoint in endpoints.items():
            places[name] = await _reach(endpoint, started, context)
        made = _Endpoints(
            places=places,
            rules=rules,
            source=context.config.sources["endpoints"],
            commands=tuple(started.values()),
            # Which version an emulator has is its own affair; which one was reached is evidence.
            versions={f"endpoint {name}": place.endpoint.url.geturl() for name, place in places.items()},
        )
        if "sts" in places:
            made.account, made.caller = await asyncio.to_thread(_caller, places["sts"])
        await made.list_before()
    except BaseException:
        await _close(started.values())
        raise
    return made


async def _reach(endpoint: Endpoint, started: dict[tuple[str, str], Commands], context: TierContext) -> _Place:
    """Run the start command, once for all services that share it, and wait until the emulator answers."""
    options = endpoint.options
    pair = (options.start, options.stop)
    if options.start and pair not in started:
        context.progress(f"starting the emulator of {endpoint.service}")
        started[pair] = await Commands.run(
            options.start,
            options.stop,
            cwd=context.config.root,
            environ=context.environ,
            log=context.run_dir / "endpoints.log",
            secrets=[endpoint.credential.secret_access_key] if options.secret_access_key_env else [],
        )
    commands = started.get(pair) if options.start else None
    address = await _answering(endpoint, commands, context)
    region = endpoint.region or context.config.region
    return _Place(endpoint=endpoint, address=address, region=region, commands=commands)


async def _answering(endpoint: Endpoint, commands: Commands | None, context: TierContext) -> tuple[str, int]:
    loop = asyncio.get_running_loop()
    began = said = loop.time()
    pause = _FIRST_PAUSE
    while True:
        if commands is not None and commands.ended:
            raise _failed(endpoint, commands)
        try:
            address = await asyncio.to_thread(endpoint.probe)
        except Unready as unready:
            if unready.lasting and commands is None:
                raise EnvironmentFault(
                    f"the endpoint of {endpoint.service} does not answer: {unready}",
                    where=f"{endpoint.where}.url",
                    hint="start the emulator first, or name the command that does it as `start`",
                ) from unready
            if loop.time() - began > endpoint.options.timeout:
                raise _late(endpoint, commands, unready) from unready
            if loop.time() - said > _SAY_SECONDS:
                said = loop.time()
                context.progress(f"waiting for the emulator of {endpoint.service}: {unready}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            if commands is not None:
                await commands.settle()
                if commands.ended:
                    raise _failed(endpoint, commands)
            return address


def _failed(endpoint: Endpoint, commands: Commands) -> EnvironmentFault:
    return EnvironmentFault(
        f"the start command of {endpoint.service} ended with status {commands.ended}; its last lines:\n"
        f"{tail(commands.log)}",
        where=f"{endpoint.where}.start",
        hint=f"run it by hand in {Path(commands.cwd)}: {endpoint.options.start}",
    )


def _late(endpoint: Endpoint, commands: Commands | None, unready: Unready) -> EnvironmentFault:
    said = f"\nthe start command's last lines:\n{tail(commands.log)}" if commands is not None else ""
    return EnvironmentFault(
        f"the endpoint of {endpoint.service} was not ready after {endpoint.options.timeout:g} s: {unready}{said}",
        where=f"{endpoint.where}.{'health' if endpoint.options.health else 'url'}",
        hint="raise timeout in the same table, or look at the emulator's own log",
    )


def _caller(place: _Place) -> tuple[str, str]:
    """Account and ARN, as the endpoint of STS answers them."""
    client = place.endpoint.client(place.region)
    try:
        answer = client.query("sts", "GetCallerIdentity", _STS)
    except (RunError, OSError, ET.ParseError, http.client.HTTPException) as error:
        raise EnvironmentFault(
            f"the endpoint of sts does not say who calls: {error}",
            where=place.endpoint.where,
            hint="mend its key pair, or drop its table; without it account and caller are not known",
        ) from error
    finally:
        client.close()
    return answer.get("Account", ""), answer.get("Arn", "")


TIER = Tier(
    name="endpoints",
    summary="emulators that you run: DynamoDB Local, MinIO, LocalStack and others, one URL per service",
    capabilities=(
        "each service has a URL, a region and a key pair of its own; http and https",
        "start and stop commands, with a wait until the emulator answers; what starts is stopped, even after a kill",
        "what was there before the run is not counted as left behind",
    ),
    limits=(
        "a service without a URL is refused; so are API Gateway's own addresses and function URLs",
        "a service has one region, whatever region a client asks for",
        "tests and stack commands share each emulator's one key pair; whether it checks anything is its own affair",
        "account and caller are known only where sts has an endpoint",
        "functions inside the emulators do not pass the gate, so their calls are not recorded",
        (
            "what others make in the same emulator during a run counts as left behind; where an emulator cannot list "
            "its resources, the receipt says so"
        ),
    ),
    start=_start,
    rules=(_NO_ENDPOINT,),
    guard_optional=True,
    emulates=True,
)
