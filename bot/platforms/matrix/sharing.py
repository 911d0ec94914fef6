"""Our own keys for rooms (Megolm sessions): which devices have each, and when another is due."""

import asyncio
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import vodozemac
from nio.crypto import OlmDevice

from bot.platforms.matrix.canonical import canonical_json
from bot.platforms.matrix.crypto_store import CryptoStore, Machine
from bot.platforms.matrix.devices import Devices, name, parts
from bot.platforms.matrix.homeserver import Homeserver, Json, path
from bot.platforms.matrix.room_keys import ALGORITHM, RoomKeys

# A server passes on what one request holds to another as one piece, of at most 64 KiB; a key takes up to 2 KiB.
_MESSAGES_A_REQUEST = 20
# What holds unless m.room.encryption says otherwise, and within which bounds it may.
_MESSAGES, _MOST_MESSAGES = 100, 10_000
_AGE, _LOWEST_AGE, _HIGHEST_AGE = timedelta(days=7), timedelta(hours=1), timedelta(days=365)
_MILLISECOND = timedelta(milliseconds=1)
# How often a key may be given up while it is being shared, before we say something all the same.
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Rotation:
    """For how many messages and how long a key is used."""

    messages: int = _MESSAGES
    age: timedelta = _AGE


def rotation_of(content: Mapping[str, Any] | None) -> Rotation:
    """Read from a room's ``m.room.encryption`` when it wants another key, within bounds, passing over nonsense."""
    given = content or {}
    messages, milliseconds = given.get("rotation_period_msgs"), given.get("rotation_period_ms")
    if type(messages) is not int:
        messages = _MESSAGES
    if type(milliseconds) is not int:
        milliseconds = _AGE // _MILLISECOND
    lowest, highest = _LOWEST_AGE // _MILLISECOND, _HIGHEST_AGE // _MILLISECOND
    return Rotation(max(1, min(messages, _MOST_MESSAGES)), max(lowest, min(milliseconds, highest)) * _MILLISECOND)


@dataclass(slots=True)
class OurKey:
    """A key of ours for a room.

    Attributes:
        shared: The curve25519 key of each device that has it.
        settled: For which members and which state of their devices all is done.
    """

    session: vodozemac.GroupSession
    begun: datetime
    messages: int = 0
    shared: dict[tuple[str, str], str] = field(default_factory=dict)
    settled: tuple[frozenset[str], int] | None = None


class Sharing:
    """Encrypts what we say, once everybody who shall read it has the key."""

    def __init__(
        self,
        home: Homeserver,
        machine: Machine,
        store: CryptoStore,
        devices: Devices,
        room_keys: RoomKeys,
        now: Callable[[], datetime],
    ) -> None:
        self._home = home
        self._machine = machine
        self._store = store
        self._devices = devices
        self._room_keys = room_keys
        self._now = now
        self._keys: dict[str, OurKey] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def forget(self, room_id: str) -> None:
        """Use another key for the next message."""
        self._keys.pop(room_id, None)

    async def encrypt(
        self, room_id: str, members: Collection[str], payload: Json, rotation: Mapping[str, Any] | None
    ) -> Json:
        """Return the content of an ``m.room.encrypted`` event that every device of the members can read."""
        async with self._locks[room_id]:
            key = await self._ready(room_id, frozenset(members), rotation_of(rotation))
            for _ in range(_ROUNDS):
                if self._keys.get(room_id) is key:
                    break
                key = await self._ready(room_id, frozenset(members), rotation_of(rotation))
            key.messages += 1
            plain = json.dumps({**payload, "room_id": room_id}, ensure_ascii=False, separators=(",", ":"))
            return {
                "algorithm": ALGORITHM,
                "sender_key": self._machine.account.identity_keys["curve25519"],
                "device_id": self._machine.device_id,
                "session_id": key.session.session_id,
                "ciphertext": key.session.encrypt(plain.encode(errors="replace")).to_base64(),
            }

    async def _ready(self, room_id: str, members: frozenset[str], rotation: Rotation) -> OurKey:
        """Return a key that every device of the members has, of those that can be reached."""
        await self._devices.refresh(members)
        version = self._devices.version
        key = self._keys.get(room_id)
        if key is not None and key.settled == (members, version) and not self._is_worn(key, rotation):
            return key
        wanted = {name(device): device for device in self._devices.of(members)}
        if key is None or self._is_worn(key, rotation) or not key.shared.keys() <= wanted.keys():
            key = self._begin(room_id)
        lacking = [device for device in wanted.values() if key.shared.get(name(device)) != device.curve25519]
        if lacking:
            await self._devices.connect(lacking)
            await self._share(room_id, key, lacking)
        if all(key.shared.get(name(device)) == device.curve25519 for device in lacking):
            key.settled = (members, version)
        return key

    def _is_worn(self, key: OurKey, rotation: Rotation) -> bool:
        # A clock that jumped back must not make a key eternal.
        return key.messages >= rotation.messages or not timedelta(0) <= self._now() - key.begun < rotation.age

    def _begin(self, room_id: str) -> OurKey:
        session = vodozemac.GroupSession()
        identity = self._machine.account.identity_keys
        with self._store.step():
            # So that we can read our own posts, and find them again.
            self._room_keys.add(
                self._machine.user_id, identity["curve25519"], identity["ed25519"], _content(room_id, session)
            )
        key = self._keys[room_id] = OurKey(session, self._now())
        return key

    async def _share(self, room_id: str, key: OurKey, devices: list[OlmDevice]) -> None:
        """Send a key to devices with which there is an Olm session; the others can be tried again."""
        content = _content(room_id, key.session)
        reachable = [device for device in devices if self._machine.session_store.get(device.curve25519)]
        for part in parts(reachable, _MESSAGES_A_REQUEST):
            with self._store.step():
                messages = [(device, self._machine.seal(device, "m.room_key", content)) for device in part]
            await send_to_devices(self._home, messages)
            key.shared.update((name(device), device.curve25519) for device in part)


async def send_to_devices(home: Homeserver, messages: list[tuple[OlmDevice, Json]]) -> None:
    """Send each device its encrypted message, in one request.

    Raises:
        MatrixRefused, Unreachable: They were not, or perhaps not, sent.
    """
    body: dict[str, dict[str, Json]] = {}
    for device, content in messages:
        body.setdefault(device.user_id, {})[device.device_id] = content
    # What is sent again after silence is the same, and then it counts once.
    transaction = hashlib.sha256(canonical_json(body)).hexdigest()[:32]
    await home.ask("PUT", path("v3/sendToDevice/m.room.encrypted", transaction), {"messages": body})


def _content(room_id: str, session: vodozemac.GroupSession) -> Json:
    return {
        "algorithm": ALGORITHM,
        "room_id": room_id,
        "session_id": session.session_id,
        "session_key": session.session_key.to_base64(),
    }
