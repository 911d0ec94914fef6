"""How the connection to each chat service is: told by who serves it, and asked by who watches over the bot."""

from collections.abc import Callable
from datetime import datetime


class Condition:
    """The connection to one chat service. Times are aware.

    Attributes:
        since: Since when it is as it is; None if nothing was told yet.
        latest: When something last came from the service.
        why: Why it is not connected, in a few words for the operator; empty while it is.
        is_refused: Whether the service does not want the bot, and is left alone.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._is_connected = False
        self.since: datetime | None = None
        self.latest: datetime | None = None
        self.why = "connecting"
        self.is_refused = False

    @property
    def is_connected(self) -> bool:
        """Whether commands are answered."""
        return self._is_connected

    def connected(self) -> None:
        """Commands are answered from now on."""
        self.progress()
        if not self._is_connected:
            self._is_connected, self.since, self.why = True, self.latest, ""

    def progress(self) -> None:
        """Something came from the service."""
        self.latest = self._now()

    def disconnected(self, why: str, is_refused: bool = False) -> None:
        """Nothing comes any more.

        Args:
            why: In a few words, without names, tokens or texts of anybody.
            is_refused: Whether it is not tried again.
        """
        if self._is_connected or self.since is None:
            self._is_connected, self.since = False, self._now()
        self.why, self.is_refused = why, is_refused


class Conditions:
    """The connections to all chat services, by the names with which their groups begin."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.all: dict[str, Condition] = {}

    def of(self, platform: str) -> Condition:
        """Return the condition of one chat service."""
        return self.all.setdefault(platform, Condition(self._now))
