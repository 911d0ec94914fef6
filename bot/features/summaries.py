"""Sums up a section, claim by claim."""

from bot.caller import Caller
from bot.features.readings import Readings, find_section
from bot.library.library import Library
from bot.reply import Action, Claims, Prose, Reply


class Summaries:
    """Summaries of the reading that a group reads."""

    def __init__(self, library: Library, readings: Readings) -> None:
        self._library = library
        self._readings = readings

    async def summary(self, caller: Caller, section: str) -> Reply:
        """Sum up a section of the reading, each claim with its paragraph.

        Args:
            section: Its number or a word of its heading.
        """
        reading = await self._readings.of(caller)
        chosen = find_section(reading, section)
        claims = (await self._library.study(reading.slug)).summaries.get(chosen.number, ())
        actions = [
            Action("Open the section", f"read {chosen.number}"),
            Action("Discuss", f"discuss section:{chosen.number}"),
        ]
        if chosen.number < len(reading.sections):
            actions.append(Action("Next section", f"summary {chosen.number + 1}"))
        written = Claims(claims) if claims else Prose("Nobody has written a summary of this section yet.")
        return Reply(f"{chosen.number}. {chosen.heading}", (written,), actions=tuple(actions))
