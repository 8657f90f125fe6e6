"""The stand-in as tests use it: an account with an administrator, its front, and environments that lead there."""

from __future__ import annotations

import base64
import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import trustme
from botocore.config import Config
from tests.quick import QUICK
from tests.sandbox.standin.emulation.key_ids import key_id
from tests.sandbox.standin.emulator import Emulator, cache_folder
from tests.sandbox.standin.front import Front
from tests.sandbox.standin.hosts import place
from tests.sandbox.standin.keys import Key, tell_last_use
from tests.sandbox.standin.messages import Answer, Request

__all__ = ["ACCOUNT", "OTHER_ACCOUNT", "REGION", "SOON", "StandIn"]

ACCOUNT = "111122223333"
OTHER_ACCOUNT = "000000000000"
REGION = "eu-west-1"
SOON = {"Delay": 0.05, "MaxAttempts": 2400}
"""For waiters: what takes a moment here may take a minute beside other work."""
_OVERRIDE = Path(__file__).with_name("override")
_ADDRESSES = (
    (rb"http://127\.0\.0\.1:%d(?=/\d{12}/)", "https://sqs.{region}.amazonaws.com"),
    (rb"(http|ws)s?://(\w+)\.execute-api\.127\.0\.0\.1:%d", r"\1s://\2.execute-api.{region}.amazonaws.com"),
    (rb"http://(\w+\.lambda-url\.[a-z0-9-]+)\.127\.0\.0\.1:%d", r"https://\1.on.aws"),
)
"""What the emulator calls its own, by its port, and what it is on AWS."""
_EVERYTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
_OURS = ("AWS_", "SANDGATE_", "PYTEST_", "GITHUB_")


class StandIn:
    """AWS, as far as this machine has it."""

    account = ACCOUNT
    other_account = OTHER_ACCOUNT
    region = REGION
    admin_profile = "admin"
    root_profile = "root"
    other_profile = "other"
    """The administrator of the other account."""

    def __init__(self) -> None:
        authority = trustme.CA()
        self._folder = tempfile.TemporaryDirectory(prefix="si-ca-")
        self.ca_bundle = Path(self._folder.name) / "ca.pem"
        self.escapes = Path(self._folder.name) / "escapes"
        """Where children write down that they tried to leave the machine."""
        authority.cert_pem.write_to_path(str(self.ca_bundle))
        self._clients: dict[tuple[str, str], Any] = {}
        self._session = boto3.session.Session()
        self.front = Front(lambda: self._emulator.socket, authority, self._returned)
        self._emulator = self._start()

    def restart(self) -> None:
        """An account as on its first day, with other keys, behind the same address."""
        self._emulator.stop()
        self._clients.clear()
        self.front.heal()
        self.front.seen.clear()
        for key in self.front.keys:
            self.front.keys.forget(key.access_key_id)
        self._emulator = self._start()

    def stop(self) -> None:
        """End everything."""
        self.front.close()
        self._emulator.stop()
        self._folder.cleanup()

    # -- clients ----------------------------------------------------------------------------------------------------

    def client(self, service: str, key: Key, *, region: str = REGION, **settings: Any) -> Any:
        """A boto3 client of this process with a key, by the front's proxy; it does not try again."""
        config = Config(
            proxies={"https": f"http://127.0.0.1:{self.front.proxy_port}"}, retries={"total_max_attempts": 1}
        )
        return self._session.client(
            service,
            region_name=region,
            aws_access_key_id=key.access_key_id,
            aws_secret_access_key=key.secret,
            aws_session_token=key.token or None,
            verify=str(self.ca_bundle),
            config=config.merge(Config(**settings)),
        )

    def profile_client(self, service: str, profile: str) -> Any:
        """A client of this process for a profile; made once."""
        if (service, profile) not in self._clients:
            self._clients[service, profile] = self.client(service, self.profiles[profile])
        return self._clients[service, profile]

    def root_client(self, service: str) -> Any:
        """A client of this process as the root user, to look at what is there."""
        return self.profile_client(service, self.root_profile)

    def admin_client(self, service: str) -> Any:
        """A client of this process as the administrator."""
        return self.profile_client(service, self.admin_profile)

    # -- other processes --------------------------------------------------------------------------------------------

    def env(self, folder: Path, **more: str) -> dict[str, str]:
        """The environment of a process whose AWS this is.

        Args:
            folder: gets a home of its own, with the profiles in `.aws`.
            more: variables besides.
        """
        home, tmp = folder / "home", folder / "tmp"
        for each in (home / ".aws", tmp):
            each.mkdir(parents=True, exist_ok=True)
        self.write_profiles(home / ".aws")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        path = os.pathsep.join(filter(None, (str(_OVERRIDE), os.environ.get("PYTHONPATH", ""))))
        return {
            **kept,
            **QUICK,
            "HOME": str(home),
            "TMPDIR": str(tmp),
            "COLUMNS": "100",
            "PYTHONPATH": path,
            "SANDGATE_CACHE_DIR": str(cache_folder()),
            "AWS_CONFIG_FILE": str(home / ".aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / ".aws" / "credentials"),
            "AWS_CA_BUNDLE": str(self.ca_bundle),
            "SSL_CERT_FILE": str(self.ca_bundle),
            "REQUESTS_CA_BUNDLE": str(self.ca_bundle),
            "SSL_STAND_IN_PORT": str(self.front.port),
            "SSL_STAND_IN_ESCAPES": str(self.escapes),
            **more,
        }

    def proxy_env(self) -> dict[str, str]:
        """Besides `env`, for processes that are not Python: everything through the front's proxy."""
        url = f"http://127.0.0.1:{self.front.proxy_port}"
        return {"HTTPS_PROXY": url, "https_proxy": url, "NODE_EXTRA_CA_CERTS": str(self.ca_bundle),
                "NO_PROXY": "127.0.0.1,localhost"}  # fmt: skip

    def write_profiles(self, folder: Path) -> None:
        """The AWS configuration of somebody who has them all, and none by default."""
        (folder / "config").write_text(
            "".join(f"[profile {name}]\nregion = {REGION}\n" for name in self.profiles), encoding="utf-8"
        )
        path = folder / "credentials"
        path.touch(mode=0o600)
        path.write_text(
            "".join(
                f"[{name}]\naws_access_key_id = {key.access_key_id}\naws_secret_access_key = {key.secret}\n"
                for name, key in self.profiles.items()
            ),
            encoding="utf-8",
        )

    # -- inside -----------------------------------------------------------------------------------------------------

    def _start(self) -> Emulator:
        root = Key(access_key_id=key_id("AKIA", ACCOUNT), secret=_secret())
        emulator = Emulator(
            account=ACCOUNT, root=(root.access_key_id, root.secret), region=REGION, port=self.front.inner_port
        )
        self._emulator = emulator
        try:
            emulator.wait()
        except BaseException:
            emulator.stop()
            raise
        # Any twelve digits are the root user of that account to the emulator; the front takes these alone, signed.
        digits = Key(access_key_id=OTHER_ACCOUNT, secret=_secret())
        self.front.keys.add(root)
        self.front.keys.add(digits)
        self.profiles: Mapping[str, Key] = {"root": root}
        self.profiles = {"root": root, "admin": self._administrator(root), "other": self._administrator(digits)}
        self.front.keys.forget(OTHER_ACCOUNT)
        self.front.seen.clear()
        return emulator

    def _administrator(self, root: Key) -> Key:
        iam = self.client("iam", root)
        iam.create_user(UserName="admin")
        iam.put_user_policy(UserName="admin", PolicyName="everything", PolicyDocument=_EVERYTHING)
        made = iam.create_access_key(UserName="admin")["AccessKey"]["AccessKeyId"]
        iam.close()
        return self.front.keys[made]

    def _returned(self, request: Request, answer: Answer) -> Answer:
        """What AWS would have written where the emulator wrote its own address, or did not know."""
        where = place(request.host)
        answer = tell_last_use(request, answer, self.front.keys)
        port, body = self.front.inner_port, answer.body
        if where is None or b"127.0.0.1:%d" % port not in body:
            return answer
        for own, theirs in _ADDRESSES:
            body = re.sub(own % port, theirs.format(region=where.region).encode(), body)
        return replace(answer, body=body)


def _secret() -> str:
    return base64.b64encode(secrets.token_bytes(30)).decode()
