"""A real Synapse as a child process, in an environment of its own, on loopback."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path

import aiohttp
import pytest

from tests.platforms.matrix.plain import Plain as Plain
from tests.platforms.matrix.plain import User as User

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv-synapse" / "bin" / "python"
NAME = "circle.test"
PASSWORD = "correct horse"  # noqa: S105 - of people who live as long as a test
PATIENCE = 60.0  # seconds; a start takes two, more on a busy machine
_SHARED = "shared by the tests and their server"
_MEMORY = Path("/dev/shm")  # noqa: S108 - memory, where there is some; each folder in it is new and our own

# It ends with us even if we are killed: the pipe that nothing is ever written to is then closed.
_RUN = """\
import os, runpy, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
runpy.run_module("synapse.app.homeserver", run_name="__main__", alter_sys=True)
"""


class Synapse:
    """A homeserver in a folder of its own; stopped or killed and started again, it is the same one on the same port.

    Attributes:
        name: What stands after the colon in users' and rooms' names.
        address: Where clients reach it.
    """

    def __init__(self, folder: Path, defaults: bool = False) -> None:
        """Prepare one.

        Args:
            folder: Where all that it keeps is kept.
            defaults: Limit requests as Synapse does by default. Otherwise there is no limit that a test could reach.
        """
        if not PYTHON.exists():
            pytest.skip("Synapse is not here; ./kruzhok test makes .venv-synapse for it")
        self.folder = folder
        self.name = NAME
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "homeserver.json").write_text(json.dumps(configuration(folder, self.port, defaults)))

    def start(self) -> None:
        """Start it, and wait until it answers, which takes about two seconds; it blocks meanwhile."""
        assert self._process is None, "It runs already."
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [PYTHON, "-I", "-c", _RUN, "--config-path", "homeserver.json"],
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
            )
        until = time.monotonic() + PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise AssertionError(f"Synapse did not start:\n{self.log()[-3000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it as an operator would."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
            self._ended()

    def kill(self) -> None:
        """End it at once, in the midst of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._ended()

    def _ended(self) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.wait()
        self._process.stdin.close()
        self._process = None

    @property
    def process(self) -> int:
        """The id of its process, while it runs."""
        assert self._process is not None, "It does not run."
        return self._process.pid

    def log(self) -> str:
        """What it has printed and logged."""
        files = (self.folder / name for name in ("output", "homeserver.log"))
        return "\n".join(file.read_text(errors="replace") for file in files if file.exists())

    def fresh(self, prefix: str = "member") -> str:
        """Return a name that nobody has here yet, for a user or an alias."""
        return f"{prefix}-{next(self._numbers)}-{secrets.token_hex(3)}"

    async def register(
        self, localpart: str, password: str = PASSWORD, admin: bool = False, device: str | None = None
    ) -> User:
        """Make an account, and log in."""
        url = f"{self.address}/_synapse/admin/v1/register"
        async with aiohttp.ClientSession(raise_for_status=True) as session:
            async with session.get(url) as response:
                nonce = (await response.json())["nonce"]
            words = [nonce, localpart, password, "admin" if admin else "notadmin"]
            proof = hmac.new(_SHARED.encode(), "\0".join(words).encode(), hashlib.sha1).hexdigest()
            account = {"nonce": nonce, "username": localpart, "displayname": localpart, "password": password}
            async with session.post(url, json={**account, "admin": admin, "mac": proof}) as response:
                made = await response.json()
            if device is None:
                return User(made["user_id"], made["access_token"], made["device_id"], password)
        return await self.login(made["user_id"], password, device)

    async def login(self, user: str, password: str = PASSWORD, device: str | None = None) -> User:
        """Log in with the password, on a new device unless one is named."""
        who = {"type": "m.id.user", "user": user}
        content = {"type": "m.login.password", "identifier": who, "password": password}
        content |= {"device_id": device} if device else {}
        url = f"{self.address}/_matrix/client/v3/login"
        async with aiohttp.ClientSession(raise_for_status=True) as session, session.post(url, json=content) as response:
            given = await response.json()
        return User(given["user_id"], given["access_token"], given["device_id"], password)

    async def lift_limits(self, user: User) -> None:
        """Let that user send as much as they like, where there are limits: the members of a test are not under test."""
        admin = await self.register(self.fresh("admin"), admin=True)
        url = f"{self.address}/_synapse/admin/v1/users/{user.id}/override_ratelimit"
        headers = {"Authorization": f"Bearer {admin.token}"}
        async with aiohttp.ClientSession(headers=headers, raise_for_status=True) as session:
            await session.post(url, json={"messages_per_second": 0, "burst_count": 0})

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/_matrix/client/versions", timeout=5) as response:  # noqa: S310 - our own
                return bool(response.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
    return port


def configuration(folder: Path, port: int, defaults: bool) -> dict[str, object]:
    """Say how it is to run, in JSON, which is YAML as well."""
    seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
    client = {"names": ["client"], "compress": False}
    written = {
        "server_name": NAME,
        "public_baseurl": f"http://127.0.0.1:{port}/",
        "listeners": [
            {"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False, "resources": [client]}
        ],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "homeserver.db")}},
        "log_config": str(folder / "log.json"),
        "media_store_path": str(folder / "media"),
        "signing_key": f"ed25519 a_test {seed}",
        "registration_shared_secret": _SHARED,
        "macaroon_secret_key": secrets.token_hex(16),
        "form_secret": secrets.token_hex(16),
        "bcrypt_rounds": 4,
        "trusted_key_servers": [],
        "federation_domain_whitelist": [],
        "report_stats": False,
        "presence": {"enabled": False},
        "enable_room_list_search": False,
        "user_directory": {"enabled": False},
        "push": {"enabled": False},
        "filter_timeline_limit": 10_000,
    }
    (folder / "log.json").write_text(json.dumps(logging_to(folder / "homeserver.log")))
    return written if defaults else written | unlimited()


def logging_to(file: Path) -> dict[str, object]:
    """Say where Synapse is to log its warnings."""
    handler = {"class": "logging.FileHandler", "filename": str(file), "formatter": "line"}
    return {
        "version": 1,
        "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
        "handlers": {"file": handler},
        "root": {"level": "WARNING", "handlers": ["file"]},
        "disable_existing_loggers": False,
    }


def unlimited() -> dict[str, object]:
    """Raise every limit of Synapse's, so that only tests that are about limits meet one."""
    most = {"per_second": 100_000, "burst_count": 100_000}
    flat = (
        *("message", "registration", "registration_token_validity", "admin_redaction", "joins_per_room"),
        *("key_requests", "3pid_validation", "third_party_invite", "media_create", "delayed_event_mgmt"),
        *("room_creation", "reports", "user_directory", "profile"),
    )
    nested = {
        "login": ("address", "account", "failed_attempts"),
        "joins": ("local", "remote"),
        "invites": ("per_room", "per_user", "per_issuer"),
        "presence": ("per_user",),
    }
    return {f"rc_{name}": most for name in flat} | {
        f"rc_{name}": dict.fromkeys(kinds, most) for name, kinds in nested.items()
    }


@contextmanager
def running(defaults: bool = False) -> Iterator[Synapse]:
    """Run one without an event loop, in memory where the system has a place for that."""
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="kruzhok-synapse-", dir=memory))
    server = Synapse(folder, defaults)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def synapse(folder: Path, defaults: bool = False) -> AsyncIterator[Synapse]:
    """Run one in that folder, for tests that stop or kill it, or ask for its default limits."""
    server = Synapse(folder, defaults)
    try:
        await asyncio.to_thread(server.start)
        yield server
    finally:
        server.kill()
