"""Keeps the command lines of buttons that are too long to be carried by the button itself."""

import base64
import hashlib
from collections.abc import Iterable
from datetime import datetime

from bot.store.state import State, milliseconds

_KEY_BYTES = 9  # 12 characters; two of a billion lines meet with a chance of 1 in 9,000


def key_of(line: str) -> str:
    """Return the short key under which a line stands: letters, digits, - and _."""
    digest = hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii")


class ButtonLines:
    """Command lines by key."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def keep(self, lines: Iterable[str], now: datetime) -> None:
        """Remember lines, each under :func:`key_of` it."""
        rows = [(key_of(line), line, milliseconds(now)) for line in lines]
        async with self._state.write() as transaction:
            await transaction.each(
                "INSERT INTO button_line (key, line, created_at) VALUES (?, ?, ?)"
                " ON CONFLICT (key) DO UPDATE SET created_at = excluded.created_at",
                rows,
            )

    async def line(self, key: str) -> str | None:
        """Return the line that stands under a key, if there is one."""
        rows = await self._state.all("SELECT line FROM button_line WHERE key = ?", key)
        return str(rows[0][0]) if rows else None

    async def forget_before(self, time: datetime) -> None:
        """Delete the lines that were not offered since ``time``."""
        async with self._state.write() as transaction:
            await transaction.run("DELETE FROM button_line WHERE created_at < ?", milliseconds(time))
