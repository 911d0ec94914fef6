"""Matrix says what the terminal says."""

import pytest

from bot.caller import Caller
from bot.platforms.terminal.plain import plain
from tests.parity import QUESTIONS, words
from tests.platforms.matrix.circle import Circle, body

pytestmark = pytest.mark.asyncio(loop_scope="module")

READER = Caller("reader", "test:1")


@pytest.mark.parametrize("line", QUESTIONS)
async def test_matrix_says_what_the_terminal_says(circle: Circle, line: str) -> None:
    anna = await circle.person("anna")
    room = next(iter(anna.unread), "") or await circle.room(anna)
    answer = await circle.app.commands.answer(READER, line)
    in_terminal = plain(answer).split("\n\nTry: ")[0]
    on_matrix = body(await circle.ask(anna, room, f"!{line}"))
    if answer.actions:
        on_matrix = on_matrix.split(f"\n\n{answer.actions[0].label}: !")[0]
    assert words(on_matrix) == words(in_terminal)
