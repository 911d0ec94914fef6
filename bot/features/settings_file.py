"""A group's settings as a file: given out, and taken in whole or not at all."""

import json
import tomllib
from collections.abc import Callable, Mapping
from datetime import datetime

from bot.caller import Caller
from bot.errors import UserError
from bot.features.group_settings import GroupSettings, shown_settings
from bot.features.group_values import BY_NAME, DEFAULTS, Setting
from bot.features.setting_values import SettingValues, setting_named
from bot.reply import Action, Bullets, Code, Prose, Reply
from bot.store.chosen import Chosen

_LONGEST = 10_000
_MOST_TOLD = 20
_LARGEST = 1_000_000
_TABLE = "settings"


class SettingsFile:
    """Settings of a group as TOML."""

    def __init__(
        self, settings: GroupSettings, chosen: Chosen, setting_values: SettingValues, now: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._chosen = chosen
        self._setting_values = setting_values
        self._now = now

    async def export(self, caller: Caller, scope: str = "here") -> Reply:
        """Give out what was chosen here, as TOML, for another circle or to be kept.

        Args:
            scope: here, or server.
        """
        where = self._settings.scope(caller, scope)
        own = (await self._chosen.of((where,)))[where]
        chosen = [each for each in shown_settings(caller) if each.name in own]
        lines = [
            f"# Settings chosen in Kruzhok, {self._now():%Y-%m-%d}. What is not here is as by default.",
            f"[{_TABLE}]",
            *(f"{each.name} = {_toml(own[each.name])}{self._comment(each, own, caller)}" for each in chosen),
        ]
        how = "To take it in somewhere: /config import and this text, or only the part in braces."
        return Reply(
            "Settings as TOML",
            (Code("\n".join(lines), "toml"), Code(_inline(own), "toml"), Prose(how)),
            private=True,
        )

    def _comment(self, setting: Setting, own: Mapping[str, str], caller: Caller) -> str:
        shown = self._setting_values.shown(setting, own[setting.name], caller)
        plain = "".join(char for char in shown if char.isprintable())
        return f"  # {plain}" if shown != own[setting.name] else ""

    async def take_in(self, caller: Caller, text: str = "", scope: str = "here", apply: str = "no") -> Reply:
        """Take in settings that were given out: shown as a difference first, then applied all or none.

        Args:
            text: The TOML; what it does not name goes back to the default.
            scope: here, or server.
            apply: no to see what would change, yes to change it.
        """
        if not text.strip():
            raise UserError("Give the text that /config export gave out.")
        where = self._settings.scope(caller, scope)
        if apply.strip().casefold() not in ("yes", "no"):
            raise UserError(f"apply is yes or no, not “{apply.strip()[:40]}”.")
        wanted = await self._validated(caller, _table(text))
        own = (await self._chosen.of((where,)))[where]
        names = [each.name for each in shown_settings(caller) if own.get(each.name) != wanted.get(each.name)]
        for name in names:  # what the file leaves out changes as well
            self._settings.refuse_change_of(setting_named(name), caller)
        if not names:
            return Reply("Nothing would change", (Prose("The settings are as in this file already."),), private=True)
        difference = Bullets(tuple(self._difference(caller, name, own, wanted) for name in names))
        if apply.strip().casefold() == "no":
            line = f"config import {_inline(wanted)} scope:{scope.strip().casefold()} apply:yes"
            said = Prose("Nothing is changed yet. This would be:")
            return Reply("What would change", (said, difference), private=True, actions=(Action("Apply", line),))
        await self._settings.choose(caller, where, {name: wanted.get(name) for name in names})
        back = f"config import {_inline(own)} scope:{scope.strip().casefold()} apply:yes"
        return Reply("Settings taken in", (difference,), private=True, actions=(Action("Undo", back),))

    async def _validated(self, caller: Caller, table: dict[str, object]) -> dict[str, str]:
        """Read every value; every problem is said at once."""
        wanted: dict[str, str] = {}
        seen: set[str] = set()
        problems = []
        for name, value in table.items():
            try:
                setting = setting_named(name)
                if setting.name in seen:
                    raise UserError("It is there twice.")
                seen.add(setting.name)
                kept = await self._setting_values.read(setting, caller, _text(setting, value))
                if kept is not None:
                    wanted[setting.name] = kept
            except UserError as error:
                problems.append(f"{name[:40]}: {error}")
        if problems:
            more = f" And {len(problems) - _MOST_TOLD} more." if len(problems) > _MOST_TOLD else ""
            raise UserError(f"Nothing is changed. {' '.join(problems[:_MOST_TOLD])}{more}")
        return wanted

    def _difference(self, caller: Caller, name: str, own: Mapping[str, str], wanted: Mapping[str, str]) -> str:
        setting = setting_named(name)
        old, new = (self._shown(setting, values, caller) for values in (own, wanted))
        return f"{name}: {old} → {new}"

    def _shown(self, setting: Setting, values: Mapping[str, str], caller: Caller) -> str:
        if setting.name in values:
            return self._setting_values.shown(setting, values[setting.name], caller)
        return f"default ({self._setting_values.shown(setting, DEFAULTS[setting.name], caller)})"


def _table(text: str) -> dict[str, object]:
    """Read the table of settings, from a whole file or from braces alone.

    Raises:
        UserError: It is no TOML, or has something else in it.
    """
    if len(text) > _LONGEST:
        raise UserError(f"This is too long for settings: they have at most {_LONGEST} characters.")
    given = text.strip()
    if given.startswith("{"):
        given = f"{_TABLE} = {given}"
    try:
        read = tomllib.loads(given)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits are no TOMLDecodeError
        why = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "a value is too long or nested too deeply"
        raise UserError(f"Nothing is changed. This is not TOML: {why[:200]}.") from None
    other = [name for name in read if name != _TABLE]
    table = read.get(_TABLE)
    if other or not isinstance(table, dict):
        named = f"“{other[0][:40]}” is no part of it; it" if other else "It"
        raise UserError(f"Nothing is changed. {named} has one table, [{_TABLE}].")
    return table


def _text(setting: Setting, value: object) -> str:
    """Return a TOML value as it would be typed.

    Raises:
        UserError: It is a date, a table or the like.
    """
    if isinstance(value, bool) and setting.kind == "switch":
        return "on" if value else "off"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST:
        return str(value)
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " ".join(value) or "none"
    if isinstance(value, str):
        return value
    raise UserError(f"It is written in quotation marks, like {setting.name} = {_toml(setting.default or 'default')}.")


def _toml(text: str) -> str:
    # A JSON string is a TOML string, except for the delete sign.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _inline(values: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{each} = {_toml(values[each])}" for each in BY_NAME if each in values) + "}"
