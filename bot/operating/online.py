"""Asks the chat services whether the bot can do its work there; nothing is posted and nothing changed."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import aiohttp

from bot.app import open_app
from bot.errors import CannotServe
from bot.features.delivery.targets import target_for
from bot.features.group_values import GroupValues
from bot.operating.findings import Finding, ok, problem, warning
from bot.posting import Target
from bot.recurrence.zones import TZDATA_VERSION
from bot.settings import SHIPPED_DATA, Configuration, DiscordSettings, MatrixSettings, Settings
from bot.store.chosen import Chosen
from bot.store.overview import Overview
from bot.store.published import Published
from bot.store.schedules import Schedules
from bot.store.state import State

if TYPE_CHECKING:
    from bot.platforms.matrix.identity import Identity

_SECONDS = 15.0
# The Date of an answer is in whole seconds, and takes a while to come.
_A_LITTLE, _MUCH = 5, 60
# Places that are asked about: each takes Discord two to four requests.
_MOST_PLACES = 50
_CLOCK = "Let the clock be kept right (timedatectl set-ntp true): posts go out by it."


async def online(settings: Configuration, identity: "Identity | None", opened: State | None) -> list[Finding]:
    """Ask every service that is configured.

    Args:
        identity: Who the bot is on Matrix, if that is known.
        opened: The state, if it can be read.
    """
    findings = []
    if settings.discord:
        findings += await _discord(settings.folders, settings.discord, opened)
    if settings.matrix:
        findings += await _matrix(settings.folders, settings.matrix, identity)
    findings += [await _clock(name, url) for name, url in _addresses(settings)]
    return findings


def _addresses(settings: Configuration) -> Iterable[tuple[str, str]]:
    """Give an address of each service that anybody may ask for."""
    if settings.discord:
        from bot.platforms.discord.checking import address

        yield "Discord", f"{address(settings.discord)}/gateway"
    if settings.matrix:
        yield "the homeserver", f"{settings.matrix.homeserver}/_matrix/client/versions"


async def _clock(service: str, url: str) -> Finding:
    """Compare our clock with a service's."""
    name = "clock online"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS)) as session,
            session.get(url) as answer,
        ):
            told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, OSError, ValueError, TypeError):
        return warning(name, f"What time it is there, {service} does not say.", "Is there a network?")
    seconds = (datetime.now(UTC) - told.astimezone(UTC)).total_seconds()
    if abs(seconds) <= _A_LITTLE:
        return ok(name, f"The clock is that of {service}, to {_A_LITTLE} seconds.")
    said = f"The clock is {abs(seconds):.0f} seconds {'ahead of' if seconds > 0 else 'behind'} that of {service}."
    return (problem if abs(seconds) > _MUCH else warning)(name, said, _CLOCK)


async def _discord(folders: Settings, settings: DiscordSettings, opened: State | None) -> list[Finding]:
    from bot.platforms.discord.checking import logged_in, missing_in

    try:
        async with logged_in(settings) as there:
            findings = [ok("discord", f"Discord knows the bot as {there.name}, application {there.application}.")]
            findings.append(await _commands(folders, there.application, opened))
            targets = await _targets(opened, "discord") if opened else []
            for target, missing in await missing_in(there, targets[:_MOST_PLACES]):
                findings += _place(target, missing)
    except CannotServe as error:
        return [_cannot("discord", error)]
    return findings


def _cannot(name: str, error: CannotServe) -> Finding:
    sentence, _, cure = str(error).partition(". ")
    return problem(name, f"{sentence.rstrip('.?')}.", cure or "Try again later.")


async def _commands(folders: Settings, application: int, opened: State | None) -> Finding:
    """Compare the commands of this program with those that Discord was told of last."""
    from bot.platforms.discord.checking import commands_hash

    name = "discord commands"
    with _apart(folders.state) as elsewhere:
        async with open_app(elsewhere) as app:
            ours = await commands_hash(app)
    if opened and await Published(opened).ids(str(application), ours) is not None:
        return ok(name, "The commands that Discord knows are this program's.")
    return ok(name, "The commands are sent to Discord at the next start.")


@contextmanager
def _apart(state: Path) -> Iterator[Settings]:
    """Give folders in which nothing is anybody's; commands are the same whatever the readings are."""
    with tempfile.TemporaryDirectory(prefix="kruzhok-looking-") as folder:
        for index in state.glob("library-*.sqlite"):
            Path(folder, index.name).symlink_to(index)
        yield Settings(Path(folder), (SHIPPED_DATA,))


async def _targets(opened: State, platform: str) -> list[Target]:
    """Return where scheduled posts go, those that come soonest first."""
    schedules = Schedules(opened, TZDATA_VERSION)
    values = GroupValues(Chosen(opened, schedules, monotonic))
    found: dict[Target, None] = {}
    for group in await Overview(opened).groups(platform, _MOST_PLACES):
        for schedule in await schedules.of(group):
            found[target_for(schedule, await values.at(schedule.group, schedule.server))] = None
    return list(found)


def _place(target: Target, missing: Sequence[str]) -> list[Finding]:
    name, where = "discord channel", f"channel {target.channel}, where posts of {target.group} go"
    if not missing:
        return [ok(name, f"Nothing is missing in {where}.")]
    return [problem(name, f"In {where}: {each}", "/config check shows moderators what is missing.") for each in missing]


async def _matrix(folders: Settings, settings: MatrixSettings, identity: "Identity | None") -> list[Finding]:
    from bot.platforms.matrix.checking import look

    return [Finding(*each) for each in await look(settings, identity, folders.state / "matrix")]
