"""What members say on a real homeserver, and what they are answered: once, in order, in the form that clients show."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.caller import Caller
from bot.commands import Failure, safely
from bot.platforms.matrix.limits import EVENT
from bot.platforms.terminal.plain import plain
from tests.parity import words
from tests.platforms.matrix.circle import Circle, body, gathered, html, relation, replied_to
from tests.platforms.matrix.markup import Read
from tests.platforms.matrix.plain import Json, Plain, User
from tests.platforms.matrix.plain import plain as client
from tests.platforms.matrix.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUOTED = "self-inflicted death in 1918"
# What is typed wrongly, or asks for what there is not.
MISTAKES = (
    "read 99",
    "read",
    "summary",
    "quote Cheka page:2 section:x",
    "glossary nobody at all",
    "help nothing",
    "search",
    "cite 7.2 style:oral",
    "quote zzzz",
)


async def two_readers(circle: Circle) -> tuple[Plain, Plain, str]:
    """Return Anna, who made a room, Boris, and the room with the bot in it."""
    anna, boris = await circle.person("anna"), await circle.person("boris")
    return anna, boris, await circle.room(anna, boris)


def text(said: str, **content: object) -> Json:
    """Return a message's content."""
    return {"msgtype": "m.text", "body": said, **content}


def pill(circle: Circle, line: str, colon: str = "") -> Json:
    """Return a message that begins with a mention of the bot, as Element makes it."""
    name, link = circle.bot.id[1:].partition(":")[0], f"https://matrix.to/#/{circle.bot.id}"
    marked = f'<a href="{link}">{name}</a>{colon} {line}'
    mentions = {"user_ids": [circle.bot.id]}
    rich = {"format": "org.matrix.custom.html", "formatted_body": marked, "m.mentions": mentions}
    return text(f"{name}{colon} {line}", **rich)


async def test_every_way_to_address_the_bot_is_answered_the_same(circle: Circle) -> None:
    anna, _, room = await two_readers(circle)
    name = circle.bot.id[1:].partition(":")[0]
    link = f"[{name}](https://matrix.to/#/{circle.bot.id})"
    asked: list[Json | str] = [
        "!quote Cheka",
        "!kruzhok quote Cheka",
        f"@{name} quote Cheka",
        f"{circle.bot.id} quote Cheka",
        f"{name}: quote Cheka",
        f"{link} quote Cheka",
        "/quote Cheka",  # as clients deliver //quote
        pill(circle, "quote Cheka"),
        pill(circle, "quote Cheka", ":"),
    ]
    answers = [await circle.ask(anna, room, each) for each in asked]
    assert QUOTED in body(answers[0])
    assert {body(each) for each in answers} == {body(answers[0])}
    assert await circle.said(anna, room) == []


async def test_the_bot_is_called_by_its_display_name_and_follows_when_that_changes(circle: Circle) -> None:
    anna, boris, room = await two_readers(circle)
    async with client(circle.homeserver.address, circle.bot) as itself:
        where = f"/profile/{circle.bot.id}/displayname"
        await itself.request("PUT", where, {"displayname": "Reading <b>Bot</b> 📖"})
    await anna.wait_for(lambda event: event["content"].get("displayname") == "Reading <b>Bot</b> 📖", room)
    assert QUOTED in body(await circle.ask(boris, room, "Reading <b>Bot</b> 📖: quote Cheka"))
    assert QUOTED in body(await circle.ask(anna, room, "reading <b>bot</b> 📖 quote Cheka"))
    await circle.silent(anna, room, "Reading <b>Bot</b> 📖 is a fine bot")


async def test_what_is_said_to_others_or_by_other_bots_gets_silence(circle: Circle) -> None:
    anna, boris, room = await two_readers(circle)
    first = await anna.send(room, "Good evening.")
    await circle.silent(
        boris,
        room,
        "quote Cheka",
        "!help",
        "!weather in Berlin",
        "!quotes",
        "!part 2 weather",
        "I like !quote Cheka",
        "kruzhok is a little circle",
        text("!quote Cheka", msgtype="m.notice"),
        text("!quote Cheka", msgtype="m.emote"),
        text("* !quote Cheka", **{"m.new_content": text("!quote Cheka"), "m.relates_to": edit_of(first)}),
        text("!quote Cheka", **{"m.relates_to": edit_of(first)}),
        text(
            f"> <{anna.id}> !quote Cheka\n\nThat was good.", **{"m.relates_to": {"m.in_reply_to": {"event_id": first}}}
        ),
        text("What was it?", **{"m.mentions": {"user_ids": [circle.bot.id]}}),
    )


def edit_of(event: str) -> Json:
    """Return how an edit says what it replaces."""
    return {"rel_type": "m.replace", "event_id": event}


def replying_to(event: str) -> Json:
    """Return how a reply says to what it is one."""
    return {"m.in_reply_to": {"event_id": event}}


async def test_the_bot_does_not_answer_itself(circle: Circle) -> None:
    anna, _, room = await two_readers(circle)
    async with client(circle.homeserver.address, circle.bot) as itself:
        await itself.send(room, "!quote Cheka")
        await itself.send(room, "!kruzhok help")
    said = await circle.said(anna, room)
    assert [body(each) for each in said] == ["!quote Cheka", "!kruzhok help"]


async def test_an_unknown_word_after_its_name_gets_a_suggestion(circle: Circle) -> None:
    anna, _, room = await two_readers(circle)
    assert "Did you mean !quote?" in body(await circle.ask(anna, room, "!kruzhok qoute Cheka"))
    answer = await circle.ask(anna, room, pill(circle, "what is this"))
    assert "There is no command “what”" in body(answer)
    assert "!help lists them all" in body(answer)


async def test_where_two_are_alone_nothing_needs_a_prefix(circle: Circle) -> None:
    anna = await circle.person("anna")
    room = await circle.room(anna)
    for line in ("quote Cheka", "!quote Cheka", "/quote Cheka", "!kruzhok quote Cheka"):
        assert QUOTED in body(await circle.ask(anna, room, line)), line
    assert "Did you mean !quote?" in body(await circle.ask(anna, room, "qoute Cheka"))
    assert body(await circle.ask(anna, room, "!help")) == body(await circle.ask(anna, room, "help"))
    boris = await circle.person("boris")
    await anna.invite(room, boris.id)
    assert QUOTED in body(await circle.ask(anna, room, "quote Cheka"))  # who is invited does not hear it yet
    await boris.join(room)
    await circle.silent(boris, room, "quote Cheka", "!help")


async def test_a_room_can_choose_its_prefix(circle: Circle) -> None:
    anna, boris, room = await two_readers(circle)
    await circle.ask(anna, room, "!config prefix %%")
    answer = await circle.ask(boris, room, "%%quote Cheka")
    assert "Another: %%quote Cheka after:" in body(answer)
    assert "!quote" not in body(answer)
    assert QUOTED in body(await circle.ask(boris, room, "!kruzhok quote Cheka"))
    assert QUOTED in body(await circle.ask(boris, room, "%%kruzhok quote Cheka"))
    assert "%%quote" in body(await circle.ask(boris, room, "%%help"))
    await circle.silent(boris, room, "!quote Cheka", "%%weather")


async def test_help_and_mistakes_read_as_in_the_terminal(circle: Circle) -> None:
    anna, _, room = await two_readers(circle)
    reader = Caller("reader", "test:help")
    for line in (*(f"help {each.name}" for each in circle.app.commands.all[:14:3]), *MISTAKES):
        answer = await safely(circle.app.commands.answer(reader, line))
        expected = answer.message if isinstance(answer, Failure) else plain(answer).split("\n\nTry: ")[0]
        found = body(await circle.ask(anna, room, f"!{line}"))
        assert words(expected) - words(found) == {}, line
        if isinstance(answer, Failure):
            assert words(found) == words(expected), line
            assert found == expected.replace(" /", " !").replace("/", "!", expected.startswith("/")), line


async def test_answers_are_notices_in_the_subset_of_html_that_mention_nobody_and_reply(circle: Circle) -> None:
    anna, _, room = await two_readers(circle)
    for line in ("!quote Cheka", "!kruzhok help", "!search Serge", "!verify self-inflicted birth in 1918", "!read 99"):
        asked = await anna.send(room, line)
        content = (await circle.answer(anna, room, asked))["content"]
        assert set(content) == {"msgtype", "body", "format", "formatted_body", "m.mentions", "m.relates_to"}
        assert (content["msgtype"], content["format"]) == ("m.notice", "org.matrix.custom.html")
        assert content["m.mentions"] == {}
        assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
        read = Read(content["formatted_body"])
        assert read.problems == [], line
        assert words(read.text) - words(content["body"]) == {}, line


async def test_each_command_gets_one_event_in_the_order_of_asking(circle: Circle) -> None:
    anna, boris, room = await two_readers(circle)
    asked = [await (anna, boris)[number % 2].send(room, f"!read ¶{number}") for number in range(1, 21)]
    said = await circle.said(anna, room)
    assert [relation(each) for each in said] == [{"m.in_reply_to": {"event_id": each}} for each in asked]
    assert all(f"¶ {number}" in body(each) for number, each in enumerate(said, 1))


async def test_whatever_was_said_while_the_bot_was_stopped_is_answered_once_and_in_order(circle: Circle) -> None:
    await many_while_stopped(circle, 120, 30)


@pytest.mark.extended
async def test_a_thousand_messages_between_two_looks_hide_no_command(circle: Circle) -> None:
    await many_while_stopped(circle, 1_000, 25)


async def many_while_stopped(circle: Circle, number: int, every: int) -> None:
    """Say much while the bot is stopped, more than servers tell at once; see that each command in it is answered."""
    anna, boris, room = await two_readers(circle)
    assert QUOTED in body(await circle.ask(anna, room, "!quote Cheka"))
    await circle.stop()
    asked = []
    for at in range(number):
        sent = await boris.send(room, f"!read ¶{at // every + 1}" if at % every == 0 else f"That was number {at}.")
        asked += [sent] * (at % every == 0)
    await circle.start()
    said = await circle.said(anna, room)
    assert [relation(each)["m.in_reply_to"]["event_id"] for each in said] == asked


SENTENCES = 900
TITLE = 'A <b>"Reading"</b> & more'


def hostile_reading(folder: Path) -> Path:
    """Make a reading whose one paragraph is 100 KB of signs that take much room, and return the readings' folder."""
    made = folder / "data" / "hostile"
    made.mkdir(parents=True)
    sentence = 'He said <&" 👩‍👩‍👧‍👦 & <script>"alert"</script> to everybody @room who listened. '
    paragraph = "".join(f"Number {at} of them. {sentence}" for at in range(SENTENCES))
    assert len(paragraph.encode()) > 100_000
    (made / "source.txt").write_text(f"{paragraph.strip()}\n\nAn end.\n", encoding="utf-8")
    (made / "reading.toml").write_text(f"title = '{TITLE}'\nauthor = '<i>Anon</i>'\nlanguage = 'en'\n")
    return folder / "data"


async def all_parts(ask: Callable[[str], Awaitable[Json]], raw: Plain, room: str, kind: str) -> list[str]:
    """Ask for a long answer part by part, as each says how to; return their texts."""
    parts: list[str] = []
    line = "!read ¶1"
    while line:
        answer = await ask(line)
        sent = await raw.event(room, answer["event_id"])
        assert len(json.dumps(sent, ensure_ascii=False).encode()) < EVENT
        assert sent["type"] == kind
        assert Read(html(answer)).problems == []
        parts.append(body(answer))
        foot = parts[-1].rpartition("Next part: ")[2].partition("\n")[0]
        line = foot if "Next part: " in parts[-1] else ""
    return parts


def check_parts(parts: list[str]) -> None:
    """See that parts are counted, and that nothing is missing."""
    assert len(parts) > 5
    assert parts[0].split("\n")[0].endswith(f"(1 of {len(parts)})")
    together = " ".join("\n".join(parts).split())
    assert all(f"Number {at} of them" in together for at in range(SENTENCES))
    assert "for the next part" not in parts[-1]
    assert "React with ➡️ for the next part" in parts[0]


@pytest.mark.extended
async def test_long_and_hostile_answers_come_in_parts_that_fit(
    homeserver: Synapse, tmp_path: Path, shipped_index: Path
) -> None:
    async with gathered(homeserver, tmp_path, shipped_index, data=hostile_reading(tmp_path)) as circle:
        anna = await circle.person()
        room = await circle.room(anna)
        parts = await all_parts(lambda line: circle.ask(anna, room, line), anna, room, "m.room.message")
        check_parts(parts)
        first = await circle.ask(anna, room, "read ¶1")
        await anna.react(room, first["event_id"], "➡️")
        assert body(await circle.answer(anna, room, first["event_id"])) == parts[1]
        assert body(await circle.ask(anna, room, "!part 99 read ¶1")) == parts[-1]
        assert circle.errors == []


@pytest.mark.extended
async def test_in_encrypted_rooms_they_fit_as_well(homeserver: Synapse, tmp_path: Path, shipped_index: Path) -> None:
    async with gathered(homeserver, tmp_path, shipped_index, data=hostile_reading(tmp_path)) as circle:
        reader = await circle.second()
        room = await reader.create_room(circle.bot.id)
        user = User(reader.user, reader.token, reader.device, "")

        async def ask(line: str) -> Json:
            asked = await reader.say(room, line)
            return await reader.wait(lambda event: replied_to(event) == asked)

        async with client(homeserver.address, user) as raw:
            await circle.comes(raw, room)
            check_parts(await all_parts(ask, raw, room, "m.room.encrypted"))
        assert circle.errors == []
