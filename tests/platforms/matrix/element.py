"""A second client that is what Element Web runs: matrix-js-sdk with its Rust crypto, in a process of its own."""

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.platforms.matrix.second import Json, Second

SOURCES = Path(__file__).with_name("element")
PACKAGES, LOCK, PROGRAM = "package.json", "package-lock.json", "client.mjs"
_OLDEST_NODE = 20
_SECONDS_TO_INSTALL = 300.0
# What is wrong with our own files, and no reason to skip anything.
_OUR_FAULTS = ("EUSAGE", "EINTEGRITY", "EJSONPARSE", "ETARGET")
# A line holds at most an event, or a list of devices.
_LONGEST_LINE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shield:
    """The warning that is shown beside an encrypted message.

    Attributes:
        colour: ``NONE``, ``GREY`` or ``RED``.
        reason: Such as ``UNSIGNED_DEVICE``; nothing if there is no warning.
    """

    colour: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """What the client makes of somebody's device.

    Attributes:
        signed_by_owner: Whether it is signed with its owner's cross-signing keys.
        verified: Whether it can be trusted: the keys that it is signed with are verified as well, as one's own are.
    """

    name: str
    signed_by_owner: bool
    verified: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """What the client makes of a poll.

    Attributes:
        answers: What there is to choose from, by id, in order.
        most: How many of them one may choose.
        is_disclosed: Whether it is shown to everybody how it stands before it ends.
        votes: Who has chosen what.
    """

    question: str
    answers: dict[str, str]
    most: int
    is_disclosed: bool
    votes: list[tuple[str, list[str]]]


class Element(Second):
    """A client.

    Each event in ``seen`` also has: ``is_encrypted``; ``failure``, why it cannot be read (the SDK's word for it), which
    is empty if it can; ``thread``, the event that its thread began with; ``reply_to``, the event that it answers.

    Attributes:
        recovery: What makes another device of the same user's one that is signed, as its recovery key.
        version: Of the crypto.
    """

    recovery = version = ""

    async def login(
        self, homeserver: str, user: str, password: str, *, signed: bool = True, recovery: str = ""
    ) -> None:
        """Log in as a new device, and begin to sync.

        Args:
            signed: Whether it is signed by its owner: with the account's keys if their recovery key is given,
                otherwise with new ones. One that is not signed is what it is before its owner has confirmed it.
            recovery: The recovery key.
        """
        answer = await self._tell(
            "login", homeserver=homeserver, user=user, password=password, signed=signed, recovery=recovery
        )
        self.user, self.device, self.token = answer["user"], answer["device"], answer["token"]
        self.recovery, self.version = answer["recovery"], answer["version"]

    async def isolate(self) -> None:
        """Treat devices that their owners did not sign as if they were not there, as MSC4153 has it."""
        await self._tell("isolate")

    async def trust_verified_alone(self, whether: bool) -> None:
        """Give keys only to devices that the user has verified, or to all again."""
        await self._tell("trust_verified_alone", whether=whether)

    async def shield(self, event: Json) -> Shield | None:
        """Return the warning beside an event; None if it is not encrypted."""
        shown = await self._tell("shield", room_id=event["room_id"], event_id=event["event_id"])
        return shown and Shield(**shown)

    async def devices_of(self, user: str) -> dict[str, Device]:
        """Return somebody's devices by their ids."""
        return {number: Device(**each) for number, each in (await self._tell("devices", user=user)).items()}

    async def is_cross_signed(self, user: str) -> bool:
        """Tell whether somebody has cross-signing keys."""
        has: bool = await self._tell("is_cross_signed", user=user)
        return has

    async def verify(self, room: str, user: str) -> tuple[str, str]:
        """Ask somebody to verify one another, and wait until that is cancelled; returns by whom, and the code of why.

        Raises:
            TimeoutError: It is not.
        """
        who, code = await self._tell("verify", room_id=room, user=user)
        return who, code

    async def thread(self, root: Json) -> list[str] | None:
        """Return the ids of the events in the thread that an event began, without itself; None if it began none."""
        events: list[str] | None = await self._tell("thread", room_id=root["room_id"], event_id=root["event_id"])
        return events

    async def poll(self, event: Json) -> Poll:
        """Return the poll that an event began.

        Raises:
            TimeoutError: The client sees none in it.
        """
        known = await self._tell("poll", room_id=event["room_id"], event_id=event["event_id"])
        votes = [(user, chosen) for user, chosen in known.pop("votes")]
        return Poll(answers=dict(known.pop("answers")), votes=votes, **known)

    async def vote(self, event: Json, answer: str) -> None:
        """Choose an answer of a poll, by its id."""
        await self._tell("vote", room_id=event["room_id"], event_id=event["event_id"], answer=answer)


def install(folder: Path) -> None:
    """Put the client and its packages into a folder.

    Skips the test that asks for it where that is not possible.
    """
    _check_node()
    for name in (PACKAGES, LOCK, PROGRAM):
        shutil.copy(SOURCES / name, folder)
    npm = [shutil.which("npm") or "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        done = subprocess.run(npm, cwd=folder, capture_output=True, text=True, timeout=_SECONDS_TO_INSTALL, check=False)
        problem = (done.stderr or "npm failed") if done.returncode else ""
    except (OSError, subprocess.TimeoutExpired) as error:
        problem = str(error)
    assert not any(code in problem for code in _OUR_FAULTS), problem
    if problem:
        pytest.skip(f"the packages of {'/'.join(SOURCES.parts[-4:])} could not be installed: {problem.splitlines()[0]}")


def _check_node() -> None:
    try:
        done = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False)
    except OSError:
        pytest.skip("Node is not here")
    version = re.match(r"v(\d+)", done.stdout)
    if version is None or int(version[1]) < _OLDEST_NODE:
        pytest.skip(f"Node is not here, or too old: {_OLDEST_NODE} or newer is needed, not {done.stdout.strip()!r}")


@asynccontextmanager
async def open_element(program: Path, log: Path) -> AsyncIterator[Element]:
    """Start a client that forgets everything at its end.

    Args:
        program: The folder that it is installed in.
        log: The file to which it writes what goes on in it.
    """
    with log.open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *("node", PROGRAM),
            cwd=program,
            env={"PATH": os.environ["PATH"]},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=written,
            limit=_LONGEST_LINE,
        )
    element = Element(process)
    listening = asyncio.create_task(element.listen())
    try:
        yield element
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await listening
        assert process.stdin is not None
        process.stdin.close()
