"""Lays scheduled posts out for Discord: plain messages, which phones show, with buttons and at most one mention."""

from bisect import bisect_left
from dataclasses import dataclass, replace

from discord import ui

from bot.characters import one_line
from bot.platforms.discord import limits
from bot.platforms.discord.buttons import START_A_POLL, START_A_THREAD, button, is_poll
from bot.platforms.discord.custom_id import COMMAND, LONGEST_LINE, POLL, THREAD, WHOLE, Press
from bot.platforms.discord.markdown import plain
from bot.platforms.discord.render import Mentions, items
from bot.posting import Post, Target
from bot.reply import Prose, Question, Reply
from bot.shortening import Pieces, shortened

ALL_OF_IT = "All of it"
SHORTENED = f"This is shortened to fit into a message; the button “{ALL_OF_IT}” shows the rest."
ABOUT = "About"
IN_THE_THREAD, RIGHT_HERE = "-# Discuss it in the thread of this message.", "-# Discuss it right here."
_MOST_ACTIONS = 4
_TITLE = 100
# A question longer than this is shown to here where nothing else helps.
_QUESTION = 300

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
    shorter = [(*pieces, *left) for pieces in shortened(post.reply.pieces, _QUESTION, limits.length)]
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
