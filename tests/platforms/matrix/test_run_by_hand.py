"""A post that a moderator asks for is made at once, though scheduled ones let answers go first."""

import asyncio

import pytest

from tests.platforms.matrix.circle import Circle, body

# In seconds; a scheduled post lets answers go first for longer.
AT_ONCE = 9.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_post_does_not_wait_for_the_answer_that_it_is_made_for(circle: Circle) -> None:
    anna = await circle.person()
    room = await circle.room(anna)
    await circle.ask(anna, room, "!schedule add prompt thursdays 19:00")
    async with asyncio.timeout(AT_ONCE):
        answer = await circle.ask(anna, room, "!schedule run")
    assert "Posted in" in body(answer)
