"""A member who floods is told so; nobody else is slowed."""

from bot.platforms.discord.flood import MOST, SECONDS, TOO_MANY, Flood
from tests.platforms.discord.circle import Circle, text


async def test_the_eleventh_command_in_half_a_minute_is_refused_privately(circle: Circle) -> None:
    message = await circle.ask("contents")
    for _ in range(MOST - 1):
        assert text(await circle.ask("contents")) != TOO_MANY
    told = await circle.ask("contents")
    assert told.ephemeral
    assert text(told) == TOO_MANY
    assert text(await circle.press(message, "Read 1")) == TOO_MANY
    assert text(await circle.ask("contents", by=circle.boris)) != TOO_MANY
    circle.seconds += SECONDS
    assert text(await circle.ask("contents")) != TOO_MANY


async def test_what_is_offered_while_typing_is_not_counted(circle: Circle) -> None:
    for _ in range(MOST * 2):
        assert await circle.anna.autocomplete(circle.channel, "quote", "words", "ch")
    assert text(await circle.ask("contents")) != TOO_MANY


def test_time_passes_for_each_member_alone() -> None:
    now = 0.0
    flood = Flood(lambda: now)
    assert all(flood.allows(1) for _ in range(MOST))
    assert not flood.allows(1)
    assert flood.allows(2)
    now = SECONDS
    assert flood.allows(1)


def test_those_who_went_are_forgotten() -> None:
    now = 0.0
    flood = Flood(lambda: now)
    for member in range(10_000):
        flood.allows(member)
    now = SECONDS + 1
    flood.allows(10_001)
    assert len(flood._asked) == 1
