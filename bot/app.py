"""Puts the features together: the composition root."""

import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from bot.commands import Commands, command
from bot.features.about import About
from bot.features.citation import Citation
from bot.features.discussion import Discussion
from bot.features.glossary import Glossary
from bot.features.messages import Messages
from bot.features.privacy import Privacy
from bot.features.quotes import Quotes
from bot.features.reader import Reader
from bot.features.readings import Readings
from bot.features.search import Search
from bot.features.summaries import Summaries
from bot.features.verification import Verification
from bot.library.library import Library, open_library
from bot.settings import Settings
from bot.store.button_lines import ButtonLines
from bot.store.given import Given
from bot.store.published import Published
from bot.store.state import open_state


@dataclass(frozen=True, slots=True)
class App:
    """The opened bot, without any chat service."""

    library: Library
    readings: Readings
    commands: Commands
    quotes: Quotes
    search: Search
    reader: Reader
    summaries: Summaries
    discussion: Discussion
    glossary: Glossary
    citation: Citation
    verification: Verification
    about: About
    privacy: Privacy
    messages: Messages
    button_lines: ButtonLines
    published: Published
    now: Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


def _calm_the_collector() -> None:
    """Let garbage collection look seldom, and never again at what is open now.

    An answer from a large library makes tens of thousands of short-lived values. With Python's own thresholds every
    hundredth answer waited 50 ms for a full collection; see the p99 of ``./kruzhok bench library``.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@asynccontextmanager
async def open_app(
    settings: Settings, now: Callable[[], datetime] = _now, random: Random | None = None, connections: int = 1
) -> AsyncIterator[App]:
    """Open the databases and make the features; everything is closed at the end.

    Args:
        now: The clock; its times are aware.
        connections: How many questions the library answers at once.

    Raises:
        DataError: There is no reading without problems.
        StateError: The state database cannot be used.
    """
    async with AsyncExitStack() as stack:
        state = await open_state(stack, settings.state)
        library = await open_library(stack, settings.data, settings.state, connections)
        readings = Readings(library)
        given = Given(state)
        dice = random or Random()
        quotes = Quotes(library, readings, given, now, dice)
        search = Search(library, readings)
        reader = Reader(library, readings)
        summaries = Summaries(library, readings)
        discussion = Discussion(library, readings, given, now, dice)
        glossary = Glossary(library, readings)
        citation = Citation(library, readings)
        verification = Verification(library, readings)
        about = About(library, readings, lambda: commands)
        privacy = Privacy(given)
        messages = Messages(library, readings, quotes, verification, discussion)
        commands = Commands(
            [
                command("quote", quotes.quote, rest="words"),
                command("search", search.search, rest="words"),
                command("read", reader.read, rest="place"),
                command("contents", reader.contents),
                command("summary", summaries.summary, rest="section"),
                command("discuss", discussion.discuss, rest="about"),
                command("glossary", glossary.glossary, rest="term"),
                command("cite", citation.cite, rest="place"),
                command("verify", verification.verify, rest="quotation"),
                command("help", about.help, rest="command"),
                command("about", about.about),
                command("privacy show", privacy.show),
                command("privacy export", privacy.export),
                command("privacy delete", privacy.delete, rest="what"),
            ]
        )
        _calm_the_collector()
        yield App(
            library=library,
            readings=readings,
            commands=commands,
            quotes=quotes,
            search=search,
            reader=reader,
            summaries=summaries,
            discussion=discussion,
            glossary=glossary,
            citation=citation,
            verification=verification,
            about=about,
            privacy=privacy,
            messages=messages,
            button_lines=ButtonLines(state),
            published=Published(state),
            now=now,
        )
