"""Puts the features together: the composition root."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from random import Random
from time import monotonic
from uuid import uuid4

from bot.answers import Answers
from bot.commands import Argument, Command, Commands, command
from bot.condition import Conditions
from bot.features.about import About
from bot.features.citation import Citation
from bot.features.delivery.attempts import Attempts
from bot.features.delivery.clocks import Clocks
from bot.features.delivery.retries import Retries
from bot.features.delivery.rounds import Delivery
from bot.features.delivery.telling import Telling
from bot.features.delivery.watch import Watch
from bot.features.discussion import Discussion
from bot.features.glossary import Glossary
from bot.features.group_settings import GroupSettings
from bot.features.group_values import SETTINGS, GroupValues, Setting
from bot.features.messages import Messages
from bot.features.places import Places
from bot.features.posts import Posts
from bot.features.privacy import Privacy
from bot.features.prompts import Prompts
from bot.features.quotes import Quotes
from bot.features.reader import Reader
from bot.features.readings import Readings
from bot.features.schedule import Scheduling
from bot.features.search import Search
from bot.features.setting_values import SettingValues
from bot.features.settings_file import SettingsFile
from bot.features.single_posts import SinglePosts
from bot.features.summaries import Summaries
from bot.features.timetable import Timetable
from bot.features.upkeep import Upkeep
from bot.features.verification import Verification
from bot.library.library import Library, open_library
from bot.recurrence.zones import TZDATA_VERSION
from bot.reply import Reply
from bot.settings import Settings
from bot.store.button_lines import ButtonLines
from bot.store.changes import Changes
from bot.store.chosen import Chosen
from bot.store.claims import Claims
from bot.store.given import Given
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.notices import Notices
from bot.store.occurrences import Occurrences
from bot.store.outbox import Outbox
from bot.store.own_prompts import OwnPrompts
from bot.store.published import Published
from bot.store.schedules import Schedules
from bot.store.standing import Standing
from bot.store.state import State, open_state


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
    values: GroupValues
    group_settings: GroupSettings
    settings_file: SettingsFile
    prompts: Prompts
    timetable: Timetable
    scheduling: Scheduling
    single_posts: SinglePosts
    places: Places
    delivery: Delivery
    upkeep: Upkeep
    groups: Groups
    button_lines: ButtonLines
    published: Published
    inbox: Inbox
    outbox: Outbox
    conditions: Conditions
    answers: Answers
    standing: Standing
    now: Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


# The true clocks; tests pass others.
CLOCKS = Clocks(_now, monotonic, asyncio.sleep)


def _calm_the_collector() -> None:
    """Let garbage collection look seldom, and never again at what is open now.

    An answer from a large library makes tens of thousands of short-lived values. With Python's own thresholds every
    hundredth answer waited 50 ms for a full collection; see the p99 of ``./kruzhok bench library``.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@asynccontextmanager
async def open_app(
    settings: Settings,
    now: Callable[[], datetime] | None = None,
    random: Random | None = None,
    connections: int = 1,
    clocks: Clocks = CLOCKS,
    step: Callable[[str], None] = lambda name: None,
    answers: Answers | None = None,
) -> AsyncIterator[App]:
    """Open the databases and make the features; everything is closed at the end.

    Args:
        now: What time it is, if not by ``clocks``; its times are aware.
        connections: How many questions the library answers at once.
        step: Told the name of each step of a delivery.
        answers: Watches over what is answered, if somebody counts.

    Raises:
        DataError: There is no reading without problems.
        StateError: The state database cannot be used.
    """
    clocks = replace(clocks, now=now or clocks.now)
    async with AsyncExitStack() as stack:
        state = await open_state(stack, settings.state)
        library = await open_library(stack, settings.data, settings.state, connections)
        app = _put_together(state, library, clocks, random or Random(), step, answers or Answers())
        _calm_the_collector()
        yield app


def _put_together(
    state: State, library: Library, clocks: Clocks, dice: Random, step: Callable[[str], None], answers: Answers
) -> App:
    """Make every feature of what it needs."""
    now = clocks.now
    schedules = Schedules(state, TZDATA_VERSION)
    occurrences, claims = Occurrences(state, schedules), Claims(state, holder=uuid4().hex)
    chosen, changes, notices = Chosen(state, schedules, clocks.monotonic), Changes(state), Notices(state)
    groups = Groups(state, chosen)
    given, button_lines = Given(state), ButtonLines(state)
    inbox, outbox = Inbox(state), Outbox(state)
    values = GroupValues(chosen)
    places = Places()
    readings = Readings(library, values)
    prompts = Prompts(library, readings, OwnPrompts(state), now)
    quotes = Quotes(library, readings, values, given, now, dice)
    summaries = Summaries(library, readings)
    verification = Verification(library, readings)
    discussion = Discussion(library, readings, prompts, given, now, dice)
    posts = Posts(library, readings, values, discussion, quotes, summaries, given)
    watch = Watch(schedules, occurrences, values, clocks)
    attempts = Attempts(schedules, occurrences, claims, values, posts, watch, clocks, step)
    retries = Retries(schedules, occurrences, claims, values, clocks, dice, step)
    telling = Telling(schedules, notices, values, clocks)
    delivery = Delivery(claims, watch, attempts, retries, telling, clocks, step)
    timetable = Timetable(schedules, occurrences, notices, values, posts, places, now)
    setting_values = SettingValues(readings, values, places)
    group_settings = GroupSettings(chosen, values, setting_values, places, schedules, occurrences, changes, now)
    app = App(
        library=library,
        readings=readings,
        commands=Commands([]),
        quotes=quotes,
        search=Search(library, readings),
        reader=Reader(library, readings),
        summaries=summaries,
        discussion=discussion,
        glossary=Glossary(library, readings),
        citation=Citation(library, readings),
        verification=verification,
        about=About(library, readings, lambda: commands),
        privacy=Privacy(groups, changes),
        messages=Messages(library, readings, quotes, verification, discussion),
        values=values,
        group_settings=group_settings,
        settings_file=SettingsFile(group_settings, chosen, setting_values, now),
        prompts=prompts,
        timetable=timetable,
        scheduling=Scheduling(schedules, occurrences, values, posts, places, timetable, delivery, now),
        single_posts=SinglePosts(occurrences, values, posts, places, timetable, delivery, now),
        places=places,
        delivery=delivery,
        upkeep=Upkeep(changes, notices, occurrences, schedules, groups, button_lines, inbox, outbox, now, clocks.sleep),
        groups=groups,
        button_lines=button_lines,
        published=Published(state),
        inbox=inbox,
        outbox=outbox,
        conditions=Conditions(now),
        answers=answers,
        standing=Standing(state),
        now=now,
    )
    commands = Commands(_commands(app), values.guard, answers)
    return replace(app, commands=commands)


def _commands(app: App) -> list[Command]:
    """List everything that can be asked for."""
    return [
        command("quote", app.quotes.quote, rest="words"),
        command("search", app.search.search, rest="words"),
        command("read", app.reader.read, rest="place"),
        command("contents", app.reader.contents),
        command("summary", app.summaries.summary, rest="section"),
        command("discuss", app.discussion.discuss, rest="about"),
        command("glossary", app.glossary.glossary, rest="term"),
        command("cite", app.citation.cite, rest="place"),
        command("verify", app.verification.verify, rest="quotation"),
        command("help", app.about.help, rest="command"),
        command("about", app.about.about),
        command("privacy show", app.privacy.show),
        command("privacy export", app.privacy.export),
        command("privacy delete", app.privacy.delete, rest="what"),
        *_moderators_commands(app),
    ]


def _moderators_commands(app: App) -> list[Command]:
    """List what moderators can ask for besides."""

    def moderators(name: str, run: Callable[..., Awaitable[Reply]], rest: str = "") -> Command:
        return command(name, run, rest, for_moderators=True)

    timetable, schedule, single, prompts = app.timetable, app.scheduling, app.single_posts, app.prompts
    return [
        moderators("config show", app.group_settings.show),
        *(_setting(app.group_settings, each) for each in SETTINGS),
        moderators("config log", app.group_settings.log),
        moderators("config export", app.settings_file.export),
        moderators("config import", app.settings_file.take_in, rest="text"),
        moderators("config check", app.group_settings.check),
        moderators("schedule add", schedule.add, rest="when"),
        moderators("schedule list", timetable.list),
        moderators("schedule preview", timetable.preview),
        moderators("schedule history", timetable.history),
        moderators("schedule pause", schedule.pause),
        moderators("schedule resume", schedule.resume),
        moderators("schedule skip", single.skip),
        moderators("schedule move", single.move, rest="to"),
        moderators("schedule run", single.run),
        moderators("schedule remove", schedule.remove),
        moderators("prompts add", prompts.add, rest="question"),
        moderators("prompts list", prompts.list),
        moderators("prompts disable", prompts.disable, rest="prompt"),
        moderators("prompts enable", prompts.enable, rest="prompt"),
    ]


def _setting(settings: GroupSettings, setting: Setting) -> Command:
    """Make the command of one setting."""
    value = Argument("value", setting.values, required=False, rest=True, number=False)
    scope = Argument("scope", "here, or server.", required=False, rest=False, number=False)
    return Command(f"config {setting.name}", setting.about, (value, scope), settings.changing(setting), True)
