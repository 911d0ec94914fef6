"""What schedules post: a prompt, a quote, a summary or a section, each once before it comes again."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.caller import Caller
from bot.errors import UserError
from bot.features.discussion import Discussion, all_used, prompt_kind, prompt_reply
from bot.features.group_values import STOP, GroupValues, Values
from bot.features.quotes import Quotes
from bot.features.reader import minutes_to_read
from bot.features.readings import Readings, find_section
from bot.features.summaries import Summaries
from bot.library.library import Library
from bot.posting import Post
from bot.reading import Place, Prompt, Reading
from bot.reply import Action, Prose, Quote, Reply
from bot.store.given import Given
from bot.store.schedules import Schedule

PROMPT, QUOTE, SUMMARY, SECTION = "prompt", "quote", "summary", "section"
# What was decided to be posted when everything was used.
THE_END = "the end"
KINDS = (PROMPT, QUOTE, SUMMARY, SECTION)
_CALLED = {f"{kind}s": kind for kind in KINDS} | {"summaries": SUMMARY}

# Given what there is to choose from, in order, and its kind: returns what is posted, and whether all begins again.
Choose = Callable[[str, str, Sequence[str]], Awaitable[tuple[str, bool]]]


@dataclass(frozen=True, slots=True)
class What:
    """What a schedule posts.

    Attributes:
        kind: prompt, quote, summary or section.
        section: The number of the section that it is from; 0 for any.
        prompt_kind: Of prompts, which kind; empty for any.
    """

    kind: str
    section: int = 0
    prompt_kind: str = ""

    def __str__(self) -> str:
        parts = [self.kind, *([f"section:{self.section}"] if self.section else [])]
        return " ".join([*parts, *([f"kind:{self.prompt_kind}"] if self.prompt_kind else [])])

    @classmethod
    def parse(cls, text: str) -> "What":
        """Read what :meth:`__str__` wrote."""
        kind, *named = text.split(" ")
        given = dict(each.split(":", 1) for each in named)
        return cls(kind, int(given.get("section", 0)), given.get("kind", ""))


@dataclass(frozen=True, slots=True)
class Made:
    """A post, and whether it is the last because everything was used; None if there is nothing to post."""

    post: Post | None
    is_last: bool = False


class Posts:
    """Makes posts for groups, in the order in which a circle would go through a reading."""

    def __init__(
        self,
        library: Library,
        readings: Readings,
        values: GroupValues,
        discussion: Discussion,
        quotes: Quotes,
        summaries: Summaries,
        given: Given,
    ) -> None:
        self._library = library
        self._readings = readings
        self._values = values
        self._discussion = discussion
        self._quotes = quotes
        self._summaries = summaries
        self._given = given

    async def what(self, caller: Caller, text: str, section: str = "", kind: str = "") -> What:
        """Read what a moderator wants to be posted.

        Raises:
            UserError: There is no such thing.
        """
        wanted = text.strip().casefold()
        wanted = _CALLED.get(wanted, wanted)
        if wanted not in KINDS:
            raise UserError(f"“{text.strip()[:40]}” cannot be scheduled. Choose one of {', '.join(KINDS)}.")
        if kind and wanted != PROMPT:
            raise UserError("Only prompts have a kind. Leave kind: out, or schedule prompt.")
        if section and wanted in (SUMMARY, SECTION):
            raise UserError(f"A schedule of {wanted} goes through all sections one by one. Leave section: out.")
        reading = await self._readings.of(caller)
        number = find_section(reading, section).number if section else 0
        found = What(wanted, number, prompt_kind(kind))
        if wanted == PROMPT and not await self._prompts(caller, reading, found):
            raise UserError(
                f"{reading.title} has no prompts that are all of that. /prompts list shows those there are."
            )
        return found

    async def preview(self, schedule: Schedule) -> Made:
        """Make what would be posted next, without using it up."""
        group = schedule.group

        async def look(reading: str, kind: str, choices: Sequence[str]) -> tuple[str, bool]:
            had = await self._given.had(group, reading, kind)
            fresh = [choice for choice in choices if choice not in had]
            return (fresh[0], False) if fresh else (choices[0], True)

        return await self.make(schedule, look)

    async def make(self, schedule: Schedule, choose: Choose, decided: str = "") -> Made:
        """Make what is posted.

        Args:
            choose: Decides and remembers what it is.
            decided: What was decided before, if anything.

        Raises:
            UserError: The reading is no longer what it was.
        """
        caller = Caller(user="", group=schedule.group, server=schedule.server)
        what = What.parse(schedule.what)
        reading = await self._readings.of(caller)
        values = await self._values.of(caller)
        if what.kind == QUOTE:
            return await self._quote(caller, reading, what, choose)
        prompts = await self._prompts(caller, reading, what) if what.kind == PROMPT else []
        choices = [each.id for each in prompts] or [str(each.number) for each in reading.sections]
        if what.kind == PROMPT and not prompts:
            return Made(None)
        if decided == THE_END or (not decided and await self._is_over(schedule, reading, what.kind, choices, values)):
            return Made(Post(_the_end(reading, what.kind, len(choices))), is_last=True)
        item, again = await choose(reading.slug, what.kind, choices)
        if what.kind == PROMPT:
            return Made(_prompt_post(prompts, item, what, again))
        return Made(await self._section_post(caller, reading, what.kind, item, again))

    async def _prompts(self, caller: Caller, reading: Reading, what: What) -> list[Prompt]:
        within = next((each for each in reading.sections if each.number == what.section), None)
        return await self._discussion.fitting(caller, reading, what.prompt_kind, within)

    async def _is_over(
        self, schedule: Schedule, reading: Reading, kind: str, choices: Sequence[str], values: Values
    ) -> bool:
        if values["afterwards"] != STOP:
            return False
        had = await self._given.had(schedule.group, reading.slug, kind)
        return all(choice in had for choice in choices)

    async def _quote(self, caller: Caller, reading: Reading, what: What, choose: Choose) -> Made:
        section = what.section if what.section <= len(reading.sections) else 0
        fresh = await self._quotes.fresh(caller, reading, section or None)
        item, _ = await choose(reading.slug, QUOTE, fresh)
        line = f"quote section:{section}" if section else "quote"
        return Made(Post(await self._quotes.alone(reading, item, line)))

    async def _section_post(self, caller: Caller, reading: Reading, kind: str, item: str, again: bool) -> Post:
        number = min(int(item), len(reading.sections))
        notes = (f"All {len(reading.sections)} sections have been posted here; beginning again.",) if again else ()
        if kind == SUMMARY:
            reply = await self._summaries.summary(caller, str(number))
            shown = Reply(reply.title, (*map(Prose, notes), *reply.pieces), actions=reply.actions)
            return Post(shown, line=f"summary {number}")
        return Post(await self._section(reading, number, notes))

    async def _section(self, reading: Reading, number: int, notes: Sequence[str]) -> Reply:
        """Announce a section: how long it is, and how it begins."""
        section = reading.sections[number - 1]
        paragraph = await self._library.paragraph(reading.slug, section.first)
        begins = reading.quotation(paragraph, Place(section.first, 1, 1))
        where = f"Section {number} of {len(reading.sections)}, ¶ {section.first}–{section.last}"
        about = f"{where}: {minutes_to_read(section.words)} to read. It begins:"
        return Reply(
            f"{number}. {section.heading}",
            (*map(Prose, notes), Prose(about), Quote(begins)),
            actions=(
                Action("Read it", f"read {number}"),
                Action("Summary", f"summary {number}"),
                Action("Discuss", f"discuss section:{number}"),
            ),
        )


def _prompt_post(prompts: Sequence[Prompt], item: str, what: What, again: bool) -> Post:
    """Post a prompt; one that was set aside since it was chosen gives way to the first that there is."""
    prompt = next((each for each in prompts if each.id == item), prompts[0])
    line = " ".join(["discuss", *str(What(PROMPT, what.section, what.prompt_kind)).split(" ")[1:]])
    reply = prompt_reply(prompt, line, (all_used(len(prompts)),) if again else ())
    return Post(reply, subject=prompt.question)


def _the_end(reading: Reading, kind: str, number: int) -> Reply:
    everything = f"All {number} prompts" if kind == PROMPT else f"All {number} sections"
    said = f"{everything} of {reading.title} have been posted here. This schedule ends with that."
    return Reply(reading.title, (Prose(said),), actions=(Action("A prompt all the same", "discuss"),))
