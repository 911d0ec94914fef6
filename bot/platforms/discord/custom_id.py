"""What a button carries: its version, what it does, whose pages it turns, and a command line or the key of one."""

from dataclasses import dataclass

from bot.platforms.discord import limits
from bot.store.button_lines import key_of

VERSION = "k1"
COMMAND, POST, THREAD, POLL = "", "post", "thread", "poll"
# A line longer than this gets no button: nobody needs that much kept for them.
LONGEST_LINE = 600


def template(verb: str) -> str:
    """Return the pattern of the custom ids of one kind of button."""
    return rf"{VERSION}{verb}(?:@(?P<asker>\d{{1,20}}))?(?:\+(?P<part>\d{{1,4}}))?(?P<how>[:#])(?P<text>[\s\S]*)"


# Whatever is none of these was made by another version.
OUTDATED = rf"(?!{VERSION}(?:{POST}|{THREAD}|{POLL})?(?:@\d{{1,20}})?(?:\+\d{{1,4}})?[:#])[\s\S]*"


@dataclass(frozen=True, slots=True)
class Press:
    """What pressing a button means.

    Attributes:
        text: A command line, or what else its kind of button is about.
        asker: For buttons that turn pages, who asked for them.
        part: Which part of a long answer it shows.
    """

    verb: str
    text: str = ""
    asker: int | None = None
    part: int = 1

    @property
    def custom_id(self) -> str:
        """How a button carries this; a text that does not fit is represented by its key."""
        whole = f"{self._head}:{self.text}"
        return whole if limits.length(whole) <= limits.CUSTOM_ID else f"{self._head}#{key_of(self.text)}"

    @property
    def is_kept(self) -> bool:
        """Whether the text does not fit, and must be found by its key."""
        return limits.length(f"{self._head}:{self.text}") > limits.CUSTOM_ID

    @property
    def _head(self) -> str:
        asker = f"@{self.asker}" if self.asker is not None else ""
        part = f"+{self.part}" if self.part > 1 else ""
        return f"{VERSION}{self.verb}{asker}{part}"
