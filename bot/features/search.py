"""Lists every passage that answers some words, best first."""

from bot.caller import Caller
from bot.errors import UserError
from bot.features.quotes import corrected, nothing_found, passage_actions, quote_passages
from bot.features.readings import Readings, find_section
from bot.library.library import Library
from bot.reply import Action, Quote, Reply

PAGE = 10


class Search:
    """Search in the reading that a group reads."""

    def __init__(self, library: Library, readings: Readings) -> None:
        self._library = library
        self._readings = readings

    async def search(self, caller: Caller, words: str, section: str = "", page: int = 1) -> Reply:
        """List every passage that answers some words, best first, ten a page.

        Args:
            words: What to look for, in any words.
            section: Only in this section: its number or a word of its heading.
            page: Which ten.
        """
        reading = await self._readings.of(caller)
        within = find_section(reading, section).number if section else None
        findings = await self._library.search(reading.slug, words, within)
        found = findings.passages
        if not found:
            return await nothing_found(self._library, reading, words, findings, within)
        pages = -(-len(found) // PAGE)
        if not 1 <= page <= pages:
            raise UserError(f"There {'is only page 1' if pages == 1 else f'are pages 1 to {pages}'} of this search.")
        first = (page - 1) * PAGE
        shown = await quote_passages(self._library, reading, found[first : first + PAGE], findings)
        number = "1 passage" if len(found) == 1 else f"{len(found)} passages"
        if findings.more:
            number = f"The best {number}"
        line = f"search {' '.join(words.split())}" + (f" section:{within}" if within else "")
        turn = [Action("Next page", f"{line} page:{page + 1}", turns=True)] if page < pages else []
        turn += [Action("Page before", f"{line} page:{page - 1}", turns=True)] if page > 1 else []
        return Reply(
            number if pages == 1 else f"{number}, page {page} of {pages}",
            (*corrected(findings), *(Quote(each, str(n)) for n, each in enumerate(shown, first + 1))),
            actions=(*turn, *passage_actions(reading, shown[0])[:1]),
        )
