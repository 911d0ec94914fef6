"""What the chat offers to go on with."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from bot.app import open_app
from bot.library.study import PROMPT_KINDS
from bot.platforms.terminal.ask import local_caller
from bot.platforms.terminal.completion import CommandCompleter, choices, listed
from bot.settings import SHIPPED_DATA, Settings
from tests.examples import examples
from tests.platforms.terminal.hostile import TEXTS

Offered = Callable[[str], list[str]]


@pytest.fixture
async def completer(state: Path) -> AsyncIterator[CommandCompleter]:
    async with open_app(Settings(state, (SHIPPED_DATA,))) as app:
        yield CommandCompleter(app.commands, await choices(app, local_caller(is_moderator=True)))


@pytest.fixture
def offered(completer: CommandCompleter) -> Offered:
    """Return the lines that a line can become."""

    def lines(typed: str) -> list[str]:
        completions = completer.get_completions(Document(typed), CompleteEvent())
        return [typed[: len(typed) + each.start_position] + each.text for each in completions]

    return lines


def test_commands_are_offered_with_either_prefix_or_none(offered: Offered) -> None:
    assert offered("/qu") == ["/quote"]
    assert offered("!qu") == ["!quote"]
    assert offered("qu") == ["quote"]
    assert "/privacy delete" in offered("/priv")
    assert offered("/privacy d") == ["/privacy delete"]
    assert offered("") == []


def test_the_menu_shows_usage_and_counts(completer: CommandCompleter) -> None:
    (quote,) = completer.get_completions(Document("/quo"), CompleteEvent())
    assert quote.display_text == "/quote [words] [section:] [after:]"
    assert "word for word" in quote.display_meta_text
    (cheka, *_) = completer.get_completions(Document("/search che"), CompleteEvent())
    assert (cheka.text, cheka.display_text) == ("Cheka", "Cheka  3×")


def test_terms_of_several_words_and_accents_are_found(offered: Offered) -> None:
    assert "/quote Left Opposition" in offered("/quote left opp")
    assert any(line.endswith("émigrés") for line in offered("/search russian emigr"))
    assert "/glossary Left Opposition" in offered("/glossary Left O")


def test_sections_are_offered_by_number_and_by_heading(offered: Offered) -> None:
    assert offered("/summary ") == [f"/summary {number}" for number in range(1, 6)]
    assert "/read 3" in offered("/read auth")
    assert offered("/quote Cheka section:") == [f"/quote Cheka section:{number}" for number in range(1, 6)]
    assert offered("/quote Cheka section:crit") == ["/quote Cheka section:2"]


def test_names_and_values_of_arguments_are_offered_once(offered: Offered) -> None:
    assert offered("/discuss Kronstadt k")[0] == "/discuss Kronstadt kind:"
    assert offered("/discuss kind:") == [f"/discuss kind:{kind}" for kind in PROMPT_KINDS]
    assert "/discuss kind:factual kind:" not in offered("/discuss kind:factual ")
    assert offered("/cite 7.2 style:bib") == ["/cite 7.2 style:bibtex"]
    assert offered("/privacy delete g") == ["/privacy delete group"]


def test_a_description_that_is_a_list_says_what_can_be_chosen() -> None:
    assert listed("me, or group.") == ["me", "group"]
    assert listed("one, two-three or four.") == ["one", "two-three", "four"]
    assert listed("What it should be about: words, or a place such as ¶7.") == []


@examples(100, HealthCheck.function_scoped_fixture)
@given(typed=TEXTS)
def test_anything_may_be_typed(offered: Offered, typed: str) -> None:
    offered(typed)
    offered(f"/quote {typed}")
    offered(f"/discuss {typed}:")
