"""Moderators' settings: chosen here or for the server, shown with where they come from, logged, undone."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.features.group_values import SETTINGS
from bot.platforms.terminal.room import Room
from bot.posting import Kind, Named
from bot.reading import Place
from bot.reply import Quote
from bot.settings import SHIPPED_DATA
from tests.features.conftest import SERVER, Circle, Clock, opened, said

# A value of each setting that is not its default, as it is typed.
OTHER = {
    "reading": "price-serge",
    "timezone": "Europe/Paris",
    "channel": "#reading-room",
    "threads": "off",
    "tag": "prompts",
    "mention": "@readers",
    "length": "sentence",
    "private": "on",
    "off": "quote, search",
    "moderators": "@hosts",
    "notices": "#hosts",
    "grace": "1",
    "afterwards": "stop",
    "prefix": "%",
}
ONLY_MATRIX = "prefix"


class Rooms(Room):
    """A room on a platform that has channels, roles and tags."""

    async def resolve(self, kind: Kind, caller: Caller, text: str, channel: str = "") -> Named:
        """Take any name, and the number that it was given."""
        number = text if text.startswith("n-") else f"n-{text.strip('#@')}"
        return Named(number, self.called(kind, number, caller.server))

    def called(self, kind: Kind, number: str, server: str) -> str:
        """Call a number what it was given for."""
        return {"channel": "#", "tag": ""}.get(kind, "@") + number.removeprefix("n-")


@pytest.fixture
def places(circle: Circle) -> Circle:
    """The circle, with channels, roles and tags to choose from."""
    circle.app.places.add(Rooms(circle.folder))
    return circle


def changeable() -> list[str]:
    """Return the names of the settings that mean something in the terminal."""
    return [each.name for each in SETTINGS if each.name != ONLY_MATRIX]


async def shown(circle: Circle, name: str, caller: Caller | None = None) -> str:
    """Return how ``config show`` shows one setting."""
    lines = said(await circle.ask("/config show", caller)).splitlines()
    return next(line for line in lines if line.startswith(f"{name}: "))


def test_every_setting_has_another_value_to_be_tried() -> None:
    assert set(OTHER) == {each.name for each in SETTINGS}


@pytest.mark.parametrize("scope", ["here", "server"])
@pytest.mark.parametrize("name", changeable())
async def test_each_setting_is_set_shown_logged_undone_and_taken_back(places: Circle, name: str, scope: str) -> None:
    origin = {"here": "(chosen here)", "server": "(chosen for the server)"}[scope]
    before = await shown(places, name)
    changed = await places.ask(f"/config {name} {OTHER[name]} scope:{scope}")
    assert changed.title == f"{name} is changed"
    assert OTHER[name] in said(changed)
    now = await shown(places, name)
    assert OTHER[name] in now
    assert now.endswith(origin)
    newest = said(await places.ask("/config log")).splitlines()[0]
    assert f"{name}: default → " in newest
    assert OTHER[name] in newest
    assert newest.endswith("by member terminal:mo")
    assert ("for the server" in newest) == (scope == "server")
    undone = await places.press(changed, "Undo")
    assert await shown(places, name) == before
    await places.press(undone, "Undo")
    assert (await shown(places, name)) == now
    await places.ask(f"/config {name} default scope:{scope}")
    assert await shown(places, name) == before


@pytest.mark.parametrize("name", changeable())
async def test_a_channels_choice_holds_over_its_servers_and_that_over_the_default(places: Circle, name: str) -> None:
    default = await shown(places, name)
    await places.ask(f"/config {name} {OTHER[name]} scope:server")
    of_server = await shown(places, name)
    beside = await shown(places, name, places.beside)
    assert of_server == beside
    assert of_server.endswith("(chosen for the server)")
    other = next(each.default for each in SETTINGS if each.name == name) or OTHER[name]
    await places.ask(f"/config {name} {other}")
    assert (await shown(places, name)).endswith("(chosen here)")
    assert await shown(places, name, places.beside) == beside
    assert await shown(places, name, places.elsewhere) == default


async def test_a_channels_own_choice_is_told_apart_where_the_servers_is_changed(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Berlin scope:server")
    await circle.ask("/config timezone Europe/Paris")
    changed = await circle.ask("/config timezone Asia/Tokyo scope:server")
    assert "timezone was Europe/Berlin, and is Asia/Tokyo now for every channel" in said(changed)
    assert "This channel has chosen Europe/Paris, and keeps it." in said(changed)
    await circle.press(changed, "Undo")
    assert await shown(circle, "timezone", circle.beside) == "timezone: Europe/Berlin (chosen for the server)"
    back = said(await circle.ask("/config timezone default scope:server"))
    assert "timezone was Europe/Berlin, and is UTC now for every channel" in back
    assert await shown(circle, "timezone") == "timezone: Europe/Paris (chosen here)"


async def test_what_changes_nothing_says_so_and_is_not_undone(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    again = await circle.ask("/config timezone Europe/Paris")
    assert "as before" in said(again)
    assert again.title == "timezone"
    assert "Undo" not in {action.label for action in again.actions}
    assert len(said(await circle.ask("/config log")).splitlines()) == 1


async def test_a_choice_of_what_holds_anyway_says_who_chose_it(circle: Circle) -> None:
    changed = await circle.ask("/config threads on")
    assert "threads is on, as before; that is chosen here now." in said(changed)
    assert "that is the default now" in said(await circle.press(changed, "Undo"))


async def test_a_setting_without_a_value_is_explained(circle: Circle) -> None:
    for setting in SETTINGS:
        text = said(await circle.ask(f"/config {setting.name}"))
        assert setting.about in text
        assert setting.values in text


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("/config timezone paris", "Did you mean Europe/Paris"),
        ("/config timezone Europe/Atlantis", "is not the name of a time zone"),
        ("/config timezone UTC scope:everywhere", "scope is here or server"),
        ("/config threads perhaps", "threads is on or off, not “perhaps”"),
        ("/config length page", "length is sentence or passage or paragraph"),
        ("/config private maybe", "private is on or off"),
        ("/config off discus", "Did you mean discuss"),
        ("/config off config", "“config” cannot be switched off. These can: quote"),
        ("/config off privacy", "cannot be switched off"),
        ("/config grace 49", "from 0 to 48"),
        ("/config grace -1", "from 0 to 48"),
        ("/config grace ٣", "from 0 to 48"),
        ("/config afterwards perhaps", "afterwards is again or stop"),
        ("/config reading capital", "Choose one by its slug: price-serge"),
        ("/config channel #general", "there is one place"),
        ("/config moderators @everyone", "there is one place"),
        ("/config prefix !", "Only on Matrix"),
        ("/config log page:2", "There is only page 1"),
        ("/config timezon Europe/Paris", "Did you mean /config timezone"),
        ("/config frobnicate", "/help config lists them all"),
        ("/config", "needs one more word"),
    ],
)
async def test_what_cannot_be_is_refused_with_what_can(circle: Circle, line: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        await circle.ask(line)
    assert "Nothing was changed" in said(await circle.ask("/config log"))


async def test_a_circle_without_a_server_has_no_servers_settings(circle: Circle) -> None:
    with pytest.raises(UserError, match="belongs to no server"):
        await circle.ask("/config timezone Europe/Paris scope:server", circle.elsewhere)


async def test_what_was_written_can_be_undone_in_the_terminal_too(circle: Circle) -> None:
    await circle.ask("/config notices here")
    changed = await circle.ask("/config notices none")
    await circle.press(changed, "Undo")
    assert await shown(circle, "notices") == "notices: the terminal (chosen here)"


async def test_who_is_a_moderator_is_not_for_moderators_by_role_to_say(places: Circle) -> None:
    by_role = replace(places.moderator, by_role=True)
    await places.ask("/config moderators @hosts")
    for line in (
        "/config moderators @friends",
        "/config moderators default",
        '/config import {moderators = "@friends"} apply:yes',
        "/config import {} apply:yes",
        '/config import {timezone = "UTC"} apply:yes',
    ):
        with pytest.raises(Refused, match="Manage Server"):
            await places.ask(line, by_role)
    assert await shown(places, "moderators") == "moderators: @hosts (chosen here)"
    await places.ask('/config import {moderators = "@hosts", timezone = "Europe/Paris"} apply:yes', by_role)
    assert await shown(places, "timezone") == "timezone: Europe/Paris (chosen here)"


async def test_members_use_no_moderators_command_and_change_nothing(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    before = await everything(circle)
    for command in circle.app.commands.all:
        if command.for_moderators:
            words = " ".join("1" for argument in command.arguments if argument.required)
            with pytest.raises(Refused, match="Only moderators"):
                await circle.ask(f"/{command.name} {words}", circle.member)
    assert await everything(circle) == before


async def everything(circle: Circle) -> list[object]:
    """Return all that is stored about the circle and its server."""
    return [await circle.app.groups.everything(scope) for scope in ("terminal:a", SERVER)]


async def test_a_command_that_is_switched_off_is_refused_to_all_and_no_other_is(circle: Circle) -> None:
    changed = await circle.ask("/config off quote")
    assert "Nobody can use /quote here; schedules go on." in said(changed)
    for caller in (circle.member, circle.moderator):
        with pytest.raises(Refused, match="/quote is switched off here"):
            await circle.ask("/quote Cheka", caller)
        assert (await circle.ask("/search Cheka", caller)).quotations
    assert (await circle.ask("/quote Cheka", circle.beside)).quotations
    await circle.press(changed, "Undo")
    assert (await circle.ask("/quote Cheka", circle.member)).quotations


async def test_private_makes_readers_answers_private(circle: Circle) -> None:
    lines = ("/quote Cheka", "/discuss", "/contents", "/help", "/glossary Cheka")
    assert not any([(await circle.ask(line, circle.member)).private for line in lines])
    await circle.ask("/config private on")
    assert all([(await circle.ask(line, circle.member)).private for line in lines])
    assert not any([(await circle.ask(line, circle.beside)).private for line in lines])


async def test_what_moderators_ask_is_answered_privately(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    lines = [
        *(f"/config {name}" for name in ("show", "timezone Europe/Paris", "log", "export", "import {}", "check")),
        *(f"/schedule {name}" for name in ("list", "preview", "history", "skip", "move 1 20:00", "run", "pause")),
        *(f"/schedule {name}" for name in ("resume 1", "remove 1")),
        *(f"/prompts {name}" for name in ("list", "add Who rebelled at Kronstadt, and why?", "disable +1")),
        *("/prompts enable +1", "/privacy show", "/privacy export", "/privacy delete", "/privacy delete group"),
    ]
    assert [line for line in lines if not (await circle.ask(line)).private] == []


WORDS = ["Cheka", "Kronstadt", "Trotsky Stalin", "anarchism power", "naval base", "self-inflicted death", "Serge"]


@pytest.mark.parametrize("length", ["sentence", "passage", "paragraph"])
async def test_as_much_is_quoted_as_was_chosen_and_stands_at_its_address(circle: Circle, length: str) -> None:
    await circle.ask(f"/config length {length}")
    for words in WORDS:
        (quotation,) = (await circle.ask(f"/quote {words}", circle.member)).quotations
        place = quotation.address.place
        paragraph = await circle.app.library.paragraph("price-serge", place.paragraph)
        start, end = paragraph.spans[place.first - 1][0], paragraph.spans[place.last - 1][1]
        assert quotation.text == paragraph.text[start:end]
        longest = {"sentence": 1, "passage": 3, "paragraph": len(paragraph.spans)}[length]
        assert place.last - place.first < longest
        if length == "paragraph":
            assert place == Place(place.paragraph, 1, len(paragraph.spans))
        assert any(word.casefold() in quotation.text.casefold() for word in words.split())


def other_reading(folder: Path) -> Path:
    """Write a small reading, and return the folder it is in."""
    looms = folder / "looms"
    looms.mkdir(parents=True)
    (looms / "source.txt").write_text("We stopped the looms on Monday.\n\nNobody crossed the gate.\n", "utf-8")
    (looms / "reading.toml").write_text('title = "Looms"\nauthor = "A Weaver"\nlanguage = "en"\n', "utf-8")
    return folder


async def test_a_reading_that_is_gone_does_not_silence_the_circle(tmp_path: Path) -> None:
    shelf = other_reading(tmp_path / "shelf")
    state = tmp_path / "state"
    async with AsyncExitStack() as stack:
        circle = await opened(stack, state, Clock(), [SHIPPED_DATA, shelf])
        changed = await circle.ask("/config reading looms")
        assert "reading was the first of the library, and is looms now." in said(changed)
        (quotation,) = (await circle.ask("/quote looms", circle.member)).quotations
        assert quotation.address.reading == "looms"
    async with AsyncExitStack() as stack:
        circle = await opened(stack, state, Clock())
        (quotation,) = (await circle.ask("/quote Cheka", circle.member)).quotations
        assert quotation.address.reading == "price-serge"
        shown = said(await circle.ask("/config show"))
        instead = "Victor Serge and the Russian Revolution is read in its place. To choose another: /config reading"
        assert f"The reading looms is no longer in the library: {instead}" in shown
        assert (await circle.ask("/schedule add prompt thursdays 19:00")).title == "Schedule 1 is set"


async def test_the_check_names_what_is_missing(circle: Circle, tmp_path: Path) -> None:
    assert "All is well in the terminal." in said(await circle.ask("/config check"))
    circle.app.places.add(Room(tmp_path / "nowhere"))
    checked = said(await circle.ask("/config check"))
    assert "1 of these is missing in the terminal." in checked
    assert "✗ missing: " in checked
    assert "Until this is put right, nothing can be posted there" in said(await circle.ask("/config show"))
    assert "Until this is put right" in said(await circle.ask("/config channel here"))
    with pytest.raises(Refused, match="cannot be written"):
        await circle.ask("/schedule add prompt thursdays 19:00")


async def test_the_log_is_turned_by_pages_of_twenty(circle: Circle) -> None:
    for number in range(21):
        await circle.ask(f"/config grace {number % 2 + 1}")
    first = await circle.ask("/config log")
    assert len(said(first).splitlines()) == 20
    last = await circle.press(first, "Earlier")
    assert said(last) == "Friday 1 May 2026 00:30: grace: default → 1 h, by member terminal:mo"
    assert await circle.press(last, "Later") == first


async def test_the_log_names_the_time_in_the_circles_zone(circle: Circle) -> None:
    await circle.ask("/config timezone Asia/Tokyo")
    assert said(await circle.ask("/config log")).startswith("Friday 1 May 2026 09:30: timezone: default → Asia/Tokyo")


CONSEQUENCES = [
    ("/config grace 1", "made up to 1 hour late"),
    ("/config grace 2", "made up to 2 hours late"),
    ("/config grace 0", "missed by more than a few minutes is left out"),
    ("/config off none", "All commands can be used here."),
    ("/config afterwards stop", "say so and stop"),
    ("/config afterwards again", "say so and begin again"),
    ("/config threads off", "get no threads"),
    ("/config private on", "Only those who ask see their answers."),
    ("/config length paragraph", "one paragraph at a time"),
    ("/config notices none", "told in /schedule list"),
    ("/config mention none", "mention nobody"),
    ("/config moderators none", "and nobody else"),
    ("/config timezone Europe/Paris", "Next prompt: Thursday 7 May 2026 19:00, Europe/Paris."),
    ("/config channel here", "Next prompt: Thursday 7 May 2026 19:00, UTC."),
]


@pytest.mark.parametrize(("line", "consequence"), CONSEQUENCES)
async def test_every_change_says_what_it_brings_about(circle: Circle, line: str, consequence: str) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    assert consequence in said(await circle.ask(line))


async def test_the_next_time_that_is_told_is_the_one_a_moderator_moved(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask("/schedule move 1 2026-05-05 18:00")
    assert "Next prompt: Tuesday 5 May 2026 18:00, UTC." in said(await circle.ask("/config channel here"))
    await circle.ask("/schedule pause 1")
    assert "No schedule of this circle posts at present" in said(await circle.ask("/config channel default"))


async def test_a_quotation_of_a_chosen_length_is_cited_by_its_own_address(circle: Circle) -> None:
    await circle.ask("/config length sentence")
    reply = await circle.ask("/quote Trotsky Stalin", circle.member)
    (quotation,) = [piece.quotation for piece in reply.pieces if isinstance(piece, Quote)]
    assert f"cite {quotation.address.place}" in {action.line for action in reply.actions}
