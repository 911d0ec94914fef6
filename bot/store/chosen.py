"""Remembers what moderators chose for their groups and servers."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from bot.store.changes import record_change
from bot.store.schedules import Move, Schedules
from bot.store.state import State

REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 4096


class Chosen:
    """Values of settings by scope, which is a group or a server; what was not chosen is not there.

    Every answer asks for them, so they are remembered for some seconds; what is chosen here holds at once, what another
    process chooses after that.

    Args:
        monotonic: Seconds that never go back.
    """

    def __init__(self, state: State, schedules: Schedules, monotonic: Callable[[], float]) -> None:
        self._state = state
        self._schedules = schedules
        self._monotonic = monotonic
        self._known: OrderedDict[tuple[str, ...], tuple[float, dict[str, dict[str, str]]]] = OrderedDict()
        self._changes = 0

    def forget_known(self) -> None:
        """Ask the database next time: something was changed."""
        self._known.clear()
        self._changes += 1

    async def of(self, scopes: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
        """Return what was chosen, by scope and then by the setting's name."""
        known = self._known.get(scopes)
        if known is not None and self._monotonic() - known[0] <= REMEMBERED_SECONDS:
            return known[1]
        asked_at, changes = self._monotonic(), self._changes
        found = await self._ask(scopes)
        if changes == self._changes:
            self._known[scopes] = (asked_at, found)
            self._known.move_to_end(scopes)
            if len(self._known) > _MOST_REMEMBERED:
                self._known.popitem(last=False)
        return found

    async def _ask(self, scopes: tuple[str, ...]) -> dict[str, dict[str, str]]:
        marks = ", ".join("?" * len(scopes))
        rows = await self._state.all(
            f"SELECT scope, name, value FROM setting WHERE scope IN ({marks})",  # noqa: S608
            *scopes,
        )
        found: dict[str, dict[str, str]] = {scope: {} for scope in scopes}
        for scope, name, value in rows:
            found[scope][name] = value
        return found

    async def choose(
        self, scope: str, values: Mapping[str, str | None], moves: Iterable[Move], member: str, now: datetime
    ) -> None:
        """Set values, or with None go back to what holds otherwise; all of them, or none. What changes is logged.

        Args:
            moves: Schedules that are due at other times because of it.
        """
        async with self._state.write() as transaction:
            rows = await transaction.all("SELECT name, value FROM setting WHERE scope = ?", scope)
            before = dict(rows)
            for name, value in values.items():
                if before.get(name) == value:
                    continue
                if value is None:
                    await transaction.run("DELETE FROM setting WHERE scope = ? AND name = ?", scope, name)
                else:
                    await transaction.run(
                        "INSERT INTO setting (scope, name, value) VALUES (?, ?, ?)"
                        " ON CONFLICT (scope, name) DO UPDATE SET value = excluded.value",
                        scope,
                        name,
                        value,
                    )
                await record_change(transaction, scope, member, name, before.get(name, ""), value or "", now)
            for move in moves:
                await self._schedules.set_next(transaction, move, now)
        self.forget_known()
