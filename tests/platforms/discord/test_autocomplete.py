"""What is offered while an option is typed."""

from time import process_time
from typing import Any

import pytest

from bot import dividing
from bot.platforms.discord import limits
from bot.platforms.discord.autocomplete import choices
from bot.platforms.discord.vocabulary import Known
from tests.platforms.discord.circle import Circle, text


async def offered(circle: Circle, name: str, option: str, typed: str) -> dict[str, str]:
    """Return what is offered: values by what is shown."""
    found = await circle.anna.autocomplete(circle.channel, name, option, typed)
    assert len(found) <= limits.CHOICES
    assert all(limits.length(each["name"]) <= limits.CHOICE for each in found)
    assert all(limits.length(each["value"]) <= limits.CHOICE for each in found)
    return {each["name"]: each["value"] for each in found}


@pytest.mark.parametrize(
    ("name", "option", "typed", "shown", "value"),
    [
        ("quote", "words", "che", "Cheka · 3", "Cheka"),
        ("quote", "words", "EMIG", "émigrés · ", "émigrés"),
        ("quote", "words", "lesser  evi", "lesser evils · 2", "lesser evils"),
        ("search", "words", "kron", "Kronstadt", "Kronstadt"),
        ("discuss", "about", "che", "Cheka · 3", "Cheka"),
        ("quote", "section", "crit", "2. Criticisms of the Bolsheviks · ¶ 7–10", "2"),
        ("summary", "section", "2", "2. Criticisms of the Bolsheviks · ¶ 7–10", "2"),
        ("read", "place", "bolsh", "2. Criticisms of the Bolsheviks · ¶ 7–10", "2"),
        ("cite", "place", "", "1. Introduction · ¶ 1–6", "1"),
        ("glossary", "term", "extraordinary comm", "Cheka · organisation", "Cheka"),
        ("glossary", "term", "time", "timeline", "timeline"),
        ("discuss", "kind", "eva", "evaluative", "evaluative"),
        ("cite", "style", "bib", "bibtex", "bibtex"),
        ("help", "command", "priv", "privacy show", "privacy show"),
        ("privacy delete", "what", "", "me", "me"),
    ],
)
async def test_what_is_known_is_offered(
    circle: Circle, name: str, option: str, typed: str, shown: str, value: str
) -> None:
    found = await offered(circle, name, option, typed)
    matching = {key: each for key, each in found.items() if key.startswith(shown)}
    assert value in matching.values(), found


async def test_every_value_that_is_offered_is_understood(circle: Circle) -> None:
    for name, option in (("summary", "section"), ("cite", "style"), ("discuss", "kind"), ("help", "command")):
        for value in (await offered(circle, name, option, "")).values():
            circle.seconds += 60
            given: dict[str, Any] = {option: value}
            message = await circle.ask(name, **given)
            assert not message.ephemeral, text(message)


async def test_values_are_checked_again(circle: Circle) -> None:
    assert "There is no section" in text(await circle.ask("summary", section="99"))
    assert "There is no kind" in text(await circle.ask("discuss", kind="nonsense"))


@pytest.mark.parametrize("typed", ["", " ", "%", "\x00", "'", '"', "🙂", "\ud800", "x" * 6000, "שלום", "*" * 100])
async def test_anything_can_be_typed(circle: Circle, typed: str) -> None:
    for name, option in (("quote", "words"), ("quote", "section"), ("glossary", "term"), ("cite", "style")):
        await offered(circle, name, option, typed)


async def test_it_takes_less_than_50_ms(circle: Circle) -> None:
    await offered(circle, "quote", "words", "a")
    before = process_time()
    for typed in ("", "a", "re", "revolution", "lesser evi"):
        await offered(circle, "quote", "words", typed)
    assert (process_time() - before) / 5 < 0.05


def test_what_is_too_long_to_be_sent_back_is_not_offered() -> None:
    known = [Known("x" * 101, ("x",), "x"), Known("y" * 100, ("y",), "y" * 101)]
    assert [each.value for each in choices(known, "")] == ["y" * 100]
    assert choices(known, "")[0].name == dividing.ELLIPSIS
    assert choices([Known("abc", ("abc",), "abc")], "abc", "word " * 30) == []


@pytest.mark.goes_wrong
async def test_a_bug_offers_nothing(circle: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circle.bot, "vocabularies", None)
    assert await offered(circle, "quote", "words", "x") == {}
