"""Others can always begin to write to us: keys are kept before they are told, refilled when they run out, and good."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import vodozemac

from bot.platforms.matrix.homeserver import Json
from tests.platforms.matrix.encrypted import Party, partying
from tests.platforms.matrix.ours import Killed, Ours, killed_at
from tests.platforms.matrix.raw import Raw
from tests.platforms.matrix.synapse import Synapse

ROOM = "!room:circle.test"
FULL = 50


@pytest.fixture
async def party(homeserver: Synapse, tmp_path: Path) -> AsyncIterator[Party]:
    async with partying(homeserver, tmp_path) as begun:
        yield begun


async def count(ours: Ours) -> int:
    """Ask how many one-time keys the server has."""
    answer = await ours.home.ask("POST", "v3/keys/upload", {})
    number: int = answer["one_time_key_counts"]["signed_curve25519"]
    return number


async def drain(mallory: Raw, ours: Ours) -> list[Json]:
    """Claim every one-time key of ours; returns them and the fallback key, which comes when there are no others."""
    claimed = []
    for _ in range(2 * FULL):
        key = await mallory.claim(ours)
        assert key is not None
        claimed.append(key)
        if "fallback" in next(iter(key.values())):
            return claimed
    raise AssertionError("there is no end of keys")


async def check_readable(sender: Raw, ours: Ours) -> None:
    """Check that a room key comes through that begins a new Olm session."""
    session = vodozemac.GroupSession()
    await sender.begin(ours)
    await sender.give_key(ours, sender.room_key(ROOM, session))
    await ours.until(lambda: (ROOM, session.session_id) in ours.encryption.newly_readable())


async def test_a_drained_pool_is_refilled(party: Party) -> None:
    clock = [0.0]
    bot = await party.ours(monotonic=lambda: clock[0])
    assert await count(bot) == FULL
    drained = await drain(await party.raw(), bot)
    assert len(drained) == FULL + 1
    assert await count(bot) == 0
    clock[0] += 3600
    await bot.sync()
    assert bot.answer["device_one_time_keys_count"]["signed_curve25519"] == 0
    assert bot.answer["device_unused_fallback_key_types"] == []
    assert await count(bot) == FULL
    again = await drain(await party.raw(), bot)
    assert len({key["key"] for claimed in (*drained, *again) for key in claimed.values()}) == 2 * (FULL + 1)


@pytest.mark.parametrize("counts", [{}, {"signed_curve25519": 0}, {"curve25519": 50}, {"signed_curve25519": "x"}])
async def test_a_count_of_nothing_is_honoured(party: Party, counts: Json) -> None:
    bot = await party.ours()
    await drain(await party.raw(), bot)
    bot.encryption.receive([], None, None, [], [])
    await bot.encryption.keep_up()
    assert await count(bot) == 0, "what a sync does not say is not known"
    bot.encryption.receive([], counts, None, [], [])
    await bot.encryption.keep_up()
    assert await count(bot) == FULL


async def test_a_pool_that_is_more_than_half_full_is_left_alone(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    for _ in range(20):
        await mallory.claim(bot)
    await bot.sync()
    assert await count(bot) == 30
    for _ in range(5):
        await mallory.claim(bot)
    await bot.sync()
    assert await count(bot) == FULL


async def test_the_last_resort_can_be_read_too_and_is_replaced(party: Party) -> None:
    clock = [0.0]
    bot = await party.ours(monotonic=lambda: clock[0])
    drained = await drain(await party.raw(), bot)
    first, second, third = [await party.raw(f"reader{number}") for number in range(3)]
    bot.home.lost = ("v3/keys/upload",)
    await check_readable(first, bot)
    await second.begin(bot)
    bot.home.lost = ()
    clock[0] += 3600
    await bot.sync()
    session = vodozemac.GroupSession()
    await second.give_key(bot, second.room_key(ROOM, session))
    # What was encrypted with the fallback key before it was replaced still arrives.
    await bot.until(lambda: (ROOM, session.session_id) in bot.encryption.newly_readable())
    again = await drain(third, bot)
    assert again[-1] != drained[-1]


async def test_the_last_resort_is_not_replaced_so_fast_that_messages_are_lost(party: Party) -> None:
    clock = [0.0]
    bot = await party.ours(monotonic=lambda: clock[0])
    await drain(await party.raw(), bot)
    reader = await party.raw("reader")
    await reader.begin(bot)
    # A sync that was on its way while we uploaded says once more that there is none.
    for _ in range(4):
        clock[0] += 100
        bot.encryption.receive([], None, [], [], [])
        await bot.encryption.keep_up()
    session = vodozemac.GroupSession()
    await reader.give_key(bot, reader.room_key(ROOM, session))
    await bot.until(lambda: (ROOM, session.session_id) in bot.encryption.newly_readable())


@pytest.mark.parametrize("step", ["keys kept", "keys uploaded"])
async def test_keys_are_kept_before_anybody_hears_of_them(party: Party, step: str) -> None:
    with pytest.raises(Killed):
        await party.ours(step=killed_at(step))
    bot = await party.ours()
    assert await count(bot) == FULL
    await check_readable(await party.raw(), bot)


async def test_keys_whose_upload_was_not_answered_are_good(party: Party) -> None:
    bot = await party.ours()
    await drain(await party.raw(), bot)
    bot.home.unanswered = ("v3/keys/upload",)
    await bot.sync()
    await check_readable(await party.raw(), bot)
    bot.home.unanswered = ()
    await bot.sync()
    assert await count(bot) >= FULL - 1
    await check_readable(await party.raw(), bot)


async def test_keys_that_the_server_has_otherwise_are_given_up(party: Party) -> None:
    bot = await party.ours()
    # As after a copy of the store was put back: other keys under ids that the server knows already.
    publishing = bot.encryption.publishing
    signed = publishing.signed({"key": "A" * 43})
    taken = {f"signed_curve25519:{name}": signed for name in next_names(bot)}
    await bot.home.ask("POST", "v3/keys/upload", {"one_time_keys": taken})
    bot.encryption.receive([], {"signed_curve25519": 0}, None, [], [])
    await bot.encryption.keep_up()
    assert await count(bot) == FULL + len(taken), "the server took some under the same ids"
    await bot.encryption.keep_up()
    assert await count(bot) == 2 * FULL + len(taken)
    mallory = await party.raw()
    for _ in range(FULL + len(taken)):
        await mallory.claim(bot)
    await check_readable(await party.raw(), bot)


def next_names(bot: Ours) -> list[str]:
    """Return ids of some of the next keys that the account will make."""
    account = vodozemac.Account()
    account.generate_one_time_keys(FULL)
    account.mark_keys_as_published()
    account.generate_one_time_keys(FULL)
    return list(account.one_time_keys)[:5]


async def test_a_start_with_everything_published_asks_nothing(party: Party) -> None:
    await party.ours()
    again = await party.ours()
    assert again.home.asked == []


async def test_keeping_up_survives_a_network_that_is_down(party: Party) -> None:
    bot = await party.ours()
    mallory = await party.raw()
    await drain(mallory, bot)
    bot.home.lost = ("v3/keys",)
    await bot.sync()
    before = len(bot.home.asked)
    await bot.encryption.keep_up()
    assert len(bot.home.asked) == before + 1, "what fails is not tried again and again"
    bot.home.lost = ()
    await bot.encryption.keep_up()
    assert await count(bot) == FULL
