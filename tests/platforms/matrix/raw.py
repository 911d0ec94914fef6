"""A device made by hand from vodozemac alone, which says to ours whatever a test wants, well formed or not."""

import json
import secrets
from typing import Any

import vodozemac

from bot.platforms.matrix.canonical import encode_base64, signed_part
from bot.platforms.matrix.homeserver import Json, path
from tests.platforms.matrix.ours import Home, Ours
from tests.platforms.matrix.plain import User

OLM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"


class Raw:
    """A device of somebody's.

    Attributes:
        curve25519: Its key for Olm sessions.
        ed25519: Its key for signatures.
        user: Whose it is.
    """

    def __init__(self, home: Home, who: User) -> None:
        self._home = home
        self._who = who
        self._account = vodozemac.Account()
        self._session: vodozemac.Session | None = None
        self.user, self.device = who.id, who.device
        self.curve25519 = self._account.curve25519_key.to_base64()
        self.ed25519 = self._account.ed25519_key.to_base64()

    async def publish(self, one_time_keys: int = 0, signer: "Raw | None" = None) -> None:
        """Publish its keys; the one-time keys signed by another device, if one is given."""
        keys = {f"curve25519:{self.device}": self.curve25519, f"ed25519:{self.device}": self.ed25519}
        device = {"algorithms": [OLM, MEGOLM], "device_id": self.device, "user_id": self.user, "keys": keys}
        self._account.generate_one_time_keys(one_time_keys)
        once = {
            f"signed_curve25519:{name}": {"key": key.to_base64()} for name, key in self._account.one_time_keys.items()
        }
        body = {
            "device_keys": self._signed(device, self),
            "one_time_keys": {name: (signer or self)._signed(key, self) for name, key in once.items()},
        }
        await self._home.ask("POST", "v3/keys/upload", body)
        self._account.mark_keys_as_published()

    async def claim(self, ours: Ours) -> Json | None:
        """Claim a one-time key of ours; returns it with its name, or None if there is none."""
        wanted = {ours.user: {ours.identity.device: "signed_curve25519"}}
        answer = await self._home.ask("POST", "v3/keys/claim", {"one_time_keys": wanted})
        claimed: Json | None = answer["one_time_keys"].get(ours.user, {}).get(ours.identity.device)
        return claimed

    async def begin(self, ours: Ours, one_time_key: str = "") -> None:
        """Begin an Olm session with ours, by a key of ours unless told otherwise."""
        claimed = None if one_time_key else await self.claim(ours)
        [key] = claimed.values() if claimed else [{"key": one_time_key}]
        keys = ours.encryption.publishing.device_keys()["keys"]
        self._session = self._account.create_outbound_session(
            vodozemac.Curve25519PublicKey.from_base64(keys[f"curve25519:{ours.identity.device}"]),
            vodozemac.Curve25519PublicKey.from_base64(key["key"]),
        )

    def payload(self, ours: Ours, kind: str, content: Any, **changed: Any) -> Json:
        """Return what is in an Olm message, with what a test changes."""
        keys = ours.encryption.publishing.device_keys()["keys"]
        return {
            "type": kind,
            "content": content,
            "sender": self.user,
            "sender_device": self.device,
            "keys": {"ed25519": self.ed25519},
            "recipient": ours.user,
            "recipient_keys": {"ed25519": keys[f"ed25519:{ours.identity.device}"]},
            **changed,
        }

    def seal(self, ours: Ours, plain: str) -> Json:
        """Encrypt a text for ours, as the content of an ``m.room.encrypted`` to-device message."""
        assert self._session is not None, "begin first"
        kind, ciphertext = self._session.encrypt(plain.encode()).to_parts()
        keys = ours.encryption.publishing.device_keys()["keys"]
        to = keys[f"curve25519:{ours.identity.device}"]
        body = {"type": kind, "body": encode_base64(ciphertext)}
        return {"algorithm": OLM, "sender_key": self.curve25519, "ciphertext": {to: body}}

    def room_key(self, room_id: str, session: vodozemac.GroupSession, **changed: Any) -> Json:
        """Return the content of an ``m.room_key``."""
        key = session.session_key.to_base64()
        return {
            "algorithm": MEGOLM,
            "room_id": room_id,
            "session_id": session.session_id,
            "session_key": key,
            **changed,
        }

    async def send(self, ours: Ours, kind: str, content: Json) -> None:
        """Send ours a to-device message as it is."""
        messages = {"messages": {ours.user: {ours.identity.device: content}}}
        await self._home.ask("PUT", path("v3/sendToDevice", kind, secrets.token_hex(8)), messages)

    async def give_key(self, ours: Ours, content: Json, kind: str = "m.room_key", **changed: Any) -> None:
        """Send ours a room key, encrypted."""
        plain = json.dumps(self.payload(ours, kind, content, **changed))
        await self.send(ours, "m.room.encrypted", self.seal(ours, plain))

    def event(self, session: vodozemac.GroupSession, payload: object, event_id: str = "$event", **changed: Any) -> Json:
        """Return an encrypted event of a room, as it would come from the server."""
        ciphertext = session.encrypt(json.dumps(payload).encode()).to_base64()
        content = {"algorithm": MEGOLM, "session_id": session.session_id, "ciphertext": ciphertext}
        return {
            "type": "m.room.encrypted",
            "event_id": event_id,
            "sender": self.user,
            "origin_server_ts": 1_700_000_000_000,
            "content": content,
            **changed,
        }

    def _signed(self, value: Json, name: "Raw") -> Json:
        """Sign in the name of a device."""
        signature = self._account.sign(signed_part(value)).to_base64()
        return {**value, "signatures": {name.user: {f"ed25519:{name.device}": signature}}}


def said(text: str, room_id: str) -> Json:
    """Return what is encrypted of a text."""
    return {"type": "m.room.message", "room_id": room_id, "content": {"msgtype": "m.text", "body": text}}
