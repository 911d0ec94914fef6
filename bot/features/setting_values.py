"""Reads what moderators give as the value of a setting, and shows it."""

import re
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.features.group_values import HERE, MOST_HOURS, NONE, OFF, ON, SETTINGS, GroupValues, Setting, Values
from bot.features.group_values import Kind as SettingKind
from bot.features.places import Places
from bot.features.readings import Readings
from bot.posting import Kind
from bot.recurrence.zones import find_zone

# What can be switched off: what members ask of the reading, not what tells them how or lets them have it deleted.
SWITCHABLE = ("quote", "search", "read", "contents", "summary", "discuss", "glossary", "cite", "verify")
DEFAULT = "default"
_WORDS = {"yes": ON, "true": ON, "no": OFF, "false": OFF}
_MATRIX = "matrix"
# Rooms have no tags, and power levels decide who moderates.
WITHOUT_MEANING_ON_MATRIX: frozenset[SettingKind] = frozenset({"tag", "role"})
# What is a platform's own, and how it is called there.
_PLACES: dict[str, Kind] = {"channel": "channel", "tag": "tag", "mention": "mention", "role": "role"}
_PREFIX = re.compile(r"[!-/:-@\[-`{-~]{1,3}")
_MOST_SLIPS = 2


def setting_named(name: str) -> Setting:
    """Return a setting by its name.

    Raises:
        UserError: There is none; says which is meant, if one is like it.
    """
    wanted = name.strip().casefold()
    names = [setting.name for setting in SETTINGS]
    if wanted in names:
        return SETTINGS[names.index(wanted)]
    near = process.extractOne(wanted[:40], names, scorer=OSA.distance, score_cutoff=_MOST_SLIPS)
    meant = f" Did you mean {near[0]}?" if near else f" There are {', '.join(names)}."
    raise UserError(f"There is no setting “{name.strip()[:40]}”.{meant}")


class SettingValues:
    """What settings can be where a caller is."""

    def __init__(self, readings: Readings, values: GroupValues, places: Places) -> None:
        self._readings = readings
        self._values = values
        self._places = places

    async def read(self, setting: Setting, caller: Caller, text: str) -> str | None:
        """Return a value as it is kept; None for what holds without a choice.

        Raises:
            UserError: It cannot be that; says what it can be.
        """
        given = " ".join(text.split())
        await self.demand_meaning(setting, caller)
        if given.casefold() == DEFAULT:
            return None
        match setting.kind:
            case "switch" | "choice":
                return _choice(setting, given)
            case "hours":
                return _hours(given)
            case "zone":
                return find_zone(given)
            case "commands":
                return _commands(given)
            case "prefix":
                return _prefix(caller, given)
            case "reading":
                return await self._readings.named(given)
            case "tag":
                return await self._tag(caller, given)
            case "channel" | "mention" | "role":
                return await self._place(setting, caller, given)

    async def demand_meaning(self, setting: Setting, caller: Caller) -> None:
        """Let a setting pass that means something where a caller is, whatever its value.

        Raises:
            UserError: It does not; says what it is for, and where.
        """
        if caller.platform == _MATRIX and setting.kind in WITHOUT_MEANING_ON_MATRIX:
            await self._places.of(caller).resolve(_PLACES[setting.kind], caller, "")

    async def _place(self, setting: Setting, caller: Caller, given: str) -> str:
        if given.casefold() == NONE and setting.default == NONE:
            return NONE
        if given.casefold() == HERE and setting.kind == "channel":
            return HERE if setting.default == HERE else caller.group.partition(":")[2]
        if setting.kind == "channel" and setting.default != HERE and given == caller.group.partition(":")[2]:
            return given  # as “here” is kept, to be undone and imported
        return (await self._places.of(caller).resolve(_PLACES[setting.kind], caller, given)).number

    async def _tag(self, caller: Caller, given: str) -> str:
        if given.casefold() == NONE:
            return NONE
        channel = (await self._values.of(caller)).number("channel") or caller.group.partition(":")[2]
        return (await self._places.of(caller).resolve("tag", caller, given, channel)).number

    async def instead(self, caller: Caller, values: Values) -> str:
        """Say what is read in place of a chosen reading that is gone; nothing if it is there."""
        reading = await self._readings.of(replace(caller, reading=None))
        chosen = values["reading"]
        if chosen in ("", reading.slug):
            return ""
        return f"The reading {chosen} is no longer in the library: {reading.title} is read in its place."

    def shown(self, setting: Setting, value: str, caller: Caller) -> str:
        """Return a kept value as people call it."""
        if value in (NONE, HERE, ""):
            return {HERE: "the circle's own channel", "": "the first of the library"}.get(value, value)
        if setting.kind in _PLACES:
            return self._places.of(caller).called(_PLACES[setting.kind], value, caller.server)
        return f"{value} h" if setting.kind == "hours" else value


def _choice(setting: Setting, given: str) -> str:
    wanted = given.casefold()
    wanted = _WORDS.get(wanted, wanted) if setting.kind == "switch" else wanted
    if wanted not in setting.choices:
        raise UserError(f"{setting.name} is {' or '.join(setting.choices)}, not “{given[:40]}”.")
    return wanted


def _hours(given: str) -> str:
    match = re.fullmatch(r"([0-9]{1,3})(?: ?h| ?hours?)?", given)
    if match is None or int(match[1]) > MOST_HOURS:
        raise UserError(f"“{given[:40]}” is not a number of hours from 0 to {MOST_HOURS}. Write it like 6.")
    return str(int(match[1]))


def _commands(given: str) -> str:
    if given.casefold() == NONE:
        return NONE
    names = [name.lstrip("/!") for name in re.split(r"[\s,]+", given.casefold()) if name]
    for name in names:
        if name not in SWITCHABLE:
            near = process.extractOne(name[:40], SWITCHABLE, scorer=OSA.distance, score_cutoff=_MOST_SLIPS)
            meant = f" Did you mean {near[0]}?" if near else f" These can: {', '.join(SWITCHABLE)}."
            raise UserError(f"“{name[:40]}” cannot be switched off.{meant}")
    return ", ".join(name for name in SWITCHABLE if name in names)


def _prefix(caller: Caller, given: str) -> str:
    if caller.platform != _MATRIX:
        raise Refused("Only on Matrix do commands have a prefix that can be chosen.")
    if not _PREFIX.fullmatch(given):
        raise UserError("A prefix is one to three signs such as ! or %%, without letters, digits and spaces.")
    return given
