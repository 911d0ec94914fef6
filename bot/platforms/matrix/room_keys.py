"""The keys of rooms' messages (Megolm sessions): whose each is, and reading messages with them."""

import json
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import vodozemac
from nio.crypto.sessions import derive_pickle_key

from bot.platforms.matrix.crypto_store import CryptoStore, StoreBroken
from bot.platforms.matrix.homeserver import Json

ALGORITHM = "m.megolm.v1.aes-sha2"
# Ours are needed only to find our own posts again; members' clients take a new key every week or 100 messages.
_OURS_STAY_DAYS = 30
_THEIRS_STAY_DAYS = 120
_KEPT_AT_HAND = 2_000
_MESSAGES_REMEMBERED = 20_000
# Matrix allows 255; anything longer is none of its ids.
_LONGEST_ID = 255

_TABLE = """
CREATE TABLE IF NOT EXISTS room_keys (
    room_id TEXT NOT NULL,
    session_id TEXT NOT NULL,
    owner TEXT NOT NULL,       -- the user whose device sent it
    sender_key TEXT NOT NULL,  -- the curve25519 key of that device
    ed25519 TEXT NOT NULL,     -- the ed25519 key that the device says it has
    used_day INTEGER NOT NULL, -- when it last read anything, in days since 1970
    session TEXT NOT NULL,     -- pickled
    PRIMARY KEY (room_id, session_id, owner)
) STRICT
"""


class Unreadable(Exception):
    """A message cannot be decrypted.

    Attributes:
        session_id: Which key it needs; empty if it does not say.
        reason: Why, for logs.
        can_come: Whether its key may still come.
    """

    def __init__(self, session_id: str, reason: str, can_come: bool = False) -> None:
        super().__init__(reason)
        self.session_id = session_id
        self.reason = reason
        self.can_come = can_come


@dataclass(slots=True)
class RoomKey:
    """A key of one user's device for a room."""

    room_id: str
    owner: str
    sender_key: str
    ed25519: str
    session: vodozemac.InboundGroupSession
    used_day: int


class RoomKeys:
    """All keys of rooms that we were sent, and our own.

    One is looked up by the user whose message it shall read, not by its id alone: whoever was sent a key can send it on
    as if it were theirs, and must not make others' messages unreadable, or pass for them, by that.
    """

    def __init__(self, store: CryptoStore, user: str, pickle_key: str, now: Callable[[], datetime]) -> None:
        self._store = store
        self._pickle_key = derive_pickle_key(pickle_key)
        self._now = now
        self._at_hand: OrderedDict[tuple[str, str, str], RoomKey] = OrderedDict()
        self._read: OrderedDict[tuple[str, str, str, int], str] = OrderedDict()
        with store.step():
            store.rows(_TABLE)
            store.rows(
                "DELETE FROM room_keys WHERE used_day < CASE owner WHEN ? THEN ? ELSE ? END",
                user,
                self._today() - _OURS_STAY_DAYS,
                self._today() - _THEIRS_STAY_DAYS,
            )

    def add(self, owner: str, sender_key: str, ed25519: str, content: Json) -> tuple[str, str] | None:
        """Take the content of an ``m.room_key`` event; returns room and session id if more can be read by it.

        Raises:
            ValueError: It is none that could be used; the message does not show it.
        """
        room, session_id = _id(content, "room_id"), _id(content, "session_id")
        raw = content.get("session_key")
        if content.get("algorithm") != ALGORITHM or not isinstance(raw, str):
            raise ValueError("a room key of another kind")
        session = vodozemac.InboundGroupSession(vodozemac.SessionKey(raw))
        if session.session_id != session_id:
            raise ValueError("a room key under the id of another")
        known = self._find(room, session_id, owner)
        if known is not None and known.session.first_known_index <= session.first_known_index:
            return None
        key = RoomKey(room, owner, sender_key, ed25519, session, self._today())
        self._store.rows(
            "INSERT OR REPLACE INTO room_keys (room_id, session_id, owner, sender_key, ed25519, session, used_day)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(room, session_id, owner, sender_key, ed25519, session.pickle(self._pickle_key), key.used_day),
        )
        self._keep_at_hand((room, session_id, owner), key)
        return room, session_id

    def read(self, room_id: str, event: Json) -> tuple[Json, RoomKey]:
        """Decrypt an event; returns what was encrypted, and with whose key.

        The same event can be read again, another one with the same ciphertext cannot.

        Raises:
            Unreadable: It cannot be read (yet).
        """
        content = event.get("content")
        if not isinstance(content, dict) or content.get("algorithm") != ALGORITHM:
            raise Unreadable("", "not encrypted in a way that we know")
        try:
            session_id, sender, event_id = _id(content, "session_id"), _id(event, "sender"), _id(event, "event_id")
            message = vodozemac.MegolmMessage.from_base64(content["ciphertext"])
        except (ValueError, TypeError, KeyError):
            raise Unreadable("", "a malformed event") from None
        key = self._find(room_id, session_id, sender)
        if key is None:
            raise Unreadable(session_id, "its key has not come", can_come=True)
        if message.message_index() < key.session.first_known_index:
            raise Unreadable(session_id, "from before we were given its key", can_come=True)
        try:
            opened = key.session.decrypt(message)
            payload = json.loads(opened.plaintext)
        except (ValueError, RecursionError):
            raise Unreadable(session_id, "it does not fit its key") from None
        self._check_payload(room_id, session_id, payload)
        self._check_new((room_id, session_id, sender, opened.message_index), event_id)
        self._note_use(session_id, key)
        return payload, key

    def forget_what_is_at_hand(self) -> None:
        """Look everything up again, as after a step that was not kept."""
        self._at_hand.clear()

    def _check_payload(self, room_id: str, session_id: str, payload: object) -> None:
        if not isinstance(payload, dict) or not isinstance(payload.get("content"), dict):
            raise Unreadable(session_id, "what was encrypted is no event")
        kind = payload.get("type")
        if not isinstance(kind, str) or kind == "m.room.encrypted":
            raise Unreadable(session_id, "what was encrypted is no event")
        if payload.get("room_id") != room_id:
            raise Unreadable(session_id, "it was encrypted for another room")

    def _check_new(self, message: tuple[str, str, str, int], event_id: str) -> None:
        """Refuse an old message that is sent again as another event."""
        if self._read.setdefault(message, event_id) != event_id:
            raise Unreadable(message[1], "another event said this already")
        self._read.move_to_end(message)
        if len(self._read) > _MESSAGES_REMEMBERED:
            self._read.popitem(last=False)

    def _note_use(self, session_id: str, key: RoomKey) -> None:
        """Keep a key for longer; once a day, so that reading writes nothing."""
        if key.used_day != self._today():
            key.used_day = self._today()
            # What can be read is read, also while nothing can be written.
            with suppress(StoreBroken), self._store.step():
                self._store.rows(
                    "UPDATE room_keys SET used_day = ? WHERE room_id = ? AND session_id = ? AND owner = ?",
                    *(key.used_day, key.room_id, session_id, key.owner),
                )

    def _find(self, room_id: str, session_id: str, owner: str) -> RoomKey | None:
        place = (room_id, session_id, owner)
        if place in self._at_hand:
            self._at_hand.move_to_end(place)
            return self._at_hand[place]
        rows = self._store.rows(
            "SELECT sender_key, ed25519, session, used_day FROM room_keys"
            " WHERE room_id = ? AND session_id = ? AND owner = ?",
            *place,
        )
        for sender_key, ed25519, pickled, used_day in rows:
            session = vodozemac.InboundGroupSession.from_pickle(pickled, self._pickle_key)
            key = RoomKey(room_id, owner, sender_key, ed25519, session, used_day)
            self._keep_at_hand(place, key)
            return key
        return None

    def _keep_at_hand(self, place: tuple[str, str, str], key: RoomKey) -> None:
        self._at_hand[place] = key
        self._at_hand.move_to_end(place)
        if len(self._at_hand) > _KEPT_AT_HAND:
            self._at_hand.popitem(last=False)

    def _today(self) -> int:
        return int(self._now().timestamp()) // 86_400


def _id(values: dict[str, Any], name: str) -> str:
    """Return one of Matrix's ids.

    Raises:
        ValueError: There is none of that name.
    """
    value = values.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_ID or not value.isprintable():
        raise ValueError("an id is missing")
    return value
