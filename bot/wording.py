"""How what is shown is worded, wherever words alone must say it."""

from collections.abc import Iterator
from typing import NamedTuple

from bot.characters import one_line
from bot.reading import Place, Prompt, Quotation

SIC = "[sic]"
FOLLOW_UPS = "Follow-ups"
POSITIONS = "Positions to argue"


class Run(NamedTuple):
    """A stretch of a quotation as it is shown; ``kind`` is ``text``, ``mark`` (asked for) or ``sic``."""

    kind: str
    text: str


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


def below(quotation: Quotation) -> str:
    """Return the line under a quotation: who speaks, and where."""
    section = f"{quotation.heading} (§ {quotation.section})"
    part = "" if quotation.whole else "from "
    return one_line(f"{quotation.voice} · {section} · {part}¶ {quotation.address.place}")


def places(anchors: tuple[Place, ...]) -> str:
    """Return where a claim is supported: ``(¶ 7.2, 8.1-2)``."""
    return f"(¶ {', '.join(str(place) for place in anchors)})"


def about(prompt: Prompt) -> str:
    """Return what sort of prompt it is."""
    return one_line(f"{prompt.kind} · {prompt.place} · about {prompt.minutes} minutes")
