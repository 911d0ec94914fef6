"""Posts in every kind of channel, and the threads that are opened about them or that they go to."""

from dataclasses import replace

import pytest

from bot.platforms.discord import limits
from bot.posting import Target
from tests.platforms.discord.circle import Circle, buttons
from tests.platforms.discord.places import KEY, LONG_AGO, about, made_thread, platform, post, refusal, sent, target


@pytest.mark.parametrize("kind", ["voice", "stage", "news"])
async def test_posts_go_to_every_kind_of_channel_with_a_chat(circle: Circle, kind: str) -> None:
    channel = getattr(circle.guild, f"create_{kind}_channel")("lounge")
    here = target(circle, channel)
    receipt = await platform(circle).post(here, post(), KEY)
    assert len(channel.history()) == 1
    assert await platform(circle).find(here, KEY, LONG_AGO) == receipt
    thread = await platform(circle).open_thread(here, receipt, about("Why?"))
    assert thread == (receipt.message if kind == "news" else "")
    assert await platform(circle).missing(here) == []


async def test_posts_go_to_a_direct_message(circle: Circle) -> None:
    channel = circle.anna.user.dm_channel
    here = Target(f"discord:{channel.id}", "", str(channel.id))
    receipt = await platform(circle).post(here, post(), KEY)
    assert receipt.link == f"https://discord.com/channels/@me/{channel.id}/{receipt.message}"
    (message,) = channel.history()
    assert "Start a thread" not in buttons(message)
    assert await platform(circle).find(here, KEY, LONG_AGO) == receipt
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == ""
    assert await platform(circle).missing(here) == []
    assert await platform(circle).report(here) == [("post here", True)]


async def test_a_category_takes_no_posts(circle: Circle) -> None:
    here = target(circle, circle.guild.create_category("texts"))
    error = await refusal(platform(circle).post(here, post(), KEY))
    assert error.is_certain
    assert str(error) == "#texts takes no posts. Choose a text channel, a forum or a thread with /config channel"
    assert await platform(circle).missing(here) == [f"{error}."]


async def test_the_thread_of_a_post_is_opened_once(circle: Circle) -> None:
    here = target(circle)
    receipt = await platform(circle).post(here, post(), KEY)
    thread = await platform(circle).open_thread(here, receipt, about("Why\nso? " * 40))
    (opened,) = circle.threads()
    assert thread == str(opened.id) == receipt.message
    assert limits.length(opened.name or "") <= limits.THREAD_NAME
    assert (opened.name or "").startswith("Why so? Why so?")
    circle.env.inject_error("POST", "/channels/*/messages/*/threads", status=400, code=160004)
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == thread
    requests = len(circle.env.http_requests)
    assert await platform(circle).open_thread(here, replace(receipt, thread=thread), about("Why?")) == thread
    assert await platform(circle).open_thread(here, receipt, about("")) == ""
    assert len(circle.env.http_requests) == requests


async def test_a_post_that_was_deleted_gets_no_thread(circle: Circle) -> None:
    receipt = await platform(circle).post(target(circle), post(), KEY)
    circle.env.backend.delete_message(circle.channel.id, int(receipt.message))
    assert await platform(circle).open_thread(target(circle), receipt, about("Why?")) == ""


async def test_in_a_thread_posts_get_no_further_thread(circle: Circle) -> None:
    here = target(circle, await made_thread(circle))
    receipt = await platform(circle).post(here, post(), KEY)
    assert await platform(circle).open_thread(here, receipt, about("Why?")) == here.channel
    assert await platform(circle).find(here, KEY, LONG_AGO) == receipt
    assert await platform(circle).missing(here) == []


async def test_an_archived_thread_is_opened_again(circle: Circle) -> None:
    thread = await made_thread(circle)
    circle.env.backend.edit_channel(thread.id, {}, thread_metadata={"archived": True})
    await circle.env.settle()
    here = target(circle, thread)
    assert await platform(circle).missing(here) == []
    assert (await platform(circle).post(here, post(), KEY)).message
    assert sent(circle, "PATCH", f"/channels/{thread.id}") == [{"archived": False}]
    assert not circle.env.backend.get_channel(thread.id).thread_metadata.archived  # type: ignore[union-attr]


@pytest.mark.parametrize("archived", [True, False])
async def test_a_locked_thread_is_said(circle: Circle, archived: bool) -> None:
    thread = await made_thread(circle)
    circle.env.backend.edit_channel(thread.id, {}, thread_metadata={"locked": True, "archived": archived})
    await circle.env.settle()
    error = await refusal(platform(circle).post(target(circle, thread), post(), KEY))
    assert error.is_certain
    assert str(error) == ("The thread #Meeting is locked; unlock it, or choose another place with /config channel")
    assert await platform(circle).missing(target(circle, thread)) == [f"{error}."]
    assert len(thread.history()) == 0
