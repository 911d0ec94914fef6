"""Lays scheduled posts out for Discord: plain messages, which phones show, with buttons and at most one mention."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from discord import ui

from bot.library.sentences import sentence_spans
from bot.platforms.discord import limits
from bot.platforms.discord.buttons import START_A_POLL, START_A_THREAD, button, is_poll
from bot.platforms.discord.custom_id import COMMAND, LONGEST_LINE, POLL, THREAD, WHOLE, Press
from bot.platforms.discord.markdown import one_line, plain
from bot.platforms.discord.render import Mentions, items
from bot.posting import Post, Target
from bot.reading import Prompt, Quotation
from bot.reply import Bullets, Claims, Piece, Prose, Question, Quote, Reply, Times

ALL_OF_IT = "All of it"
SHORTENED = f"This is shortened to fit into a message; the button “{ALL_OF_IT}” shows the rest."
ABOUT = "About"
IN_THE_THREAD, RIGHT_HERE = "-# Discuss it in the thread of this message.", "-# Discuss it right here."
_MOST_ACTIONS = 4
_TITLE = 100
# A question longer than this is shown to here where nothing else helps.
_QUESTION = 300

Pieces = tuple[Piece, ...]
Mentioned = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it is sent.

    Attributes:
        view: Its buttons; stopped, as discord.py must not keep it.
        mentions: Who may be mentioned, as Discord wants to be told: nobody, or one role.
        kept: The lines of its buttons that are too long for them, to be kept before it is sent.
    """

    content: str
    view: ui.View
    mentions: Mentioned
    kept: frozenset[str]


def message(target: Target, post: Post, key: str, mentions: Mentions, has_threads: bool) -> Message:
    """Lay a post out.

    Args:
        key: What its first button carries, so that it is found again.
        mentions: Discord's ids of commands by their names, to make ``/summary`` clickable.
        has_threads: Whether there can be threads where it goes.
    """
    begun, allowed = _mention(target)
    gets_thread = bool(has_threads and target.threads and post.subject)
    where = (IN_THE_THREAD if gets_thread else RIGHT_HERE) if post.subject else ""
    content, is_whole = _content(post, begun, where, mentions)
    offers_thread = has_threads and not gets_thread
    presses = _presses(target, post.reply, key, offers_thread, is_whole)
    view = ui.View(timeout=None)
    for label, press in presses:
        view.add_item(button(label, press))
    view.stop()
    return Message(content, view, allowed, frozenset(press.text for _, press in presses if press.is_kept))


def _mention(target: Target) -> tuple[str, Mentioned]:
    """Return how the post begins, and that it may mention just that; everybody is a role of the server's number."""
    if not target.role:
        return "", {"parse": []}
    if target.role == target.server.rpartition(":")[2]:
        return "@everyone ", {"parse": ["everyone"]}
    return f"<@&{int(target.role)}> ", {"parse": [], "roles": [target.role]}


def _presses(target: Target, reply: Reply, key: str, offers_thread: bool, is_whole: bool) -> list[tuple[str, Press]]:
    """Choose the buttons: what the reply offers, and what only Discord can do; there is one at least."""
    lines = [(each.label, each.line) for each in reply.actions if len(each.line) <= LONGEST_LINE]
    chosen = {line: (label, Press(COMMAND, line)) for label, line in reversed(lines[:_MOST_ACTIONS])}
    presses = list(reversed(chosen.values()))
    for prompt in (piece.prompt for piece in reply.pieces if isinstance(piece, Question)):
        # In another channel than the circle's, its own prompts are found by its name.
        elsewhere = f" {target.group}" if target.channel != target.group.rpartition(":")[2] else ""
        about = f"{prompt.passage.address.reading} {prompt.id}{elsewhere}"
        if not is_whole:
            presses.append((ALL_OF_IT, Press(WHOLE, about)))
        if offers_thread:
            presses.append((START_A_THREAD, Press(THREAD, about)))
        if is_poll(prompt.question, prompt.positions):
            presses.append((START_A_POLL, Press(POLL, about)))
    (label, first), *others = presses or [(ABOUT, Press(COMMAND, ABOUT.casefold()))]
    return [(label, replace(first, key=key)), *others]


def _content(post: Post, begun: str, where: str, mentions: Mentions) -> tuple[str, bool]:
    """Return the text of a post, as much of it as fits, and whether that is all.

    Args:
        where: Where to discuss it, if it is to be discussed.
    """
    title = _bold(limits.fit(one_line(post.reply.title), _TITLE).strip())

    def shown(pieces: Pieces) -> str:
        lines = [line for piece in pieces for line in items(piece, mentions)]
        return "\n".join([f"{begun}{title}".strip(), *lines, *([where] if where else [])]).strip()

    whole = shown(post.reply.pieces)
    if limits.length(whole) <= limits.CONTENT:
        return whole, True
    left = _left_out(post)
    shorter = [(*pieces, *left) for pieces in _shorter(post.reply.pieces)]
    # Each is shorter than the one before it; the last is no more than a title and a question.
    first = bisect_left(shorter, True, key=lambda pieces: limits.length(shown(pieces)) <= limits.CONTENT)
    return shown(shorter[min(first, len(shorter) - 1)]), False


def _bold(title: str) -> str:
    """Return a title with nothing escaped that means something at the beginning of a line only: phones show it raw."""
    return f"**{plain(f'x{title}')[1:]}**" if title else ""


def _left_out(post: Post) -> Pieces:
    """Say where the rest is."""
    if any(isinstance(piece, Question) for piece in post.reply.pieces):
        return (Prose(SHORTENED),)
    if post.line:
        return (Prose(f"This is shortened to fit into a message. All of it: /{post.line}"),)
    return (Prose("This is shortened to fit into a message."),)


def _shorter(pieces: Pieces) -> Iterator[Pieces]:
    """Give what is left as more and more is left out: of prompts and quotations first, then whole items from the end.

    Nothing is cut within a sentence, but for one that does not fit by itself.
    """
    for at, piece in enumerate(pieces):
        before, after = pieces[:at], pieces[at + 1 :]
        if isinstance(piece, Question):
            for prompt in _shorter_prompts(piece.prompt):
                piece = Question(prompt)
                yield (*before, piece, *after)
        elif isinstance(piece, Quote):
            for quotation in _shorter_quotations(piece.quotation):
                piece = replace(piece, quotation=quotation)
                yield (*before, piece, *after)
        pieces = (*before, piece, *after)
    while pieces:
        last = pieces[-1]
        if isinstance(last, Question):
            # A question stays; what comes before it goes, and at last its passage.
            if len(pieces) == 1:
                yield (Prose(limits.fit(last.prompt.question, _QUESTION)),)
                return
            pieces = pieces[1:]
        else:
            fewer = _with_fewer(last)
            pieces = (*pieces[:-1], fewer) if fewer else pieces[:-1]
        yield pieces


def _shorter_prompts(prompt: Prompt) -> Iterator[Prompt]:
    if prompt.follow_ups:
        yield (prompt := replace(prompt, follow_ups=()))
    if prompt.positions:
        yield (prompt := replace(prompt, positions=()))
    for passage in _shorter_quotations(prompt.passage):
        yield (prompt := replace(prompt, passage=passage))
    if limits.length(prompt.question) > _QUESTION:
        yield replace(prompt, question=limits.fit(prompt.question, _QUESTION))


def _shorter_quotations(quotation: Quotation) -> Iterator[Quotation]:
    """Give the quotation without its last sentence, without its last two, …; then parts of its first sentence."""
    ends = [end for _, end in sentence_spans(quotation.text)]
    for end in reversed(ends[:-1]):
        yield _first_part(quotation, end)
    text = quotation.text[: ends[0]] if ends else quotation.text
    most = limits.length(text)
    while most > _QUESTION:
        most //= 2
        (start, end), *_ = limits.spans(text, most, lambda start, end: limits.length(text[start:end]))
        yield _first_part(quotation, len(text[start:end].rstrip()))


def _first_part(quotation: Quotation, end: int) -> Quotation:
    """Quote only the beginning; it is said to be from its place."""
    return replace(
        quotation,
        text=quotation.text[:end],
        marks=tuple(mark for mark in quotation.marks if mark[1] <= end),
        errata=tuple(erratum for erratum in quotation.errata if erratum.end <= end),
        whole=False,
    )


def _with_fewer(piece: Piece) -> Piece | None:
    """Leave out the last item of a list; None if nothing is left, or there is nothing to be left out."""
    match piece:
        case Claims(claims):
            return Claims(claims[:-1]) if _several(claims) else None
        case Bullets(listed, _, _):
            return replace(piece, items=listed[:-1]) if _several(listed) else None
        case Times(times, _):
            return replace(piece, times=times[:-1]) if _several(times) else None
        case _:
            return None


def _several(items: Sequence[object]) -> bool:
    return len(items) > 1
