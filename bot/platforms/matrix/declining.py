"""Declines to be verified by comparing emoji or codes, which takes somebody who looks at both: nobody waits in vain."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused, path

REQUEST, CANCEL = "m.key.verification.request", "m.key.verification.cancel"
# What clients know as “the other side does not want to”; they show it at once.
CODE = "m.user"
REASON = (
    "Kruzhok is a bot: nobody is there to compare emoji or codes, so it cannot be verified in this way. What you write "
    "to each other is encrypted all the same."
)
# Within these a request is to be answered; any other is to be passed over (client-server API, “Key verification”).
_OLDEST_MS, _MOST_AHEAD_MS = 600_000, 300_000
_LONGEST_NAME = 255
# Of requests from devices: how many wait at most, and how many are remembered so as not to be answered twice.
_MOST_WAITING, _MOST_REMEMBERED = 20, 1_000


@dataclass(frozen=True, slots=True)
class _Asked:
    """A device wants to verify us."""

    user: str
    device: str
    transaction: str


def is_asked_in_room(event: Mapping[str, Any], user: str, now: datetime) -> bool:
    """Whether a readable event of a room asks a user to verify one another now."""
    content = event.get("content")
    if event.get("type") != "m.room.message" or not isinstance(content, dict):
        return False
    is_ours = content.get("msgtype") == REQUEST and content.get("to") == user
    return is_ours and _is_recent(event.get("origin_server_ts"), now)


def declined_in_room(event: str) -> Json:
    """Return the content of the event that declines a request made by another."""
    return {"m.relates_to": {"rel_type": "m.reference", "event_id": event}, "code": CODE, "reason": REASON}


class Declining:
    """Requests that devices send to our device."""

    def __init__(self, home: Homeserver, now: Callable[[], datetime]) -> None:
        self._home = home
        self._now = now
        self._waiting: list[_Asked] = []
        self._known: OrderedDict[_Asked, None] = OrderedDict()

    def take(self, sender: object, content: object) -> None:
        """Take a request, to be declined once; what is none, or too much, is passed over."""
        if not isinstance(content, dict) or not _is_recent(content.get("timestamp"), self._now()):
            return
        names = (sender, content.get("from_device"), content.get("transaction_id"))
        user, device, transaction = (each if isinstance(each, str) else "" for each in names)
        asked = _Asked(user, device, transaction)
        if not all(0 < len(each) <= _LONGEST_NAME for each in (user, device, transaction)):
            return
        if asked in self._known or len(self._waiting) == _MOST_WAITING:
            return
        self._known[asked] = None
        if len(self._known) > _MOST_REMEMBERED:
            self._known.popitem(last=False)
        self._waiting.append(asked)

    async def send(self) -> None:
        """Decline what waits.

        Raises:
            Unreachable: There was no usable answer; it waits on.
            MatrixRefused: Not now, and it waits on; or never, and it does not.
        """
        while self._waiting:
            asked = self._waiting[0]
            declined = {"transaction_id": asked.transaction, "code": CODE, "reason": REASON}
            # Also after a restart the same is sent as the same, and then it counts once.
            named = f"{asked.user}\n{asked.device}\n{asked.transaction}".encode("utf-8", "surrogatepass")
            what = path("v3/sendToDevice", CANCEL, hashlib.sha256(named).hexdigest()[:32])
            try:
                await self._home.ask("PUT", what, {"messages": {asked.user: {asked.device: declined}}})
            except MatrixRefused as refused:
                if refused.retry_after is None:
                    self._waiting.remove(asked)
                raise
            self._waiting.remove(asked)


def _is_recent(milliseconds: object, now: datetime) -> bool:
    age = now.timestamp() * 1000 - milliseconds if isinstance(milliseconds, int) else None
    return age is not None and -_MOST_AHEAD_MS <= age <= _OLDEST_MS
