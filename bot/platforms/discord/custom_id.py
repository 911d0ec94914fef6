"""What a button carries: its version, what it does, whose pages it turns, which post it is on, and a command line."""

import re
from dataclasses import dataclass

from bot.platforms.discord import limits
from bot.store.button_lines import key_of

VERSION = "k1"
COMMAND, POST, THREAD, POLL, WHOLE, CHOOSE = "", "post", "thread", "poll", "whole", "choose"
# A line longer than this gets no button: nobody needs that much kept for them.
LONGEST_LINE = 600
_HEAD = r"(?:@(?P<asker>\d{1,20}))?(?:\+(?P<part>\d{1,4}))?(?:=(?P<key>[A-Za-z0-9_-]{1,25}))?(?P<how>[:#])"


def template(verb: str) -> str:
    """Return the pattern of the custom ids of one kind of button."""
    return rf"{VERSION}{verb}{_HEAD}(?P<text>[\s\S]*)"


# Whatever is none of these was made by another version.
OUTDATED = rf"(?!{VERSION}(?:{POST}|{THREAD}|{POLL}|{WHOLE}|{CHOOSE})?{_HEAD})[\s\S]*"
_KEYED = re.compile(template("[a-z]*"))


def key_in(custom_id: str) -> str:
    """Return the key of the post that a button is on; empty if it carries none."""
    found = _KEYED.fullmatch(custom_id)
    return (found["key"] or "") if found else ""


@dataclass(frozen=True, slots=True)
class Press:
    """What pressing a button means.

    Attributes:
        text: A command line, or what else its kind of button is about.
        asker: For buttons that turn pages, who asked for them.
        part: Which part of a long answer it shows.
        key: Of which scheduled post it is a button, by which that post is found again; pressing it means the same.
    """

    verb: str
    text: str = ""
    asker: int | None = None
    part: int = 1
    key: str = ""

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
        key = f"={self.key}" if self.key else ""
        return f"{VERSION}{self.verb}{asker}{part}{key}"
