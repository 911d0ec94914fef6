"""Moderators' settings of their group, or of all groups of their server: shown, changed, logged, checked."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from operator import itemgetter

from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.features.consequences import CONSEQUENCES
from bot.features.delivery.targets import target_of
from bot.features.group_values import SETTINGS, GroupValues, Kind, Setting, Values, effective
from bot.features.pages import page_of, turning
from bot.features.places import Places
from bot.features.planning import moved_to_zone, next_times
from bot.features.posts import PROMPT, What
from bot.features.setting_values import WITHOUT_MEANING_ON_MATRIX, SettingValues
from bot.posting import Target
from bot.recurrence.zones import zone
from bot.reply import Action, Bullets, Prose, Reply, day_and_time
from bot.store.changes import Change, Changes
from bot.store.chosen import Chosen
from bot.store.occurrences import Occurrences
from bot.store.schedules import Move, Schedules

SCOPES = ("here", "server")
# These decide where and how scheduled posts are made.
POSTING = {"channel", "threads", "tag", "mention"}
_ORIGINS = {"group": "chosen here", "server": "chosen for the server", "default": "the default"}
_MOST_CHANGES = 400
_ONLY_ON_MATRIX: frozenset[Kind] = frozenset({"prefix"})


class GroupSettings:
    """What moderators decide."""

    def __init__(
        self,
        chosen: Chosen,
        values: GroupValues,
        setting_values: SettingValues,
        places: Places,
        schedules: Schedules,
        occurrences: Occurrences,
        changes: Changes,
        now: Callable[[], datetime],
    ) -> None:
        self._chosen = chosen
        self._values = values
        self._setting_values = setting_values
        self._places = places
        self._schedules = schedules
        self._occurrences = occurrences
        self._changes = changes
        self._now = now

    def changing(self, setting: Setting) -> Callable[..., Awaitable[Reply]]:
        """Return what runs the command of one setting."""
        return partial(self.change, setting=setting)

    async def show(self, caller: Caller) -> Reply:
        """Show the settings of this circle, and where each value comes from."""
        values = await self._values.of(caller)
        shown = partial(self._setting_values.shown, caller=caller)
        items = tuple(
            f"{each.name}: {shown(each, values[each.name])} ({_ORIGINS[values.origins[each.name]]})"
            for each in shown_settings(caller)
        )
        how = "To change one: /config and its name, such as /config timezone Europe/Paris; “default” takes it back."
        coming = await self._next(caller.group)
        missing = await self._places.of(caller).missing(_target(caller, values))
        wrong: list[Prose | Bullets] = []
        if instead := await self._setting_values.instead(caller, values):
            wrong.append(Prose(f"{instead} To choose another: /config reading"))
        if missing:
            wrong.append(Bullets(tuple(missing), "Until this is put right, nothing can be posted there"))
        return Reply(
            "Settings",
            (Bullets(items), Prose(coming), *wrong, Prose(how)),
            private=True,
            actions=(Action("Check", "config check"), Action("Log", "config log"), Action("Export", "config export")),
        )

    async def change(self, caller: Caller, value: str = "", scope: str = "here", *, setting: Setting) -> Reply:
        """Change one setting, here or for the whole server.

        Args:
            value: What it is to be; nothing shows what it is, and default takes a choice back.
            scope: here, or server.

        Raises:
            UserError: It cannot be that; Refused if the caller may not.
        """
        where = self.scope(caller, scope)
        if not value.strip():
            await self._setting_values.demand_meaning(setting, caller)
            return await self._one(caller, setting)
        self.refuse_change_of(setting, caller)
        new = await self._setting_values.read(setting, caller, value)
        before = await self._values.of(caller)
        old = (await self._chosen.of((where,)))[where].get(setting.name)
        await self.choose(caller, where, {setting.name: new})
        after = await self._values.of(caller)
        named = " scope:server" if where != caller.group else ""
        undo = (Action("Undo", f"config {setting.name} {old or 'default'}{named}"),) if old != new else ()
        said = (
            self._changed_for_server(caller, setting, old, new, after)
            if where != caller.group
            else self._changed(caller, setting, before, after)
        )
        return Reply(
            f"{setting.name} is changed" if old != new else setting.name,
            (Prose(said), *(await self._consequence(caller, setting, after))),
            private=True,
            actions=(*undo, Action("All settings", "config show")),
        )

    def scope(self, caller: Caller, text: str) -> str:
        """Return the group or the server that is meant.

        Raises:
            UserError: It is neither, or there is no server.
        """
        wanted = text.strip().casefold()
        if wanted not in SCOPES:
            raise UserError(f"scope is here or server, not “{text.strip()[:40]}”.")
        if wanted == "server" and not caller.server:
            raise UserError("This circle belongs to no server. Leave scope: out.")
        return caller.server if wanted == "server" else caller.group

    def refuse_change_of(self, setting: Setting, caller: Caller) -> None:
        """Refuse what not every moderator may change.

        Raises:
            Refused: Who is a moderator is decided by those who manage the server, not by those they chose.
        """
        if setting.name == "moderators" and caller.by_role:
            raise Refused("Only members with the permission “Manage Server” may choose who else is a moderator.")

    async def choose(self, caller: Caller, where: str, chosen: Mapping[str, str | None]) -> None:
        """Keep choices, all or none; schedules follow a new time zone in the same moment."""
        moves = await self._moves(where, chosen["timezone"]) if "timezone" in chosen else []
        await self._chosen.choose(where, chosen, moves, caller.user, self._now())

    async def _moves(self, where: str, zone_name: str | None) -> list[Move]:
        """Return when schedules are due in the time zone that will hold for each."""
        moves = []
        for schedule in await self._schedules.within(where):
            scopes = (schedule.group, schedule.server) if schedule.server else (schedule.group,)
            by_scope = {scope: dict(values) for scope, values in (await self._chosen.of(scopes)).items()}
            if where in by_scope:
                by_scope[where].pop("timezone", None)
                by_scope[where] |= {"timezone": zone_name} if zone_name else {}
            wanted = effective(by_scope[schedule.group], by_scope.get(schedule.server, {}))["timezone"]
            if wanted != schedule.zone:
                decided = await self._occurrences.decided(schedule.id)
                moves.append(moved_to_zone(schedule, wanted, self._now(), decided))
        return moves

    async def _one(self, caller: Caller, setting: Setting) -> Reply:
        values = await self._values.of(caller)
        shown = self._setting_values.shown(setting, values[setting.name], caller)
        text = f"{setting.about} It is {shown} ({_ORIGINS[values.origins[setting.name]]}). It can be: {setting.values}"
        return Reply(setting.name, (Prose(text),), private=True, actions=(Action("All settings", "config show"),))

    def _changed(self, caller: Caller, setting: Setting, before: Values, after: Values) -> str:
        name = setting.name
        old, new = (self._setting_values.shown(setting, each[name], caller) for each in (before, after))
        if before[name] != after[name]:
            return f"{name} was {old}, and is {new} now."
        if before.origins[name] != after.origins[name]:
            return f"{name} is {new}, as before; that is {_ORIGINS[after.origins[name]]} now."
        return f"{name} is {new}, as before."

    def _changed_for_server(
        self, caller: Caller, setting: Setting, old: str | None, new: str | None, after: Values
    ) -> str:
        name, whose = setting.name, "every channel of this server that has not chosen otherwise"
        was, is_now = (
            self._setting_values.shown(setting, setting.default if each is None else each, caller)
            for each in (old, new)
        )
        said = f"{name} is {is_now}, as before, for {whose}."
        if was != is_now:
            said = f"{name} was {was}, and is {is_now} now for {whose}."
        if after.origins[name] != "group":
            return said
        own = self._setting_values.shown(setting, after[name], caller)
        return f"{said} This channel has chosen {own}, and keeps it."

    async def _consequence(self, caller: Caller, setting: Setting, after: Values) -> tuple[Prose | Bullets, ...]:
        """Say what a value brings about."""
        said: list[Prose | Bullets] = []
        if setting.name in CONSEQUENCES:
            said.append(Prose(CONSEQUENCES[setting.name](after)))
        if setting.name in POSTING | {"timezone"}:
            said.append(Prose(await self._next(caller.group)))
        if setting.name in POSTING:
            missing = await self._places.of(caller).missing(_target(caller, after))
            said += [Bullets(tuple(missing), "Until this is put right, nothing can be posted there")] * bool(missing)
        return tuple(said)

    async def _next(self, group: str) -> str:
        """Say when something is posted next."""
        coming = []
        schedules = await self._schedules.of(group)
        for schedule in schedules:
            if not schedule.paused:
                decided = await self._occurrences.decided(schedule.id)
                coming += [(time.at, schedule) for time in next_times(schedule, decided, 1)]
        if not coming:
            example = "Nothing is scheduled here: /schedule add prompt thursdays 19:00 would be a beginning."
            return "No schedule of this circle posts at present: /schedule list says why." if schedules else example
        at, first = min(coming, key=itemgetter(0))
        return f"Next {first.what.split(' ')[0]}: {day_and_time(at.astimezone(zone(first.zone)))}, {first.zone}."

    async def log(self, caller: Caller, page: int = 1) -> Reply:
        """Show who changed what and when; kept for 90 days.

        Args:
            page: Which page of the log.
        """
        scopes = (caller.group, caller.server) if caller.server else (caller.group,)
        changes = await self._changes.of(scopes, _MOST_CHANGES)
        there = zone((await self._values.of(caller))["timezone"])
        shown = page_of(changes, page)
        items = tuple(self._change(caller, each, each.changed_at.astimezone(there)) for each in shown)
        said = Bullets(items) if items else Prose("Nothing was changed in the last 90 days.")
        actions = turning(changes, page, "config log", "Earlier", "Later")
        return Reply("What was changed", (said,), private=True, actions=actions)

    def _change(self, caller: Caller, change: Change, at: datetime) -> str:
        setting = next((each for each in SETTINGS if each.name == change.what), None)

        def called(value: str) -> str:
            if setting is None or not value:
                return value or "default"
            return self._setting_values.shown(setting, value, caller)

        what = f"{change.what}: {called(change.old)} → {called(change.new)}" if setting else _plain(change)
        where = ", for the server" if change.scope == caller.server and caller.server else ""
        who = f"member {change.member}" if change.member else "a member who had their name deleted"
        return f"{day_and_time(at)}: {what}{where}, by {who}"

    async def check(self, caller: Caller) -> Reply:
        """Check here and now whether scheduled posts can be made: each missing permission by name."""
        values = await self._values.of(caller)
        target = _target(caller, values)
        platform = self._places.of(caller)
        report = await platform.report(target)
        items = tuple(f"{'✓' if is_given else '✗ missing:'} {name}" for name, is_given in report)
        wrong = sum(not is_given for _, is_given in report)
        where = platform.called("channel", target.channel, caller.server)
        said = (
            f"{wrong} of these {'is' if wrong == 1 else 'are'} missing in {where}."
            if wrong
            else f"All is well in {where}."
        )
        return Reply(
            "Check", (Prose(said), Bullets(items)), private=True, actions=(Action("Check again", "config check"),)
        )


def shown_settings(caller: Caller) -> list[Setting]:
    """Return the settings that mean something where a caller is."""
    without = WITHOUT_MEANING_ON_MATRIX if caller.platform == "matrix" else _ONLY_ON_MATRIX
    return [each for each in SETTINGS if each.kind not in without]


def _target(caller: Caller, values: Values) -> Target:
    """Return where prompts of a caller's group go."""
    return target_of(caller.group, caller.server, What(PROMPT), values)


def _plain(change: Change) -> str:
    return f"{change.what}: {change.old} → {change.new}" if change.old else f"{change.what}: {change.new}"
