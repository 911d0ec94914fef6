"""What Discord refuses or loses: each refusal says what moderators can do, and whether anything was posted."""

import pytest

from bot.platforms.discord.refusals import (
    ARCHIVED,
    AUTO_MODERATION,
    GONE,
    MISTAKE,
    NO_DIRECT_MESSAGES,
    NO_TOKEN,
    REMOVED,
    TOO_MANY_THREADS,
)
from bot.platforms.discord.rest import BUSY, UNWELL
from tests.platforms.discord.circle import Circle
from tests.platforms.discord.places import KEY, LONG_AGO, about, denied, forum, platform, post, refusal, target

PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
    "send_messages_in_threads": "Send Messages in Threads",
}


@pytest.mark.parametrize("name", PERMISSIONS)
async def test_a_missing_permission_is_named_with_its_channel(circle: Circle, name: str) -> None:
    assert await platform(circle).missing(target(circle)) == []
    await denied(circle, circle.channel, name)
    (said,) = await platform(circle).missing(target(circle))
    assert said.startswith(f"Kruzhok needs the permission “{PERMISSIONS[name]}” in #circle to ")
    found = dict(await platform(circle).report(target(circle)))
    assert next(called for called, can in found.items() if not can).startswith(f"{PERMISSIONS[name]} in #circle, ")
    assert await platform(circle).missing(target(circle, threads=False)) == ([] if "threads" in name else [said])


@pytest.mark.parametrize("name", ["view_channel", "send_messages"])
async def test_a_permission_that_was_lost_is_named(circle: Circle, name: str) -> None:
    await denied(circle, circle.channel, name)
    circle.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    error = await refusal(platform(circle).post(target(circle, threads=False), post(), KEY))
    assert error.is_certain
    assert f"“{PERMISSIONS[name]}”" in str(error)
    assert str(error).endswith("in #circle; whoever manages the server can give it")
    assert not circle.posted()


async def test_a_thread_that_may_not_be_opened_names_its_permission(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    await denied(circle, circle.channel, "create_public_threads")
    error = await refusal(platform(circle).open_thread(target(circle), receipt, about("Why?")))
    assert error.is_certain
    assert str(error) == (
        "Kruzhok needs the permission “Create Public Threads” in #circle; whoever manages the server can give it"
    )


async def test_a_refusal_that_the_cache_does_not_explain_names_all_that_is_needed(circle: Circle) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=403, code=50013)
    error = await refusal(platform(circle).post(target(circle, threads=False), post(), KEY))
    assert str(error) == (
        "Kruzhok needs the permissions “View Channel”, “Send Messages”, “Read Message History” in #circle, and lacks "
        "at least one of them; whoever manages the server can give it"
    )


async def test_forums_and_voice_have_permissions_of_their_own(circle: Circle) -> None:
    channel = await forum(circle)
    await denied(circle, channel, "send_messages", "send_messages_in_threads")
    said = " ".join(await platform(circle).missing(target(circle, channel)))
    assert "“Create Posts” in #forum" in said
    assert "“Send Messages in Posts” in #forum" in said
    assert "Create Public Threads" not in said
    lounge = circle.guild.create_voice_channel("lounge")
    await denied(circle, lounge, "connect")
    assert any("“Connect” in #lounge" in each for each in await platform(circle).missing(target(circle, lounge)))


async def test_the_report_names_everything_that_is_needed_and_polls(circle: Circle) -> None:
    found = await platform(circle).report(target(circle, role=str(circle.guild.id)))
    names = [called.split(" in #circle")[0] for called, _ in found]
    assert set(names) == {*PERMISSIONS.values(), "Create Polls", "mention @everyone"}
    assert all(can for _, can in found)


async def test_a_channel_that_is_gone_is_said(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    here = target(circle)
    circle.env.backend.delete_channel(circle.channel.id)
    await circle.env.settle()
    for work in (
        platform(circle).post(here, post(), KEY),
        platform(circle).find(here, KEY, LONG_AGO),
        platform(circle).open_thread(here, receipt, about("Why?")),
    ):
        error = await refusal(work)
        assert (str(error), error.is_certain) == (GONE, True)
    assert await platform(circle).missing(here) == [f"The{GONE.removeprefix('the')}."]
    assert await platform(circle).report(here) == [(GONE, False)]
    assert platform(circle).called("channel", here.channel, here.server) == "a channel that is gone"


async def test_a_server_that_the_bot_was_removed_from_is_said(circle: Circle) -> None:
    here = target(circle)
    assert circle.bot.user is not None
    circle.env.backend.emit("GUILD_DELETE", {"id": str(circle.guild.id)})
    await circle.env.settle()
    circle.env.inject_error("GET", "/channels/*", status=403, code=50001, times=None)
    circle.env.inject_error("GET", "/guilds/*", status=404, code=10004, times=None)
    error = await refusal(platform(circle).post(here, post(), KEY))
    assert (str(error), error.is_certain) == (REMOVED, True)
    error = await refusal(platform(circle).find(here, KEY, LONG_AGO))
    assert str(error) == REMOVED
    assert await platform(circle).missing(here) == [f"{REMOVED}."]


async def test_a_server_that_the_gateway_has_not_told_of_yet_is_posted_to_but_not_searched(circle: Circle) -> None:
    here = target(circle)
    circle.env.backend.emit("GUILD_DELETE", {"id": str(circle.guild.id)})
    await circle.env.settle()
    assert (await platform(circle).post(here, post(), KEY)).message
    error = await refusal(platform(circle).find(here, KEY, LONG_AGO))
    assert "not connected to this server" in str(error)
    assert not error.is_certain


async def test_a_channel_of_another_server_is_not_this_ones(circle: Circle) -> None:
    other = circle.env.create_guild("Others").create_text_channel("secret")
    await circle.env.settle()
    error = await refusal(platform(circle).post(target(circle, other), post(), KEY))
    assert (str(error), error.is_certain) == (GONE, True)
    assert not other.history()


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, 50007, NO_DIRECT_MESSAGES),
        (400, 200000, AUTO_MODERATION),
        (400, 160006, TOO_MANY_THREADS),
        (400, 50083, ARCHIVED.format(where="#circle")),
        (
            400,
            40067,
            "#circle demands a tag, and has none that Kruzhok may use. Add one that is not only for moderators",
        ),
        (400, 160005, "The thread #circle is locked; unlock it, or choose another place with /config channel"),
        (401, 0, NO_TOKEN),
        (404, 10003, GONE),
        (429, 0, BUSY),
    ],
)
async def test_what_discord_refuses_was_certainly_not_posted(
    circle: Circle, status: int, code: int, sentence: str
) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=status, code=code)
    error = await refusal(platform(circle).post(target(circle), post(), KEY))
    assert (str(error), error.is_certain) == (sentence, True)
    assert not circle.posted()


@pytest.mark.goes_wrong
async def test_a_message_that_discord_does_not_take_is_a_bug_that_is_logged(
    circle: Circle, caplog: pytest.LogCaptureFixture
) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=400, code=50035, message="Must be 2000 or fewer")
    error = await refusal(platform(circle).post(target(circle), post(), KEY))
    assert (str(error), error.is_certain) == (MISTAKE, True)
    assert "Must be 2000 or fewer" in caplog.text


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_where_discord_fails_it_is_not_certain_that_nothing_was_posted(circle: Circle, status: int) -> None:
    circle.env.inject_error("POST", "/channels/*/messages", status=status)
    error = await refusal(platform(circle).post(target(circle), post(), KEY))
    assert (str(error), error.is_certain) == (UNWELL, False)
