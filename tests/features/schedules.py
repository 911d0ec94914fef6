"""What tests of schedules share: the usual one, and what answers show of it."""

from bot.reply import Question, Reply
from tests.features.conftest import Circle, said

THURSDAYS = "/schedule add prompt thursdays 19:00"


def question(reply: Reply) -> str:
    """Return the question that an answer shows."""
    return next(piece.prompt.question for piece in reply.pieces if isinstance(piece, Question))


async def line(circle: Circle, number: int = 1) -> str:
    """Return how the list shows a schedule."""
    lines = said(await circle.ask("/schedule list")).splitlines()
    return next(each for each in lines if each.startswith(f"{number}. "))
