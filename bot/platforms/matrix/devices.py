"""The devices of those we share rooms with: which there are, and an Olm session with each."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

import vodozemac
from nio.crypto import OlmDevice

from bot.platforms.matrix.canonical import decode_base64, signed_part
from bot.platforms.matrix.crypto_store import CryptoStore, Machine
from bot.platforms.matrix.homeserver import Homeserver, Json

log = logging.getLogger(__name__)

Item = TypeVar("Item")

_USERS_A_QUERY = 250
_DEVICES_A_CLAIM = 100
# Nobody has so many; each costs us a message whenever a room gets a new key.
_DEVICES_A_USER = 200
# How long our server waits for others, and we for it.
_OTHERS_MILLISECONDS = 8_000
_SECONDS = 20.0
# A server that is away, or a device that has no keys left, is not asked for every message.
_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 3600.0


class Pauses:
    """Who did not answer, and when to ask them again: after 10 s, then twice as long each time, at most an hour."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until: dict[object, tuple[float, float]] = {}

    def begin(self, who: object) -> None:
        """Note that somebody did not answer."""
        _, length = self._until.get(who, (0.0, _FIRST_PAUSE))
        self._until[who] = (self._monotonic() + length, min(length * 2, _LONGEST_PAUSE))

    def end(self, who: object) -> None:
        """Note that they did."""
        self._until.pop(who, None)

    def lasts(self, who: object) -> bool:
        """Tell whether they are not to be asked yet."""
        return self._until.get(who, (float("-inf"), 0))[0] > self._monotonic()


class Devices:
    """What is known of people's devices, kept current by asking when the server says that something changed.

    Attributes:
        version: Grows when devices come, go or change.
    """

    def __init__(self, home: Homeserver, machine: Machine, store: CryptoStore, monotonic: Callable[[], float]) -> None:
        self.version = 0
        self._home = home
        self._machine = machine
        self._store = store
        self._current: set[str] = set()  # whose list we asked for since it changed last
        self._due: set[str] = set()  # whose list changed, and was asked for before
        self._asking: set[str] = set()
        self._silent = Pauses(monotonic)
        self._without_keys = Pauses(monotonic)
        self._queries, self._claims = asyncio.Lock(), asyncio.Lock()

    def changed(self, users: Iterable[str]) -> None:
        """Note that lists of devices changed."""
        for user in users:
            if user in self._current:
                self._current.discard(user)
                self._due.add(user)
            self._silent.end(user)

    def left(self, users: Iterable[str]) -> None:
        """Forget the devices of those with whom we share no room any more: of their changes we are not told."""
        for user in users:
            self._current.discard(user)
            self._due.discard(user)
            if user in self._machine.device_store.users:
                self._machine.forget_devices(user)
                self.version += 1

    def suspect(self, user: str) -> None:
        """Note that somebody has a device that we do not know."""
        self._current.discard(user)
        self._due.add(user)

    def of(self, users: Iterable[str]) -> list[OlmDevice]:
        """Return the devices of users, but not this one."""
        ours = (self._machine.user_id, self._machine.device_id)
        known = self._machine.device_store
        return [
            device
            for user in users
            if user in known.users
            for device in known.active_user_devices(user)
            if (device.user_id, device.device_id) != ours
        ]

    def find(self, user: str, curve25519: str) -> OlmDevice | None:
        """Return the device of a user that has a key."""
        if user not in self._machine.device_store.users:
            return None
        return self._machine.device_store.device_from_sender_key(user, curve25519)

    async def refresh_due(self) -> None:
        """Ask for the lists that changed.

        Raises:
            MatrixRefused, Unreachable: They stay due.
        """
        due = {user for user in self._due if not self._silent.lasts(user)}
        await self.refresh(due)
        self._due.difference_update(self._current)

    async def refresh(self, users: Collection[str]) -> None:
        """Ask for the lists of those whose list is not current; makes no request if all are.

        Raises:
            MatrixRefused, Unreachable: They stay as they are.
        """
        if not self._outdated(users) and self._asking.isdisjoint(users):
            return
        async with self._queries:
            for part in parts(self._outdated(users), _USERS_A_QUERY):
                await self._query(part)

    async def connect(self, devices: Iterable[OlmDevice]) -> None:
        """Begin an Olm session with those that we have none with and that have a one-time key.

        Raises:
            MatrixRefused, Unreachable: There is none with some.
        """
        async with self._claims:
            wanted = [
                device
                for device in devices
                if not self._machine.session_store.get(device.curve25519) and not self._without_keys.lasts(name(device))
            ]
            for part in parts(wanted, _DEVICES_A_CLAIM):
                await self._claim(part)

    async def connect_again(self, devices: Iterable[OlmDevice]) -> list[OlmDevice]:
        """Begin another Olm session, in place of one that broke; returns with which devices it was begun."""
        async with self._claims:
            wanted = [device for device in devices if not self._without_keys.lasts(name(device))][:_DEVICES_A_CLAIM]
            return await self._claim(wanted) if wanted else []

    def _outdated(self, users: Iterable[str]) -> list[str]:
        return sorted(user for user in users if user not in self._current and not self._silent.lasts(user))

    async def _query(self, users: list[str]) -> None:
        # Noted before, so that what changes while we ask makes them outdated again.
        self._current.update(users)
        self._asking.update(users)
        answered: set[str] = set()
        try:
            answer = await self._home.ask(
                "POST",
                "v3/keys/query",
                {"device_keys": {user: [] for user in users}, "timeout": _OTHERS_MILLISECONDS},
                seconds=_SECONDS,
            )
            answered = self._take_lists(users, answer.get("device_keys"))
            for user in users:
                if user in answered:
                    self._silent.end(user)
                else:
                    self._silent.begin(user)
        finally:
            self._current.difference_update(set(users) - answered)
            self._asking.difference_update(users)

    def _take_lists(self, users: list[str], lists: object) -> set[str]:
        """Take the lists of devices from an answer; returns whose there were."""
        answered, changes = set(), {}
        for user in users:
            listed = lists.get(user) if isinstance(lists, dict) else None
            if isinstance(listed, dict):
                answered.add(user)
                changed = self._take_list(user, listed)
                if changed:
                    changes[user] = changed
        if changes:
            self.version += 1
            with self._store.step():
                self._store.save_device_keys(changes)
        return answered

    def _take_list(self, user: str, listed: Json) -> dict[str, OlmDevice]:
        """Take the list of one user's devices; returns those that changed."""
        known = self._machine.device_store[user]
        changed = {}
        for device_id in sorted(listed, key=lambda device_id: device_id not in known)[:_DEVICES_A_USER]:
            keys = _device_keys(user, device_id, listed[device_id])
            if keys is None:
                log.info("A device that is not signed by itself was passed over.")
                continue
            device = known.get(device_id)
            if device is None:
                device = known[device_id] = OlmDevice(user, device_id, keys)
            elif device.ed25519 != keys["ed25519"]:
                # Its id names another device now, which nobody can tell from somebody who pretends to be it.
                log.info("A device whose signing key changed was passed over.")
                continue
            elif not device.deleted and device.curve25519 == keys["curve25519"]:
                continue
            device.curve25519, device.deleted = keys["curve25519"], False
            changed[device_id] = device
        for device_id, device in known.items():
            if device_id not in listed and not device.deleted:
                device.deleted = True
                changed[device_id] = device
        return changed

    async def _claim(self, devices: list[OlmDevice]) -> list[OlmDevice]:
        """Claim a one-time key of each; returns with which a session was begun."""
        wanted: dict[str, dict[str, str]] = {}
        for device in devices:
            wanted.setdefault(device.user_id, {})[device.device_id] = "signed_curve25519"
        answer = await self._home.ask(
            "POST", "v3/keys/claim", {"one_time_keys": wanted, "timeout": _OTHERS_MILLISECONDS}, seconds=_SECONDS
        )
        begun = []
        with self._store.step():
            for device in devices:
                if self._begin(device, answer.get("one_time_keys")):
                    self._without_keys.end(name(device))
                    begun.append(device)
                else:
                    self._without_keys.begin(name(device))
        return begun

    def _begin(self, device: OlmDevice, claimed: Any) -> bool:
        try:
            [key] = claimed[device.user_id][device.device_id].values()
            _check(key, device.user_id, device.device_id, device.ed25519)
            self._machine.begin(device, key["key"])
        except (KeyError, TypeError, AttributeError, ValueError):
            return False  # it has none, or none that is its own
        return True


def _device_keys(user: str, device_id: str, listed: Any) -> dict[str, str] | None:
    """Return the keys of a device, if it is signed by itself."""
    try:
        keys = {kind: listed["keys"][f"{kind}:{device_id}"] for kind in ("ed25519", "curve25519")}
        if (listed["user_id"], listed["device_id"]) != (user, device_id) or len(
            decode_base64(keys["curve25519"])
        ) != 32:
            return None
        _check(listed, user, device_id, keys["ed25519"])
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        return None
    return keys


def _check(signed: Any, user: str, device_id: str, ed25519: str) -> None:
    """Check that a device signed an object.

    Raises:
        KeyError, TypeError, ValueError: It did not.
    """
    signature = vodozemac.Ed25519Signature.from_base64(signed["signatures"][user][f"ed25519:{device_id}"])
    vodozemac.Ed25519PublicKey.from_base64(ed25519).verify_signature(signed_part(signed), signature)


def name(device: OlmDevice) -> tuple[str, str]:
    """Return what tells a device from all others: whose it is, and its id."""
    return device.user_id, device.device_id


def parts(items: list[Item], size: int) -> Iterator[list[Item]]:
    """Cut a list into parts of at most a size."""
    return (items[start : start + size] for start in range(0, len(items), size))
