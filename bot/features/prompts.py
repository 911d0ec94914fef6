"""The prompts of a group: the reading's, and beside them those that its moderators wrote; less those set aside."""

from collections.abc import Callable
from datetime import datetime

from bot.caller import Caller
from bot.errors import UserError
from bot.features.pages import page_of, turning
from bot.features.quotes import find_sentences
from bot.features.readings import Readings
from bot.library.library import Library
from bot.reading import Place, Prompt, Quotation, Reading
from bot.reply import Action, Bullets, Prose, Question, Reply
from bot.store.own_prompts import OWN, OwnPrompt, OwnPrompts

MOST, LONGEST, SHORTEST = 200, 500, 8
_MINUTES = 15
_SHOWN = 90


class Prompts:
    """What a group discusses."""

    def __init__(self, library: Library, readings: Readings, own: OwnPrompts, now: Callable[[], datetime]) -> None:
        self._library = library
        self._readings = readings
        self._own = own
        self._now = now

    async def of(self, caller: Caller, reading: Reading) -> list[Prompt]:
        """Return the prompts that a group wants, by section; its own come after the reading's."""
        unwanted = await self._own.set_aside(caller.group, reading.slug)
        return [prompt for prompt in await self._all(caller, reading) if prompt.id not in unwanted]

    async def everything(self, caller: Caller) -> list[Prompt]:
        """Return all prompts for what a group reads, those that are set aside too."""
        return await self._all(caller, await self._readings.of(caller))

    async def named(self, caller: Caller, number: str) -> Prompt:
        """Return a prompt by its id, also one that is set aside.

        Raises:
            UserError: There is none any more.
        """
        reading = await self._readings.of(caller)
        for prompt in await self._all(caller, reading):
            if prompt.id == number:
                return prompt
        raise UserError("This prompt is no longer there. Ask for another: /discuss")

    async def _all(self, caller: Caller, reading: Reading) -> list[Prompt]:
        found = list((await self._library.study(reading.slug)).prompts)
        found += [
            _prompt(own, await self._quotation(reading, Place.parse(own.place)))
            for own in await self._own.of(caller.group, reading.slug)
        ]
        return sorted(found, key=lambda prompt: prompt.passage.section)

    async def _quotation(self, reading: Reading, place: Place) -> Quotation:
        """Quote a place that was there when the prompt was written; where the text is shorter now, its nearest."""
        paragraph = await self._library.paragraph(reading.slug, min(place.paragraph, reading.paragraphs))
        last = min(place.last, len(paragraph.spans))
        return reading.quotation(paragraph, Place(paragraph.number, min(place.first, last), last))

    async def add(self, caller: Caller, question: str, passage: str = "") -> Reply:
        """Add a prompt of the group's own to those of the reading.

        Args:
            question: The question, as members will see it.
            passage: The sentences it starts from, e.g. 7.2-3; without it, those that answer it best.
        """
        asked = " ".join(question.split())
        if not SHORTEST <= len(asked) <= LONGEST:
            raise UserError(f"A question has {SHORTEST} to {LONGEST} characters; this has {len(asked)}.")
        reading = await self._readings.of(caller)
        place = await self._place(reading, asked, passage)
        added = await self._own.add(caller.group, reading.slug, asked, str(place), caller.user, self._now(), MOST)
        if added is None:
            raise UserError(f"A group has at most {MOST} prompts of its own, and this one has them.")
        prompt = _prompt(added, await self._quotation(reading, place))
        said = Prose(f"Prompt {added.id} is given by /discuss and by schedules from now on.")
        aside = _switch("disable", added.id, "Set aside")
        return Reply("Prompt added", (said, Question(prompt)), private=True, actions=(aside,))

    async def _place(self, reading: Reading, question: str, passage: str) -> Place:
        if passage:
            return await find_sentences(self._library, reading, passage.strip().removeprefix("¶").strip())
        found = (await self._library.search(reading.slug, question)).passages
        if not found:
            raise UserError(
                "The reading has no passage that answers these words. Say from which one the question starts, e.g. "
                "passage:7.2 (/search finds it)."
            )
        return found[0].place

    async def list(self, caller: Caller, page: int = 1) -> Reply:
        """List the prompts of this group, with those that are set aside.

        Args:
            page: Which page of the list.
        """
        reading = await self._readings.of(caller)
        prompts = await self._all(caller, reading)
        unwanted = await self._own.set_aside(caller.group, reading.slug)
        items = tuple(_line(prompt, prompt.id in unwanted) for prompt in page_of(prompts, page))
        counted = f"{len(prompts)} prompts, {sum(each.id in unwanted for each in prompts)} of them set aside."
        own = f" Those whose number begins with {OWN} are the group's own."
        actions = turning(prompts, page, "prompts list", "Next page", "Page before")
        said = Prose(counted + own)
        return Reply(f"Prompts for {reading.title}", (said, Bullets(items)), private=True, actions=actions)

    async def disable(self, caller: Caller, prompt: str) -> Reply:
        """Set a prompt aside: neither discuss nor schedules give it here.

        Args:
            prompt: Its name in the list of prompts.
        """
        return await self._want(caller, prompt, wanted=False)

    async def enable(self, caller: Caller, prompt: str) -> Reply:
        """Take back a prompt that was set aside.

        Args:
            prompt: Its name in the list of prompts.
        """
        return await self._want(caller, prompt, wanted=True)

    async def _want(self, caller: Caller, number: str, wanted: bool) -> Reply:
        reading = await self._readings.of(caller)
        found = next((each for each in await self._all(caller, reading) if each.id == number.strip()), None)
        if found is None:
            raise UserError(f"There is no prompt “{number.strip()[:40]}”. /prompts list names them all.")
        changed = await self._own.want(caller.group, reading.slug, found.id, wanted, caller.user, self._now())
        state = "is given here" if wanted else "is set aside here"
        said = f"Prompt {found.id} {state}{' now' if changed else ' already'}: {found.question}"
        back = _switch("disable", found.id, "Set aside") if wanted else _switch("enable", found.id, "Undo")
        left = "" if wanted or await self.of(caller, reading) else " No prompt is left: /discuss has nothing to give."
        return Reply("Prompts", (Prose(said + left),), private=True, actions=(back,))


def _prompt(own: OwnPrompt, passage: Quotation) -> Prompt:
    return Prompt(own.id, own.question, "interpretive", "core", _MINUTES, passage)


def _line(prompt: Prompt, is_set_aside: bool) -> str:
    question = prompt.question if len(prompt.question) <= _SHOWN else f"{prompt.question[:_SHOWN].rsplit(' ', 1)[0]} …"
    return f"{prompt.id} (¶ {prompt.passage.address.place}): {question}{' (set aside)' if is_set_aside else ''}"


def _switch(name: str, number: str, label: str) -> Action:
    return Action(label, f"prompts {name} {number}")
