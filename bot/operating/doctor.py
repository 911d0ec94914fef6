"""``doctor``: looks over what the bot needs, and says of each thing how to put it right; changes nothing."""

import argparse
import json
import logging
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.operating import kept, machine
from bot.operating.device import look_at_device
from bot.operating.findings import Finding, ok, problem, warning, worst
from bot.operating.place import state_of
from bot.settings import SHIPPED_DATA, Configuration, SettingsError, read_configuration
from bot.store.looking import look_at_state
from bot.store.state import State, StateError

if TYPE_CHECKING:
    from bot.platforms.matrix.identity import Identity

EXIT_CODES = {"ok": 0, "warning": 1, "problem": 2}
_MARKS = {"ok": "✓", "warning": "!", "problem": "✗"}
_WIDTH = 18
_CLOSING = {
    "ok": "All is well.",
    "warning": "The bot can do its work; look at what is marked with “!”.",
    "problem": "What is marked with “✗” keeps the bot from its work.",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to it."""
    parser.description = (
        "Look over what the bot needs, while it runs or not; nothing is changed. Exit codes: 0 all is well, 1 "
        "something should be looked at, 2 something keeps the bot from its work."
    )
    parser.add_argument("--online", action="store_true", help="ask the chat services too; nothing is posted")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


async def doctor(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Look over everything, and say what was found; returns the exit code."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What libraries warn of is said by what is found.
    logging.basicConfig(level=logging.CRITICAL)
    findings = await look_over(environment, datetime.now(UTC), arguments.online)
    # At once: whoever reads may leave early, as `head` does.
    print(_as_json(findings) if arguments.json else _as_text(findings), flush=True)
    return EXIT_CODES[worst(findings)]


async def look_over(environment: Mapping[str, str], now: datetime, online: bool) -> list[Finding]:
    """Return what was found, in the order in which it is to be put right."""
    findings = [machine.python(), machine.sqlite()]
    settings = _settings(environment, findings)
    state = _state_folder(environment, settings)
    if state is None:
        return findings
    data = settings.folders.data if settings else (SHIPPED_DATA,)
    findings += machine.secrets(environment, settings.file if settings else None)
    findings += [machine.folder(state), machine.disk(state, machine.room(state))]
    if machine.is_closed(state):  # what is in it cannot be told
        return findings
    findings += [kept.library(data, state), *kept.without_readings(data), *kept.unfinished(state)]
    async with AsyncExitStack() as stack:
        opened, found = None, None
        try:
            opened = await look_at_state(stack, state)
        except StateError as error:
            findings.append(kept.no_state(state, error))
        else:
            findings.append(await kept.state(opened, state))
            if findings[-1].state == "ok":
                found = await kept.figures(opened, now)
        findings.append(machine.clock(now, found.newest if found else None))
        findings.append(machine.time_zones(now, found.other_data if found else 0))
        identity, on_device = look_at_device(state, settings.matrix if settings else None)
        findings += on_device
        if opened and found:
            findings += await kept.planned(opened, found)
        if online:
            findings += await _online(settings, identity, opened if found else None)
    return findings


def _settings(environment: Mapping[str, str], findings: list[Finding]) -> Configuration | None:
    """Read the settings; each of their problems is a finding."""
    try:
        settings = read_configuration(environment)
    except SettingsError as error:
        cure = "Put it right where it is set; the README lists every setting."
        findings += [problem("settings", each, cure) for each in error.problems]
        return None
    services = [name for name, of in (("Discord", settings.discord), ("Matrix", settings.matrix)) if of]
    if services:
        file = f", by {settings.file}" if settings.file else ""
        findings.append(ok("settings", f"{' and '.join(services)} {'are' if services[1:] else 'is'} set up{file}."))
    else:
        findings.append(ok("settings", "No chat service is set up; ./kruzhok setup does it."))
    return settings


def _state_folder(environment: Mapping[str, str], settings: Configuration | None) -> Path | None:
    """Return where the state is; None if there is no knowing."""
    try:
        return settings.folders.state if settings else state_of(environment)
    except SettingsError:
        return None


async def _online(settings: Configuration | None, identity: "Identity | None", opened: State | None) -> list[Finding]:
    if settings is None:
        return [warning("online", "No service was asked: the settings cannot be read.", "Put them right first.")]
    from bot.operating.online import online

    return await online(settings, identity, opened)


def _as_text(findings: Sequence[Finding]) -> str:
    lines = []
    for each in findings:
        lines.append(f"{_MARKS[each.state]} {each.name:<{_WIDTH}} {each.text}")
        if each.cure:
            lines.append(f"  {'':<{_WIDTH}} → {each.cure}")
    return "\n".join([*lines, "", _CLOSING[worst(findings)]])


def _as_json(findings: Sequence[Finding]) -> str:
    told = {"kruzhok": __version__, "state": worst(findings), "findings": [asdict(each) for each in findings]}
    return json.dumps(told, indent=1)
