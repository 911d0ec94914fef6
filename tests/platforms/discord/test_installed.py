"""For members who installed the bot for themselves: one message, wherever they are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from bot.platforms.discord.threads import NOT_A_MEMBER
from tests.platforms.discord.circle import Circle, answer, buttons, text

BETWEEN_TWO_OTHERS = {"context": 2, "channel": {"id": "77", "type": 1}, "channel_id": "77"}
IN_A_GROUP = {"context": 2, "channel": {"id": "77", "type": 3}, "channel_id": "77"}
IN_A_STRANGE_SERVER = {
    "context": 0,
    "guild_id": "88",
    "guild": {"id": "88", "locale": "en-US", "features": []},
    "channel": {"id": "77", "type": 0, "name": "elsewhere", "guild_id": "88", "position": 0, "permissions": "0"},
    "channel_id": "77",
}


PLACES = (BETWEEN_TWO_OTHERS, IN_A_GROUP, IN_A_STRANGE_SERVER)


@contextmanager
def elsewhere(circle: Circle, place: dict[str, Any]) -> Iterator[None]:
    """Let what a member does in a direct message happen in a place where the bot is not a member."""
    backend = circle.env.backend
    emit = backend.emit

    def moved(event: str, payload: Mapping[str, Any]) -> None:
        if event == "INTERACTION_CREATE":
            changed = {**payload, **place, "authorizing_integration_owners": {"1": payload["user"]["id"]}}
            if "guild_id" in place:
                user = changed.pop("user")
                joined = {
                    "roles": [],
                    "joined_at": "2026-01-01T00:00:00+00:00",
                    "deaf": False,
                    "mute": False,
                    "flags": 0,
                }
                changed["member"] = {"user": user, "permissions": str(1 << 11 | 1 << 10), **joined}
            payload = changed
        emit(event, payload)

    with patch.object(backend, "emit", moved):
        yield


@pytest.mark.parametrize("place", PLACES, ids=["two", "group", "server"])
@pytest.mark.parametrize("name", ["quote", "search", "discuss", "read"])
async def test_one_message_answers(circle: Circle, place: dict[str, Any], name: str) -> None:
    options = {"words": "Serge"} if name in ("quote", "search") else {}
    with elsewhere(circle, place):
        result = await circle.anna.user.slash(name, **options)
    assert text(answer(result))
    assert len([each for each in circle.env.http_requests if "/callback" in each.path]) == 1


@pytest.mark.parametrize("place", PLACES, ids=["two", "group", "server"])
async def test_each_place_is_a_circle_of_its_own_without_moderators(circle: Circle, place: dict[str, Any]) -> None:
    with elsewhere(circle, place):
        assert "Only moderators" in text(answer(await circle.anna.user.slash("privacy delete", what="group")))
        await circle.anna.user.slash("discuss")
    assert "given" in await circle.app.groups.everything("discord:77")


async def test_no_thread_is_offered_or_opened_where_the_bot_is_no_member(circle: Circle) -> None:
    with elsewhere(circle, IN_A_STRANGE_SERVER):
        assert "Start a thread" not in buttons(answer(await circle.anna.user.slash("discuss")))
    message = await circle.ask("discuss")
    direct = answer(await circle.anna.user.slash("discuss"))
    direct._message.components = message.components
    with elsewhere(circle, IN_A_STRANGE_SERVER):
        assert text(answer(await circle.anna.user.click(direct, label="Start a thread"))) == NOT_A_MEMBER
