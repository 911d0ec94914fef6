"""What others need to write to us: our device's keys, one-time keys and a fallback key, kept before they are told."""

import logging
from collections.abc import Callable
from typing import Any

from bot.platforms.matrix.canonical import signed_part
from bot.platforms.matrix.crypto_store import CryptoStore, Machine
from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused
from bot.platforms.matrix.room_keys import ALGORITHM

log = logging.getLogger(__name__)

Step = Callable[[str], None]

KIND = "signed_curve25519"
OLM_ALGORITHM = "m.olm.v1.curve25519-aes-sha2"
# We keep the private halves of the last two fallback keys: another one within this time could cost us a message that
# was encrypted with the one before.
_FALLBACK_STAYS = 300.0


class Publishing:
    """Keeps the server supplied with our keys."""

    def __init__(
        self, home: Homeserver, machine: Machine, store: CryptoStore, monotonic: Callable[[], float], step: Step
    ) -> None:
        self._home = home
        self._machine = machine
        self._store = store
        self._monotonic = monotonic
        self._step = step
        # A device that the server does not know has none there; of another we are told by the next sync.
        self._count: int | None = None if machine.account.shared else 0
        self._fallback_due = not machine.account.shared
        self._fallback_made = float("-inf")

    def device_keys(self) -> Json:
        """Return our device's keys, signed by itself."""
        identity, device = self._machine.account.identity_keys, self._machine.device_id
        return self.signed(
            {
                "algorithms": [OLM_ALGORITHM, ALGORITHM],
                "device_id": device,
                "user_id": self._machine.user_id,
                "keys": {f"{kind}:{device}": identity[kind] for kind in ("curve25519", "ed25519")},
            }
        )

    def signature(self, value: Json) -> str:
        """Sign an object with our device's key."""
        signature: str = self._machine.account.sign(signed_part(value).decode())
        return signature

    def signed(self, value: Json) -> Json:
        """Return an object with our device's signature."""
        key = f"ed25519:{self._machine.device_id}"
        return {**value, "signatures": {self._machine.user_id: {key: self.signature(value)}}}

    def told(self, counts: object, unused_fallback: object) -> None:
        """Take what a sync says of our keys at the server: none of a kind that it does not name."""
        if isinstance(counts, dict):
            count = counts.get(KIND, 0)
            self._count = count if type(count) is int else 0
        if isinstance(unused_fallback, list):
            self._fallback_due = KIND not in unused_fallback

    def publish_again(self) -> None:
        """Have our device's keys published again, which the server does not have (any more)."""
        self._machine.account.shared = False
        self._count, self._fallback_due = 0, True

    async def publish(self) -> None:
        """Upload what is due; makes no request if nothing is.

        Raises:
            MatrixRefused, Unreachable: It stays due.
            StoreBroken: It cannot be kept, and was not uploaded.
        """
        account = self._machine.account
        keys: Any = account._account  # vodozemac's types do not know of fallback keys
        most = account.max_one_time_keys
        fallback = self._fallback_due and self._monotonic() - self._fallback_made > _FALLBACK_STAYS
        lacking = self._count is not None and self._count <= most // 2
        if account.shared and not lacking and not fallback:
            return
        if lacking:
            # Those of an upload that may have failed are uploaded again, as they are.
            keys.generate_one_time_keys(max(0, most - (self._count or 0) - len(keys.one_time_keys)))
        if fallback and not keys.fallback_key:
            keys.generate_fallback_key()
        with self._store.step():
            self._machine.save_account()
        self._step("keys kept")
        body = {} if account.shared else {"device_keys": self.device_keys()}
        body["one_time_keys"] = self._signed_keys(keys.one_time_keys)
        if keys.fallback_key:
            body["fallback_keys"] = self._signed_keys(keys.fallback_key, fallback=True)
        try:
            answer = await self._home.ask("POST", "v3/keys/upload", body)
        except MatrixRefused as refused:
            if refused.status == 400 and account.shared:
                # It has other keys under these ids, as after an older copy of the store: never offer these again.
                log.warning("The homeserver did not take our one-time keys; others are made.")
                self._published()
            raise
        self._step("keys uploaded")
        account.shared = True
        if "fallback_keys" in body:
            self._fallback_due, self._fallback_made = False, self._monotonic()
        counts = answer.get("one_time_key_counts")
        self._count = None
        self.told(counts, None)
        self._published()
        self._step("keys published")

    def _published(self) -> None:
        self._machine.account.mark_keys_as_published()
        with self._store.step():
            self._machine.save_account()

    def _signed_keys(self, keys: dict[str, Any], **marks: bool) -> Json:
        return {f"{KIND}:{name}": self.signed({"key": key.to_base64(), **marks}) for name, key in keys.items()}
