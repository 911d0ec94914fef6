"""Lays replies out for Discord: a container with title, quotations, subtext and rows of buttons; long ones in parts."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, assert_never

from discord import ui

from bot import dividing
from bot.characters import one_line
from bot.commands import commands_in_text
from bot.platforms.discord import limits
from bot.platforms.discord.markdown import bold, code_block, plain
from bot.reading import Claim, Prompt, Quotation
from bot.reply import (
    Bullets,
    Claims,
    Code,
    Difference,
    Differences,
    Piece,
    PlannedTime,
    Prose,
    Question,
    Quote,
    Reply,
    Times,
)

SIC = r"\[sic]"
FOLLOW_UPS, POSITIONS = "Follow-ups", "Positions to argue"
IN_TEXT, ASKED = "In the text", "You wrote"
MOST_BUTTONS = 10

_TITLE = 250
# What is left beside the title, and beside container, separator, rows and buttons.
_MOST_TEXT = limits.TEXT - _TITLE - 50
_MOST_TEXTS = limits.COMPONENTS - 5 - MOST_BUTTONS
# An item longer than this is divided, with room for bullets, signs and the line that follows.
_ITEM = 2200
# One as short as this is never divided, whatever signs are put into it.
_SHORT = _ITEM // 4
_LONGEST_HEADING, _LONGEST_VOICE = 120, 500
# At the end of an entry of a log. No message of ours pings, so that this only shows a name.
_MEMBER = re.compile(r"(?<=, by )member discord:(\d{15,20})\Z")
_MESSAGE = re.compile(r"(?<!\S)https\\://(discord\.com/channels/\d{15,20}/\d{15,20}/\d{15,20})(?!\S)")

Mentions = Mapping[str, int]
Part = tuple[str, ...]  # the texts of one message
View = ui.LayoutView
Button = ui.Button[Any]


def parts(reply: Reply, mentions: Mentions) -> list[Part]:
    """Return the texts of a reply, in as many messages as it takes.

    Args:
        mentions: Discord's ids of commands by their names, to make ``/quote`` clickable.
    """
    found: list[list[str]] = [[]]
    used = 0
    for piece in reply.pieces:
        begun = False
        for item in items(piece, mentions):
            size = limits.length(item) + 1
            if found[-1] and used + size > _MOST_TEXT:
                found.append([])
                used, begun = 0, False
            if begun or len(found[-1]) == _MOST_TEXTS:
                found[-1][-1] += f"\n{item}"
            else:
                found[-1].append(item)
            used, begun = used + size, True
    return [(_heading(reply.title, number, len(found)), *texts) for number, texts in enumerate(found, 1)]


def view(texts: Part, buttons: Sequence[Button] = ()) -> View:
    """Return a message of these texts and buttons, to be sent as it is.

    It is stopped at once: discord.py must not keep it. What buttons do stands in their custom ids; and a private view
    that it keeps takes every button of its classes with it when it ends after 15 minutes.
    """
    container: ui.Container[View] = ui.Container(*(ui.TextDisplay[View](text) for text in texts if text))
    if buttons:
        container.add_item(ui.Separator())
    for first in range(0, len(buttons[:MOST_BUTTONS]), limits.BUTTONS_A_ROW):
        container.add_item(ui.ActionRow(*buttons[:MOST_BUTTONS][first : first + limits.BUTTONS_A_ROW]))
    shown = View(timeout=None)
    shown.add_item(container)
    shown.stop()
    return shown


def notice(sentence: str, mentions: Mentions) -> View:
    """Return a message of one sentence, which is plain text."""
    return view((_mentioned(plain(limits.fit(one_line(sentence), _ITEM // 2)), mentions),))


def _heading(title: str, number: int, of: int) -> str:
    shown = plain(limits.fit(one_line(title), _TITLE // 2))
    counted = f" ({number} of {of})" if of > 1 else ""
    return f"### {shown}{counted}" if shown.strip() else counted.strip()


def items(piece: Piece, mentions: Mentions) -> Iterator[str]:
    """Give the lines of a piece; none is longer than a message."""
    match piece:
        case Prose(text):
            yield from (_mentioned(plain(part), mentions) for part in _divided(text))
        case Quote(quotation, label):
            yield from _quotation(quotation, label)
        case Claims(claims):
            yield from (line for claim in claims for line in _claim(claim))
        case Bullets(listed, heading, ordered):
            yield from _listed(listed, heading, ordered, mentions)
        case Question(prompt):
            yield from _prompt(prompt)
        case Code(text, language):
            yield from (code_block(part.strip("\n"), language) for part in limits.split(text, _ITEM))
        case Differences(differences):
            yield from _differences(differences)
        case Times(times, heading):
            yield from _times(times, heading)
        case _:
            assert_never(piece)


def _divided(text: str) -> list[str]:
    if len(text) <= _SHORT:
        return [one_line(text)]
    return limits.split(one_line(text), _ITEM, lambda part: limits.length(plain(part)))


def _quotation(quotation: Quotation, label: str = "") -> Iterator[str]:
    text = quotation.text
    number = f"{plain(limits.fit(one_line(label), _LONGEST_HEADING))} · " if label else ""
    spans = [(0, len(text))]
    if len(text) > _SHORT:
        spans = dividing.spans(text, _ITEM, lambda start, end: limits.length(_marked(quotation, start, end)))
    for start, end in spans:
        yield f"{_marked(quotation, start, end)}\n-# {number}{_below(quotation)}"


def _marked(quotation: Quotation, start: int, end: int) -> str:
    """Return a stretch of a quotation as a block: words asked for are bold, misprints are followed by [sic]."""
    text = one_line(quotation.text)
    misprints = {erratum.end for erratum in quotation.errata}
    edges = {end, *misprints, *(at for mark in quotation.marks for at in mark)}
    shown, begun = "", start
    for at in sorted(edge for edge in edges if start < edge <= end):
        run = text[begun:at]
        is_marked = any(first <= begun < last for first, last in quotation.marks)
        shown += _bolded(run) if is_marked else _continued(run, first=not shown.strip())
        shown += f" {SIC}" if at in misprints else ""
        begun = at
    return f"> {shown}"


def _bolded(run: str) -> str:
    inner = run.strip()
    before, after = run[: len(run) - len(run.lstrip())], run[len(run.rstrip()) :]
    return f"{before}{bold(inner)}{after}" if inner else run


def _continued(run: str, first: bool) -> str:
    """Escape a run; one that goes on within a line has no beginning to be escaped."""
    return plain(run) if first else plain(f"x{run}")[1:]


def _below(quotation: Quotation) -> str:
    """Return the line under a quotation: where it stands, and who speaks."""
    section = f"§ {quotation.section} {limits.fit(one_line(quotation.heading), _LONGEST_HEADING)}"
    place = f"{'' if quotation.whole else 'from '}¶ {quotation.address.place}"
    return plain(f"{section} · {place} · {limits.fit(one_line(str(quotation.voice)), _LONGEST_VOICE)}")


def _claim(claim: Claim) -> Iterator[str]:
    *others, last = _divided(claim.text)
    places = f"(¶ {', '.join(str(place) for place in claim.anchors)})" if claim.anchors else ""
    yield from (f"- {plain(part)}" for part in others)
    yield f"- {plain(last)} {places}".rstrip()


def _listed(items: Sequence[str], heading: str, ordered: bool, mentions: Mentions) -> Iterator[str]:
    begun = f"{bold(limits.fit(one_line(heading), _LONGEST_HEADING))}\n" if heading else ""
    for number, item in enumerate(items, 1):
        for part in _divided(item):
            yield f"{begun}{f'{number}.' if ordered else '-'} {_mentioned(plain(part), mentions)}"
            begun = ""


def _prompt(prompt: Prompt) -> Iterator[str]:
    yield from _quotation(prompt.passage)
    yield from (bold(part) for part in _divided(prompt.question))
    yield from _listed(prompt.follow_ups, FOLLOW_UPS, False, {})
    yield from _listed(prompt.positions, POSITIONS, False, {})
    kind = limits.fit(one_line(f"{prompt.kind} · {prompt.place}"), _LONGEST_HEADING)
    yield f"-# {plain(f'{kind} · about {prompt.minutes} minutes')}"


def _times(times: Sequence[PlannedTime], heading: str) -> Iterator[str]:
    """Show when in the group's own time; beside it Discord counts the days, which are everybody's."""
    begun = f"{bold(limits.fit(one_line(heading), _LONGEST_HEADING))}\n" if heading else ""
    for time in times:
        note = f" · {plain(limits.fit(one_line(time.note), _LONGEST_HEADING))}" if time.note else ""
        yield f"{begun}- {plain(local_time(time.at))} <t:{int(time.at.timestamp())}:R>{note}"
        begun = ""


def local_time(at: datetime) -> str:
    """Return a time as the clocks of its zone show it: ``Thu 3 Dec 2026 18:30 CET``."""
    zone = at.tzname() or ""
    return f"{at:%a} {at.day} {at:%b %Y %H:%M} {'UTC' if zone[:1] in '+-' else ''}{zone}".rstrip()


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    """Put the two wordings under one another, so that neither colour nor strokes are needed to tell them apart."""
    for name, other in ((IN_TEXT, "added"), (ASKED, "missing")):
        for group in _grouped([part for part in differences if part.kind != other and part.text]):
            words = " ".join(plain(part.text) if part.kind == "same" else bold(part.text) for part in group)
            yield f"{name}: {words}"


def _grouped(differences: Sequence[Difference]) -> list[list[Difference]]:
    """Divide compared words into lines that fit."""
    groups: list[list[Difference]] = [[]]
    used = 0
    for difference in differences:
        for text in _divided(difference.text):
            size = limits.length(bold(text)) + 1
            if used + size > _ITEM and groups[-1]:
                groups.append([])
                used = 0
            groups[-1].append(Difference(difference.kind, text.strip()))
            used += size
    return groups


def _mentioned(escaped: str, mentions: Mentions) -> str:
    """Make what a text of ours names clickable: members, messages, commands; not what somebody is quoted to say."""
    escaped = _MESSAGE.sub(r"https://\1", _MEMBER.sub(r"<@\1>", escaped))
    if not mentions or "/" not in escaped:
        return escaped
    return commands_in_text(tuple(mentions)).sub(
        lambda match: f"</{match[1]}:{mentions[match[1]]}>" if match[1] else match[0], escaped
    )
