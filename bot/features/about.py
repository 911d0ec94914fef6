"""Helps: how to use the commands, and what is being read."""

from collections.abc import Callable, Iterable

from bot import __version__
from bot.caller import Caller
from bot.commands import Command, Commands
from bot.features.readings import Readings
from bot.library.library import Library
from bot.reply import Action, Bullets, Prose, Reply


class About:
    """Help with the commands, and the reading with its source and rights."""

    def __init__(self, library: Library, readings: Readings, commands: Callable[[], Commands]) -> None:
        self._library = library
        self._readings = readings
        self._commands = commands  # asked when needed: help is itself one of them

    async def help(self, caller: Caller, command: str = "") -> Reply:
        """Show what can be asked for, and how.

        Args:
            command: One command, explained whole.
        """
        asked = " ".join(command.casefold().split()).lstrip("/!")
        parts = [each for each in self._commands().all if each.name.startswith(f"{asked} ")]
        if asked and parts:
            return Reply(f"/{asked}", (Bullets(tuple(f"/{each.usage}: {each.about}" for each in parts)),))
        if asked:
            return _usage(self._commands().named(asked))
        shown = [each for each in self._commands().all if not each.for_moderators]
        moderating = _grouped(self._commands().all) if caller.is_moderator else ()
        reading = await self._readings.of(caller)
        return Reply(
            "Kruzhok",
            (
                Prose(f"A study circle on {reading.title} by {reading.author}."),
                Bullets(tuple(f"/{each.usage}: {each.about}" for each in shown)),
                *moderating,
            ),
            actions=(
                Action("A quote", "quote"),
                Action("A prompt", "discuss"),
                Action("Contents", "contents"),
            ),
        )

    async def about(self, caller: Caller) -> Reply:
        """Say what is being read, where it is from and whose it is."""
        reading = await self._readings.of(caller)
        whole = f"{reading.title}: {reading.subtitle}" if reading.subtitle else reading.title
        year = f" ({'about ' * reading.year_is_inferred}{reading.year})" if reading.year else ""
        facts = [f"{whole}, by {reading.author}{year}."]
        facts += [reading.about_author] if reading.about_author else []
        facts += [f"Source: {reading.source}"] if reading.source else []
        facts += [f"Rights: {reading.rights}"] if reading.rights else []
        slugs = await self._library.slugs()
        others = (Bullets(tuple(slugs[:20]), "In this library"),) if len(slugs) > 1 else ()
        return Reply(
            reading.title,
            (
                *(Prose(fact) for fact in facts),
                *others,
                Prose(f"Kruzhok {__version__} quotes word for word, works offline and keeps no messages."),
            ),
            actions=(Action("Contents", "contents"), Action("Cite", "cite"), Action("Privacy", "privacy show")),
        )


def _grouped(commands: Iterable[Command]) -> tuple[Bullets, ...]:
    """List moderators' commands by their first word, with what can follow it."""
    groups: dict[str, list[str]] = {}
    for each in commands:
        if each.for_moderators:
            first, _, second = each.name.partition(" ")
            groups.setdefault(first, []).append(second)
    items = tuple(f"/{name}: {', '.join(parts)}. /help {name} explains them." for name, parts in groups.items())
    return (Bullets(items, "For moderators"),) if items else ()


def _usage(command: Command) -> Reply:
    items = tuple(
        f"{argument.name}{'' if argument.required else ' (optional)'}: {argument.about}"
        for argument in command.arguments
    )
    listed = (Bullets(items),) if items else ()
    return Reply(f"/{command.usage}", (Prose(command.about), *listed))
