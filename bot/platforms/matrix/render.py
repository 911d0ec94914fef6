"""Lays replies out for Matrix: HTML beside plain text, in parts that fit, with lines to type and reactions."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.characters import one_line
from bot.commands import Failure
from bot.platforms.matrix import blocks, polls
from bot.platforms.matrix.blocks import TITLE, Block, Run
from bot.platforms.matrix.pieces import Shown, blocks_of, heading, own
from bot.reply import Action, Prose, Question, Reply

__all__ = ["Message", "Shown", "content", "laid_out", "parts", "reactions"]

ANOTHER, CONTEXT, CITE, POLL, NEXT = "🔁", "➕", "📚", "📊", "➡"
# By the labels of actions. What turns a page forward is called so; what turns it back is not offered.
_BY_LABEL = {"Another": ANOTHER, "Context": CONTEXT, "Cite": CITE}
_FORWARD = ("Next page", "Earlier")
_MEANT = {
    NEXT: "for the next {next}",
    ANOTHER: "for another",
    CONTEXT: "for context",
    CITE: "to cite",
    POLL: "for a poll",
}
# Longer lines are not typed again; reactions have them all the same.
MOST_TYPED = 160
_LABEL = 80


@dataclass(frozen=True, slots=True)
class Message:
    """A message: as plain text, and as HTML."""

    body: str
    html: str


def parts(answer: Reply | Failure, shown: Shown) -> list[Message]:
    """Lay an answer out, in as many messages as it takes; each of them fits into an event, even encrypted.

    Every part but the last says how to see the next; the last says what can be done with the answer.
    """
    if isinstance(answer, Failure):
        answer = Reply("", (Prose(answer.message),))
    said = [block for piece in answer.pieces for block in blocks_of(piece, shown) if _says_something(block)]
    divided = blocks.divided([*said, *offers(answer, shown), *reacting(reactions(answer, shown.line))])
    of = len(divided)
    return [
        laid_out(
            [
                *titled(answer.title, shown, f"({number} of {of})" if of > 1 else ""),
                *part,
                *(_next_part(answer, shown, number, of) if number < of else ()),
            ]
        )
        for number, part in enumerate(divided, 1)
    ]


def laid_out(shown: Sequence[Block]) -> Message:
    """Return a message of blocks that fit into one."""
    return Message(blocks.body(shown), blocks.html(shown))


def content(message: Message, *, notice: bool) -> dict[str, str]:
    """Return the content of an event, without what it relates to and whom it mentions.

    Args:
        notice: Whether it is an answer of a bot's, at which phones are silent and other bots do nothing.
    """
    return {
        "msgtype": "m.notice" if notice else "m.text",
        "body": message.body,
        "format": "org.matrix.custom.html",
        "formatted_body": message.html,
    }


def reactions(reply: Reply, line: str, part: int = 1, of: int = 1) -> dict[str, str]:
    """Return the command lines that reactions to a part of an answer stand for, without a prefix.

    Args:
        line: The command line that was answered; nothing if it cannot be asked again.
        part: Which part it is, of how many.

    Returns:
        Lines by emoji, without the sign (U+FE0F) that asks for their coloured form: clients add it or not.
    """
    if part < of:
        return {NEXT: f"part {part + 1} {line}"} if line else {}
    found: dict[str, str] = {}
    for action in reply.actions:
        emoji = NEXT if action.turns and action.label in _FORWARD else _BY_LABEL.get(action.label)
        if emoji:
            found.setdefault(emoji, action.line)
    prompt = next((piece.prompt for piece in reply.pieces if isinstance(piece, Question)), None)
    if prompt and not reply.private and polls.is_poll(prompt):
        found[POLL] = polls.line(prompt)
    return {emoji: found[emoji] for emoji in (ANOTHER, CONTEXT, CITE, POLL, NEXT) if emoji in found}


def titled(title: str, shown: Shown, counted: str = "", begun: str = "") -> Iterator[Block]:
    """Give the title of a message, if there is any; one that nothing has is shortened.

    Args:
        counted: After it, which part this is.
        begun: Before it, whom the message mentions.
    """
    fitting = own(heading(title, TITLE - 1_000).strip(), shown)
    before, after = (Run(f"{begun} "),) if begun else (), (Run(f" {counted}"),) if counted else ()
    if before or fitting or after:
        yield Block("title", (*before, *fitting, *after))


def offers(reply: Reply, shown: Shown, most: int | None = None) -> Iterator[Block]:
    """Give what can be done next, as lines to type.

    Args:
        most: How many at most.
    """
    able = [action for action in reply.actions if len(action.line) < MOST_TYPED]
    for number, action in enumerate(able[:most]):
        yield _offer(action, shown, is_first=number == 0)


def _offer(action: Action, shown: Shown, is_first: bool) -> Block:
    label = heading(one_line(action.label)[:_LABEL])
    return Block("line", (Run(f"{label}: "), Run(shown.typed(action.line), "code")), begins=is_first)


def reacting(found: dict[str, str], next_one: str = "page") -> Iterator[Block]:
    """Give the line that says what reactions do, if any does something."""
    if found:
        meant = ", ".join(f"{_coloured(emoji)} {_MEANT[emoji].format(next=next_one)}" for emoji in found)
        yield Block("paragraph", (Run(f"React with {meant}."),))


def _coloured(emoji: str) -> str:
    return f"{emoji}\ufe0f" if emoji == NEXT else emoji


def _next_part(answer: Reply, shown: Shown, number: int, of: int) -> Iterator[Block]:
    for line in reactions(answer, shown.line, number, of).values():
        if len(line) < MOST_TYPED:
            yield Block("line", (Run("Next part: "), Run(shown.typed(line), "code")), begins=True)
    yield from reacting(reactions(answer, shown.line, number, of), "part")


def _says_something(block: Block) -> bool:
    return block.kind == "quotation" or any(run.text.strip() for run in block.runs)
