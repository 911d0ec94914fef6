"""How replies are worded in a terminal, whether plain or in colour; nothing here can steer a terminal."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.reading import Place, Prompt, Quotation
from bot.reply import Action

SIC = "[sic]"
FOLLOW_UPS = "Follow-ups"
POSITIONS = "Positions to argue"
MOST_TYPED = 160
# A line feed for layout is the renderer's own. Directional overrides could make a line read as another than it is.
_OVERRIDES = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_STEERING = dict.fromkeys((*range(32), *range(127, 160), *map(ord, _OVERRIDES)), "�")
_ONE_LINE = _STEERING | dict.fromkeys(map(ord, "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"), " ")
_LINES = _STEERING | {ord("\n"): "\n", ord("\t"): " "}


class Run(NamedTuple):
    """A stretch of a quotation as it is shown; ``kind`` is ``text``, ``mark`` (asked for) or ``sic``."""

    kind: str
    text: str


def one_line(text: str) -> str:
    """Return text for a place within a line; characters that steer terminals become �, one for one."""
    return text.translate(_ONE_LINE)


def lines(text: str) -> str:
    """Return text whose lines are its own, such as code."""
    return text.translate(_LINES)


def runs(quotation: Quotation) -> Iterator[Run]:
    """Give a quotation piece by piece, each misprint followed by ``[sic]``."""
    text = one_line(quotation.text)
    marked = {at for start, end in quotation.marks for at in range(start, end)}
    misprints = {erratum.end for erratum in quotation.errata}
    begun = 0
    for at in range(1, len(text) + 1):
        if at in misprints or at == len(text) or (at in marked) != (begun in marked):
            yield Run("mark" if begun in marked else "text", text[begun:at])
            begun = at
        if at in misprints:
            yield Run("sic", f" {SIC}")


def address(place: Place) -> str:
    """Return a place as it is shown: ``¶ 7.2-3``."""
    return f"¶ {place}"


def below(quotation: Quotation) -> str:
    """Return the line under a quotation: who speaks, and where."""
    section = f"{quotation.heading} (§ {quotation.section})"
    part = "" if quotation.whole else "from "
    return one_line(f"{quotation.voice} · {section} · {part}{address(quotation.address.place)}")


def places(anchors: tuple[Place, ...]) -> str:
    """Return where a claim is supported: ``(¶ 7.2, 8.1-2)``."""
    return f"(¶ {', '.join(str(place) for place in anchors)})"


def about(prompt: Prompt) -> str:
    """Return what sort of prompt it is."""
    return one_line(f"{prompt.kind} · {prompt.place} · about {prompt.minutes} minutes")


def typed(action: Action) -> str:
    """Return an action as the line to type; one that is too long to be typed again is shortened."""
    line = f"/{one_line(action.line)}"
    return line if len(line) <= MOST_TYPED else f"{line[:MOST_TYPED]}…"


def can_be_typed(action: Action) -> bool:
    """Whether an action's line is short enough to be shown whole."""
    return len(action.line) < MOST_TYPED
