"""What is said before the bot is given the key to it is not passed over in silence, though the key comes later."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.platforms.matrix.answering import CANNOT_READ, PATIENCE
from tests.platforms.matrix.circle import Circle, body, membership, replied_to
from tests.platforms.matrix.ours import Ours, open_ours
from tests.platforms.matrix.plain import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module")
async def anna(circle: Circle, tmp_path: Path) -> AsyncIterator[Ours]:
    """Somebody whose client gives keys to whom a test tells it to."""
    user = await circle.homeserver.register(circle.homeserver.fresh("anna"))
    async with open_ours(circle.homeserver.address, tmp_path / "anna", user.id, user.password) as device:
        yield device


def answers(circle: Circle, anna: Ours) -> dict[str, list[str]]:
    """Return what the bot has answered, by the event that it answers."""
    sent = [event for event in anna.seen if event["sender"] == circle.bot.id and event["type"] == "m.room.encrypted"]
    read = [anna.encryption.decrypt(event["room_id"], event) for event in sent if anna.can_read(event)]
    found: dict[str, list[str]] = {}
    for event in read:
        found.setdefault(replied_to(event), []).append(body(event))
    return found


async def hide(anna: Ours, room: str, line: str) -> str:
    """Type a line and give its key to nobody; returns the event."""
    content: Json = {"msgtype": "m.text", "body": line}
    return await anna.send(room, await anna.encryption.encrypt(room, [anna.user], "m.room.message", content))


async def test_what_a_key_does_not_reach_back_to_is_told_of_once(circle: Circle, anna: Ours) -> None:
    room = await anna.create_room(circle.bot.id)
    await anna.until(lambda: any(membership(event, circle.bot.id) == "join" for event in anna.seen))
    hidden = [await hide(anna, room, "!quote Cheka"), await hide(anna, room, "!quote Lenin")]
    read = await anna.say(room, "!quote Kronstadt")
    await anna.until(lambda: read in answers(circle, anna))
    circle.ahead += PATIENCE + timedelta(seconds=1)
    await anna.until(lambda: bool(answers(circle, anna).keys() & set(hidden)))
    fence = await anna.say(room, "!quote Serge")
    await anna.until(lambda: fence in answers(circle, anna))
    told = answers(circle, anna)
    assert told.keys() == {hidden[0], read, fence}
    assert told[hidden[0]] == [CANNOT_READ]
    assert "Kronstadt" in told[read][0]


@pytest.mark.extended
async def test_what_was_told_of_is_not_told_of_again_when_a_later_key_comes(circle: Circle, anna: Ours) -> None:
    room = await anna.create_room(circle.bot.id)
    await anna.until(lambda: any(membership(event, circle.bot.id) == "join" for event in anna.seen))
    hidden = [await hide(anna, room, "!quote Cheka"), await hide(anna, room, "!quote Lenin")]
    circle.ahead += PATIENCE + timedelta(seconds=1)
    await anna.until(lambda: hidden[0] in answers(circle, anna))
    read = await anna.say(room, "!quote Kronstadt")
    await anna.until(lambda: read in answers(circle, anna))
    circle.ahead += PATIENCE + timedelta(seconds=1)
    await circle.restart()  # which looks for what nobody was told of
    fence = await anna.say(room, "!quote Serge")
    await anna.until(lambda: fence in answers(circle, anna))
    told = answers(circle, anna)
    assert told.keys() == {hidden[0], read, fence}
    assert told[hidden[0]] == [CANNOT_READ]
