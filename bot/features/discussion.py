"""Gives discussion prompts: each with the passage it starts from, none twice before all were used."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from random import Random

from bot.caller import Caller
from bot.errors import UserError
from bot.features.prompts import Prompts
from bot.features.quotes import nothing_found
from bot.features.readings import Readings, find_place, find_section
from bot.library.library import Findings, Library
from bot.library.study import PROMPT_KINDS
from bot.library.words import words
from bot.reading import Place, Prompt, Reading, Section
from bot.reply import Action, Piece, Prose, Question, Reply
from bot.store.given import Given

# Where the words of a prompt stand says how much it is about them.
_IN_QUESTION, _IN_PASSAGE, _ELSEWHERE = 3.0, 2.0, 1.0
_MOST_PASSAGES = 5


class Discussion:
    """Discussion prompts for the reading that a group reads."""

    def __init__(
        self,
        library: Library,
        readings: Readings,
        prompts: Prompts,
        given: Given,
        now: Callable[[], datetime],
        random: Random,
    ) -> None:
        self._library = library
        self._readings = readings
        self._prompts = prompts
        self._given = given
        self._now = now
        self._random = random

    async def discuss(self, caller: Caller, about: str = "", kind: str = "", section: str = "") -> Reply:
        """Give a discussion prompt with its passage, one that the group has not had.

        Args:
            about: What it should be about: words, or a place such as ¶7.
            kind: interpretive, evaluative, connecting, applying or factual.
            section: Only from this section: its number or a word of its heading.
        """
        reading = await self._readings.of(caller)
        wanted = prompt_kind(kind)
        within = find_section(reading, section) if section else None
        prompts = await self.fitting(caller, reading, wanted, within)
        if about.strip():
            prompts, findings = await self._about(reading, about, prompts)
            if not prompts and findings and not findings.passages:
                return await nothing_found(self._library, reading, about, findings)
        else:
            self._random.shuffle(prompts)
        if not prompts:
            return _none(reading)
        chosen, again = await self._given.give_first(
            caller.group, reading.slug, "prompt", [prompt.id for prompt in prompts], self._now()
        )
        line = " ".join(
            ["discuss", *about.split(), *([f"kind:{wanted}"] if wanted else [])]
            + ([f"section:{within.number}"] if within else [])
        )
        prompt = next(each for each in prompts if each.id == chosen)
        return prompt_reply(prompt, line, (all_used(len(prompts)),) if again else ())

    async def fitting(self, caller: Caller, reading: Reading, kind: str, within: Section | None) -> list[Prompt]:
        """Return the prompts of a group of one kind or any, in one section or all, in the reading's order."""
        return [
            prompt
            for prompt in await self._prompts.of(caller, reading)
            if kind in ("", prompt.kind) and (within is None or prompt.passage.section == within.number)
        ]

    async def prompt(self, caller: Caller, number: str) -> Prompt:
        """Return a prompt that was given before, by its id.

        Raises:
            UserError: It is no longer there.
        """
        return await self._prompts.named(caller, number)

    async def _about(
        self, reading: Reading, about: str, prompts: Sequence[Prompt]
    ) -> tuple[list[Prompt], Findings | None]:
        """Return the prompts on a topic, the most fitting first."""
        place = _place(reading, about)
        if place is not None:
            return [prompt for prompt in prompts if _near(prompt, place)], None
        findings = await self._library.search(reading.slug, about)
        stem = (await self._library.language(reading.slug)).stem
        scores: dict[str, float] = {}
        for prompt in prompts:
            scores[prompt.id] = sum(term.weight * _weight(prompt, term.stems, stem) for term in findings.question.terms)
        best = max(scores.values(), default=0)
        fitting = [prompt for prompt in prompts if scores[prompt.id] > 0 and scores[prompt.id] >= best / 2]
        if not fitting:
            places = [found.place for found in findings.passages[:_MOST_PASSAGES]]
            fitting = [prompt for prompt in prompts if any(_near(prompt, place.paragraph) for place in places)]
        return sorted(fitting, key=lambda prompt: -scores[prompt.id]), findings


def prompt_reply(prompt: Prompt, line: str, notes: Sequence[str] = ()) -> Reply:
    """Return a prompt to be shown, with what can be done next.

    Args:
        line: What gives another.
    """
    place = prompt.passage.address.place
    pieces: tuple[Piece, ...] = (*(Prose(note) for note in notes), Question(prompt))
    another, context, cite = (
        Action("Another", line),
        Action("Context", f"read ¶{place.paragraph}"),
        Action("Cite", f"cite {place}"),
    )
    title = f"{prompt.passage.section}. {prompt.passage.heading}"
    return Reply(title, pieces, actions=(another, context, cite))


def all_used(number: int) -> str:
    """Say that prompts begin again."""
    how_many = f"All {number} prompts" if number > 1 else "The one prompt"
    return f"{how_many} that fit {'have' if number > 1 else 'has'} been used here; beginning again."


def _weight(prompt: Prompt, stems: Mapping[str, float], stem: Callable[[str], str]) -> float:
    """Return how much a prompt is about a term."""
    parts = (
        (_IN_QUESTION, f"{prompt.question} {' '.join(prompt.themes)}"),
        (_IN_PASSAGE, prompt.passage.text),
        (_ELSEWHERE, " ".join((*prompt.follow_ups, *prompt.positions))),
    )
    return sum(
        weight * max((stems.get(stem(word.text), 0.0) for word in words(text)), default=0.0) for weight, text in parts
    )


def _place(reading: Reading, about: str) -> Place | int | None:
    if not any(char.isdigit() for char in about):
        return None
    try:
        place = find_place(reading, about)
    except UserError:
        return None
    return None if isinstance(place, Section) else place


def _near(prompt: Prompt, place: Place | int) -> bool:
    own = prompt.passage.address.place
    return own.paragraph == (place if isinstance(place, int) else place.paragraph)


def prompt_kind(text: str) -> str:
    """Return the kind of prompts that somebody means; empty for any.

    Raises:
        UserError: There is none of that name.
    """
    wanted = text.strip().casefold()
    if wanted and wanted not in PROMPT_KINDS:
        raise UserError(f"There is no kind “{text[:40]}”. Choose one of {', '.join(PROMPT_KINDS)}.")
    return wanted


def _none(reading: Reading) -> Reply:
    if not reading.prompts:
        return Reply("No prompt", (Prose("Nobody has written discussion prompts for this reading yet."),))
    return Reply(
        "No prompt",
        (Prose(f"No discussion prompt for {reading.title} is all of that."),),
        actions=(Action("Any prompt", "discuss"),),
    )
