"""The chat services that run in this process, by which features ask what is where and may be posted."""

from bot.caller import Caller
from bot.errors import Refused
from bot.posting import Platform


class Places:
    """Chat services by name; each adds itself when it starts."""

    def __init__(self) -> None:
        self._platforms: dict[str, Platform] = {}

    def add(self, platform: Platform) -> None:
        """Take a chat service in; it takes the place of another of its name."""
        self._platforms[platform.name] = platform

    def of(self, caller: Caller) -> Platform:
        """Return the chat service that a caller uses.

        Raises:
            Refused: It does not run here.
        """
        found = self._platforms.get(caller.platform)
        if found is None:
            raise Refused("Nothing can be posted from here: the chat service does not run in this process.")
        return found
