"""End-to-end encryption: reads and writes what is encrypted, and keeps in order what that takes."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import vodozemac
from nio.crypto import OlmDevice

from bot.platforms.matrix.canonical import decode_base64
from bot.platforms.matrix.crypto_store import DATABASE_ERRORS, CryptoStore, Machine, StoreBroken, open_machine
from bot.platforms.matrix.declining import REQUEST, Declining
from bot.platforms.matrix.devices import Devices
from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused, Unreachable
from bot.platforms.matrix.identity import STORE, Identity
from bot.platforms.matrix.publishing import OLM_ALGORITHM, Publishing, Step
from bot.platforms.matrix.room_keys import RoomKeys, Unreadable
from bot.platforms.matrix.sharing import Sharing, send_to_devices

__all__ = ["Encryption", "StoreBroken", "Unreadable"]

log = logging.getLogger(__name__)

# To-device messages are at most 64 KiB; what is longer is none.
_LONGEST = 65_536


class Encryption:
    """Our device, as far as encryption goes.

    Nothing that others send can make it raise anything but what it says, or keep it from taking what comes next.

    Attributes:
        publishing: Our keys at the server, and signatures with our device's.
    """

    def __init__(
        self,
        home: Homeserver,
        machine: Machine,
        store: CryptoStore,
        room_keys: RoomKeys,
        *,
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        step: Step,
    ) -> None:
        self.publishing = Publishing(home, machine, store, monotonic, step)
        self._home = home
        self._machine = machine
        self._store = store
        self._room_keys = room_keys
        self._devices = Devices(home, machine, store, monotonic)
        self._sharing = Sharing(home, machine, store, self._devices, room_keys, now)
        self._declining = Declining(home, now)
        self._readable: set[tuple[str, str]] = set()
        self._dummies: list[tuple[OlmDevice, Json]] = []
        self._keeping_up = asyncio.Lock()

    @classmethod
    def open(
        cls,
        home: Homeserver,
        folder: Path,
        identity: Identity,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        step: Step = lambda name: None,
    ) -> "Encryption":
        """Open the crypto store of an identity that was read, and thereby checked.

        Args:
            step: Told the name of each step that is done; for tests that stop there.
        """
        machine, store = open_machine(folder / STORE, identity.user, identity.device, identity.pickle_key)
        room_keys = RoomKeys(store, identity.user, identity.pickle_key, now)
        return cls(home, machine, store, room_keys, now=now, monotonic=monotonic, step=step)

    def close(self) -> None:
        """Close the crypto store."""
        self._store.database.close()

    def receive(
        self,
        to_device: list[Any],
        one_time_key_counts: dict[str, Any] | None,
        unused_fallback_types: list[Any] | None,
        changed: list[Any],
        left: list[Any],
    ) -> None:
        """Take what a sync says about encryption, as it stands there (None: it does not).

        Raises:
            StoreBroken: It could not be kept; it is to be taken again.
        """
        self.publishing.told(one_time_key_counts, unused_fallback_types)
        self._devices.left(_texts(left))
        self._devices.changed(_texts(changed))
        if not to_device:
            return
        readable: set[tuple[str, str]] = set()
        try:
            with self._store.step():
                for event in to_device:
                    self._take(event, readable)
                self._machine.save_account()
        except StoreBroken:
            self._machine.reload()
            self._room_keys.forget_what_is_at_hand()
            raise
        self._readable |= readable

    def newly_readable(self) -> set[tuple[str, str]]:
        """Return of which keys (room id, session id) more can be read than at the last call."""
        readable, self._readable = self._readable, set()
        return readable

    async def keep_up(self) -> None:
        """Do what is due at the server: publish keys, ask for devices, mend Olm sessions.

        What fails stays due; it is for the next call, since the server is not to be asked again and again.

        Raises:
            MatrixRefused: Our access token is no longer good.
        """
        async with self._keeping_up:
            for what, work in (
                ("take our keys", self.publishing.publish),
                ("tell of devices", self._devices.refresh_due),
                ("begin Olm sessions anew", self._mend),
                ("decline verification", self._declining.send),
            ):
                try:
                    await work()
                except Unreachable:
                    return
                except MatrixRefused as refused:
                    if refused.is_lost_token:
                        raise
                    log.warning("The homeserver refused to %s: %s.", what, refused.code or refused.status)
                except StoreBroken as broken:
                    log.warning("Encryption could not be kept in order: %s.", broken)

    def decrypt(self, room_id: str, event: Json) -> Json:
        """Return an event of a room as it was before it was encrypted, with the ``session_id`` of its key.

        Raises:
            Unreadable: It cannot be read, or not yet.
        """
        try:
            payload, key = self._room_keys.read(room_id, event)
            device = self._devices.find(event["sender"], key.sender_key)
            outer = event["content"]
            if device is not None and device.ed25519 != key.ed25519:
                raise Unreadable(outer["session_id"], "its key is not from the device that it says")
            relation = {"m.relates_to": outer["m.relates_to"]} if "m.relates_to" in outer else {}
            time_sent = event.get("origin_server_ts")
            return {
                "type": payload["type"],
                "content": {**payload["content"], **relation},
                "sender": event["sender"],
                "event_id": event["event_id"],
                "origin_server_ts": time_sent if type(time_sent) is int else 0,
                "session_id": outer["session_id"],
                **({"unsigned": event["unsigned"]} if isinstance(event.get("unsigned"), dict) else {}),
            }
        except Unreadable:
            raise
        except Exception as error:  # whatever somebody made up, the next event must be read
            raise Unreadable("", f"a malformed event ({type(error).__name__})") from None

    async def encrypt(
        self,
        room_id: str,
        members: Collection[str],
        event_type: str,
        content: Json,
        rotation: Mapping[str, Any] | None = None,
    ) -> Json:
        """Return the content of an ``m.room.encrypted`` event that every device of the members can read.

        Args:
            members: All who may read it: who joined, and who is invited.
            rotation: The content of the room's ``m.room.encryption``.

        Raises:
            MatrixRefused, Unreachable: Not everybody could be given the key; nothing is lost by trying again.
            StoreBroken: It could not be kept who has the key.
        """
        sealed = await self._sharing.encrypt(room_id, members, {"type": event_type, "content": content}, rotation)
        if "m.relates_to" in content:
            sealed["m.relates_to"] = content["m.relates_to"]  # by which servers know threads, edits and reactions
        return sealed

    def forget(self, room_id: str) -> None:
        """Use another key for the next message in a room, because somebody left or its encryption changed."""
        self._sharing.forget(room_id)

    def _take(self, event: object, readable: set[tuple[str, str]]) -> None:
        """Take one to-device message; whatever it is, the next one can be taken."""
        if isinstance(event, dict) and event.get("type") != "m.room.encrypted":
            if event.get("type") == REQUEST:
                self._declining.take(event.get("sender"), event.get("content"))
            else:
                # We give keys to nobody who asks, and take none that came in the open.
                log.debug("A to-device message was passed over: not encrypted.")
            return
        try:
            for sender, sender_key, payload in self._open(event):
                if payload["type"] == "m.room_key":
                    place = self._take_room_key(sender, sender_key, payload)
                    readable.update([place] if place else [])
                elif payload["type"] == REQUEST:
                    self._declining.take(sender, payload["content"])
        except DATABASE_ERRORS:
            raise
        except Exception as error:  # whatever somebody made up, the next message must be taken
            log.info("A to-device message was passed over: %s.", type(error).__name__)

    def _open(self, event: Any) -> list[tuple[str, str, Json]]:
        """Decrypt a to-device message.

        Raises:
            Exception: It is malformed, or cannot be decrypted.
        """
        sender, content = event["sender"], event["content"]
        sender_key, ours = content["sender_key"], self._machine.account.identity_keys["curve25519"]
        kind, body = content["ciphertext"][ours]["type"], content["ciphertext"][ours]["body"]
        if not isinstance(sender, str) or content["algorithm"] != OLM_ALGORITHM or len(body) > _LONGEST:
            raise ValueError("no Olm message")
        if len(decode_base64(sender_key)) != 32 or type(kind) is not int or kind not in (0, 1):
            raise ValueError("no Olm message")
        message: vodozemac.PreKeyMessage | vodozemac.AnyOlmMessage
        if kind == 0:
            message = vodozemac.PreKeyMessage.from_base64(body)
        else:
            message = vodozemac.AnyOlmMessage.normal(decode_base64(body))
        self._machine.opened.clear()
        try:
            self._machine.decrypt(sender, sender_key, message)
        except vodozemac.SessionCreationException:
            self._machine.mark_broken(sender, sender_key)  # nio marks all others
            raise
        finally:
            self._machine.tidy(sender_key)
            if not self._machine.opened and self._devices.find(sender, sender_key) is None:
                self._devices.suspect(sender)
        if not self._machine.opened:
            raise ValueError("it cannot be decrypted")
        return list(self._machine.opened)

    def _take_room_key(self, sender: str, sender_key: str, payload: Json) -> tuple[str, str] | None:
        device, ed25519 = self._devices.find(sender, sender_key), payload["keys"]["ed25519"]
        if device is not None and device.ed25519 != ed25519:
            raise ValueError("it pretends to be another device")
        return self._room_keys.add(sender, sender_key, ed25519, payload["content"])

    async def _mend(self) -> None:
        """Begin anew with devices whose messages we cannot decrypt, and let them know by an empty message."""
        broken = self._machine.wedged_devices
        if broken:
            for device in await self._devices.connect_again(broken):
                with self._store.step():
                    self._dummies.append((device, self._machine.seal(device, "m.dummy", {})))
                broken.remove(device)
        if self._dummies:
            sending = list(self._dummies)
            await send_to_devices(self._home, sending)
            self._dummies = self._dummies[len(sending) :]


def _texts(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
