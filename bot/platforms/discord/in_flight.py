"""What is under way when the bot is told to stop."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class InFlight:
    """What is being answered, or noted of servers, so that the bot can finish it before it goes."""

    def __init__(self) -> None:
        self._number = 0
        self._none = asyncio.Event()
        self._none.set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one answer, or one note, for as long as it takes."""
        self._number += 1
        self._none.clear()
        try:
            yield
        finally:
            self._number -= 1
            if not self._number:
                self._none.set()

    async def finished(self) -> None:
        """Wait until nothing is being answered."""
        await self._none.wait()
