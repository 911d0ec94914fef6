"""Completes what is typed in the chat: commands, sections, words of the reading, names of arguments."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from bot.app import App
from bot.caller import Caller
from bot.characters import one_line
from bot.commands import PREFIXES, Argument, Command, Commands
from bot.recurrence.when import EXAMPLES
from bot.recurrence.zones import zone_names

_MOST = 40
_LONGEST_TERM = 4  # words
_LIST = re.compile(r"[\w-]+(?:, (?!or )[\w-]+)*,? or [\w-]+\.")


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be put into a line.

    Attributes:
        keys: What it can be begun with, folded.
        display: How it stands in the menu.
        about: What stands beside it there.
    """

    text: str
    keys: tuple[str, ...]
    display: str
    about: str = ""


Choices = Mapping[str, tuple[Choice, ...]]


async def choices(app: App, caller: Caller) -> Choices:
    """Return what the arguments of commands can be, in the order to be offered.

    They stand under the argument's name, or under the command's and the argument's where only it can be that.
    """
    reading = await app.readings.of(caller)
    sections = tuple(
        Choice(str(each.number), _keys(str(each.number), each.heading), f"{each.number} {each.heading}")
        for each in reading.sections
    )
    terms = await _terms(app, reading.slug)
    named = [
        (f"{command.name} {argument.name}", argument) for command in app.commands.all for argument in command.arguments
    ]
    zones = tuple(Choice(name, (_fold(name), _fold(name.rpartition("/")[2])), name) for name in zone_names())
    return {
        "section": sections,
        "place": sections,
        "words": terms,
        "about": terms,
        "term": terms,
        "command": _plain(each.name for each in app.commands.all),
        "config timezone value": zones,
        "schedule add when": _plain(EXAMPLES),
        **{name: _plain(listed(each.about)) for name, each in named if listed(each.about)},
    }


def listed(about: str) -> list[str]:
    """Return the words that an argument can be, where its description is a list of them: “me, or group.”."""
    return [word for word in re.findall(r"[\w-]+", about) if word != "or"] if _LIST.fullmatch(about) else []


async def _terms(app: App, slug: str) -> tuple[Choice, ...]:
    """Return the words of a reading with how often they stand there, and the glossary's terms, commonest first."""
    uses = {_fold(word): (word, number) for word, number in await app.library.vocabulary(slug)}
    kinds: dict[str, str] = {}
    for entry in (await app.library.study(slug)).glossary:
        key = _fold(entry.term)
        kinds[key] = entry.kind
        if key not in uses and entry.mentions:
            uses[key] = (entry.term, len(entry.mentions))
    ordered = sorted(uses.items(), key=lambda item: -item[1][1])
    return tuple(
        Choice(word, (key,), f"{one_line(word)}  {number}×", kinds.get(key, "")) for key, (word, number) in ordered
    )


def _plain(texts: Iterable[str]) -> tuple[Choice, ...]:
    return tuple(Choice(text, (_fold(text),), text) for text in texts)


def _keys(number: str, heading: str) -> tuple[str, ...]:
    return (number, _fold(heading), *_fold(heading).split())


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("’", "'")


class CommandCompleter(Completer):
    """Completes lines of these commands."""

    def __init__(self, commands: Commands, choices: Choices) -> None:
        self._commands = commands
        self._choices = choices

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Give what the line before the cursor can go on with."""
        text = document.text_before_cursor.lstrip()
        prefix = text[:1] if text[:1] in PREFIXES else ""
        yield from self._names(prefix, text.removeprefix(prefix))
        command = self._command(text.removeprefix(prefix))
        if command:
            name_length = len(prefix) + len(command.name) + 1
            yield from self._arguments(command, text[name_length:], complete_event.completion_requested)

    def _names(self, prefix: str, typed: str) -> Iterator[Completion]:
        begun = " ".join(typed.casefold().split()) + (" " if typed[-1:].isspace() else "")
        for command in self._commands.all:
            if command.name.startswith(begun) and (prefix or begun):
                yield Completion(
                    f"{prefix}{command.name}",
                    start_position=-len(prefix + typed),
                    display=f"{prefix}{command.usage}",
                    display_meta=command.about,
                )

    def _command(self, typed: str) -> Command | None:
        """Return the command of a line that goes on after its name."""
        lowered = typed.casefold()
        found = [each for each in self._commands.all if lowered.startswith(f"{each.name} ")]
        return max(found, key=lambda each: len(each.name), default=None)

    def _arguments(self, command: Command, typed: str, requested: bool) -> Iterator[Completion]:
        word = typed.rsplit(None, 1)[-1] if typed and not typed[-1].isspace() else ""
        positional, named = _parted(command)
        name, colon, begun = word.partition(":")
        if colon and name.casefold() in named:
            for choice in self._fitting(command, name.casefold(), begun):
                yield _completion(choice, len(begun), f"{name}:{choice.text}")
            return
        values: list[Completion] = []
        if positional and (word or requested or positional.name not in ("words", "about", "term")):
            values = [
                _completion(each, len(tail))
                for tail in _tails(typed, word)
                for each in self._fitting(command, positional.name, tail)
            ]
        names = [
            Completion(f"{argument.name}:", start_position=-len(word), display_meta=argument.about)
            for argument in named.values()
            if argument.name.startswith(word.casefold()) and f" {argument.name}:" not in f" {typed.casefold()}"
        ]
        # What the line is about comes first, and then what it is narrowed by.
        yield from values + names if typed.strip() == word else names + values

    def _fitting(self, command: Command, argument: str, begun: str) -> list[Choice]:
        folded = _fold(begun)
        own = self._choices.get(f"{command.name} {argument}")
        fitting = [
            choice
            for choice in (self._choices.get(argument, ()) if own is None else own)
            if any(key.startswith(folded) and key != folded for key in choice.keys)
        ]
        return fitting[:_MOST]


def _parted(command: Command) -> tuple[Argument | None, dict[str, Argument]]:
    """Return the argument that takes the rest of the line, and those that are given by name."""
    rest = next((each for each in command.arguments if each.rest), None)
    return rest, {each.name: each for each in command.arguments if not each.rest}


def _tails(typed: str, word: str) -> list[str]:
    """Return the last words of a line, longest first: what is begun may be a term of several words."""
    if not word:
        return [""]
    parts = typed.split(" ")[-_LONGEST_TERM:]
    return [tail for tail in (" ".join(parts[start:]) for start in range(len(parts))) if tail.strip()]


def _completion(choice: Choice, length: int, display: str = "") -> Completion:
    about = choice.display if display else choice.about
    return Completion(choice.text, start_position=-length, display=display or choice.display, display_meta=about)
