"""Lays scheduled posts out for Matrix: one message each, that phones announce, and what their threads begin with."""

from bisect import bisect_left

from bot.characters import one_line
from bot.dividing import fit
from bot.platforms.matrix import blocks, limits
from bot.platforms.matrix.blocks import Block, Run
from bot.platforms.matrix.pieces import Shown, blocks_of
from bot.platforms.matrix.render import MOST_TYPED, Message, laid_out, offers, reacting, reactions, titled
from bot.posting import Post
from bot.reply import Prose, Question
from bot.shortening import Pieces, shortened

ROOM = "@room"
IN_THE_THREAD, RIGHT_HERE = "Discuss it in the thread of this message.", "Discuss it right here."
SHORTENED = "This is shortened to fit into a message."
TO_BEGIN_WITH = "To begin with"

_MOST_OFFERS = 4
# In bytes, shown twice. A question longer than this is shown to here where nothing else helps.
_QUESTION = 4_000


def post(post: Post, shown: Shown, *, mentions_room: bool, has_thread: bool) -> Message:
    """Lay a post out, as much of it as fits into one message.

    Args:
        mentions_room: Whether it begins with ``@room``; that everybody is notified is for the sender to say.
        has_thread: Whether posts get threads where it goes; it gets one if there is something to begin it with.
    """
    gets_thread = has_thread and thread_starter(post) is not None
    whole = _blocks(post, post.reply.pieces, shown, mentions_room, gets_thread)
    if blocks.fits(whole):
        return laid_out(whole)
    # A line that is too long to be typed is of no use.
    line = f" All of it: /{post.line}" if 0 < len(post.line) < MOST_TYPED else ""
    shorter = [
        _blocks(post, (*pieces, Prose(f"{SHORTENED}{line}")), shown, mentions_room, gets_thread)
        for pieces in shortened(post.reply.pieces, _QUESTION, limits.size_shown)
    ]
    # Each is shorter than the one before it; the last is no more than a title and a question.
    first = bisect_left(shorter, True, key=blocks.fits)
    return laid_out(shorter[min(first, len(shorter) - 1)])


def thread_starter(post: Post) -> Message | None:
    """Return what begins the thread of a post: the first follow-up of its prompt; None if it has none."""
    prompts = (piece.prompt for piece in post.reply.pieces if isinstance(piece, Question))
    first = next((each for prompt in prompts for each in prompt.follow_ups if each.strip()), "")
    if not first or not post.subject:
        return None
    text = f"{TO_BEGIN_WITH}: {one_line(first)}"
    text = fit(fit(text, limits.PART), limits.TEXT, limits.size_shown)
    return laid_out([Block("paragraph", (Run(text),))])


def _blocks(post: Post, pieces: Pieces, shown: Shown, mentions_room: bool, gets_thread: bool) -> list[Block]:
    reply = post.reply
    where = [Block("paragraph", (Run(IN_THE_THREAD if gets_thread else RIGHT_HERE, "em"),))] if post.subject else []
    return [
        *titled(reply.title, shown, begun=ROOM if mentions_room else ""),
        *(block for piece in pieces for block in blocks_of(piece, shown)),
        *where,
        *offers(reply, shown, _MOST_OFFERS),
        *reacting(reactions(reply, post.line)),
    ]
