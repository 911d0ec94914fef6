"""What members' reactions to answers do."""

import pytest

from tests.platforms.matrix.circle import Circle, body, relation
from tests.platforms.matrix.plain import Plain
from tests.platforms.matrix.plain import plain as client

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def readers(circle: Circle) -> tuple[Plain, Plain, str]:
    """Return Anna, who made a room, Boris, and the room with the bot in it."""
    anna, boris = await circle.person("anna"), await circle.person("boris")
    return anna, boris, await circle.room(anna, boris)


async def test_members_ask_for_another_for_context_and_for_a_citation(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    answer = await circle.ask(anna, room, "!quote Cheka")
    assert "React with 🔁 for another, ➕ for context, 📚 to cite." in body(answer)
    typed = {"🔁": "Another: ", "➕": "Context: ", "📚": "Cite: "}
    for emoji, label in typed.items():
        line = next(each for each in body(answer).splitlines() if each.startswith(label)).removeprefix(label)
        await boris.react(room, answer["event_id"], emoji)
        reacted = await circle.answer(boris, room, answer["event_id"])
        assert body(reacted) == body(await circle.ask(anna, room, line)), emoji
        assert relation(reacted) == {"m.in_reply_to": {"event_id": answer["event_id"]}}
        assert reacted["content"]["msgtype"] == "m.notice"


async def test_it_seeds_no_reactions_itself(circle: Circle) -> None:
    anna, _, room = await readers(circle)
    await circle.ask(anna, room, "!quote Cheka")
    await circle.said(anna, room)
    own = [each["type"] for each in await anna.messages(room) if each["sender"] == circle.bot.id]
    assert own == ["m.room.member", "m.room.message", "m.room.message"]


async def test_an_answer_to_a_reaction_can_be_reacted_to_in_turn(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    answer, seen = await circle.ask(anna, room, "!quote Serge"), set()
    for person in (anna, boris, anna):
        seen.add(body(answer))
        await person.react(room, answer["event_id"], "🔁")
        answer = await circle.answer(anna, room, answer["event_id"])
    assert len(seen) == 3


async def test_pages_and_parts_are_turned_with_an_arrow_in_either_form(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    first = await circle.ask(anna, room, "!search Serge")
    assert "➡️ for the next page" in body(first)
    await boris.react(room, first["event_id"], "➡️")
    second = await circle.answer(boris, room, first["event_id"])
    assert body(second) == body(await circle.ask(anna, room, "!search Serge page:2"))
    await boris.react(room, second["event_id"], "➡")
    third = await circle.answer(boris, room, second["event_id"])
    assert body(third) == body(await circle.ask(anna, room, "!search Serge page:3"))


async def test_other_reactions_and_the_bots_own_do_nothing(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    answer = await circle.ask(anna, room, "!quote Cheka")
    said = await anna.send(room, "!weather")
    for emoji in ("👍", "❤️", "🔂", "", "another", "🔁🔁", "quote Lenin", "➡️", "📊"):
        await boris.react(room, answer["event_id"], emoji)
    await boris.react(room, said, "🔁")
    async with client(circle.homeserver.address, circle.bot) as itself:
        await itself.react(room, answer["event_id"], "🔁")
    await circle.said(anna, room)
    own = [each for each in await anna.messages(room) if each["sender"] == circle.bot.id]
    assert [each["type"] for each in own] == ["m.room.member", "m.room.message", "m.reaction", "m.room.message"]


async def test_a_reaction_that_is_taken_back_takes_its_answer_with_it(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    answer = await circle.ask(anna, room, "!quote Cheka")
    reaction = await boris.react(room, answer["event_id"], "📚")
    cited = await circle.answer(boris, room, answer["event_id"])
    await boris.redact(room, reaction)
    await circle.said(anna, room)
    assert "body" not in (await anna.event(room, cited["event_id"]))["content"]
    assert "body" in (await anna.event(room, answer["event_id"]))["content"]


async def test_reactions_from_before_a_restart_are_not_replayed_but_answers_from_before_have_theirs(
    circle: Circle,
) -> None:
    anna, boris, room = await readers(circle)
    answer = await circle.ask(anna, room, "!quote Cheka")
    await circle.stop()
    await boris.react(room, answer["event_id"], "📚")
    asked = await boris.send(room, "!contents")
    await circle.start()
    assert "about 14 minutes" in body(await circle.answer(boris, room, asked))
    assert await circle.said(boris, room, since=asked) == []
    await boris.react(room, answer["event_id"], "➕")
    assert "¶" in body(await circle.answer(boris, room, answer["event_id"]))
