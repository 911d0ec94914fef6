"""Typed commands: one list of them, read the same on Matrix and in the terminal."""

import inspect
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.answers import Answers
from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.reply import Reply

log = logging.getLogger(__name__)

PREFIXES = ("/", "!")
BUG = "Something went wrong here; it has been logged."
# What an answer counts as where no command was recognised.
UNKNOWN = "unknown"
_MOST_SLIPS = 2


@dataclass(frozen=True, slots=True)
class Argument:
    """What a command can be given.

    Attributes:
        rest: Whether it takes the rest of the line; arguments after it are given by name.
        number: Whether it is a whole number.
    """

    name: str
    about: str
    required: bool
    rest: bool
    number: bool


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be asked for by name; ``run`` takes the caller and the arguments by name."""

    name: str
    about: str
    arguments: tuple[Argument, ...]
    run: Callable[..., Awaitable[Reply]]
    for_moderators: bool = False

    @property
    def usage(self) -> str:
        """How to type it, without a prefix: ``quote [words] [section:] [after:]``."""
        words = [self.name]
        named = False
        for argument in self.arguments:
            shown = f"{argument.name}:" if named else argument.name
            words.append(shown if argument.required else f"[{shown}]")
            named = named or argument.rest
        return " ".join(words)


def command(name: str, run: Callable[..., Awaitable[Reply]], rest: str = "", for_moderators: bool = False) -> Command:
    """Make a command of a feature's method; its docstring is the help.

    Args:
        rest: The argument that takes the rest of the line.

    Raises:
        ValueError: The docstring does not describe every argument.
    """
    about, described = _documentation(run)
    parameters = list(inspect.signature(run).parameters.values())[1:]
    names = [parameter.name for parameter in parameters]
    if set(names) != set(described) or (rest and rest not in names):
        raise ValueError(f"{name}: the docstring describes {sorted(described)}, the method takes {names}")
    arguments = tuple(
        Argument(
            name=parameter.name,
            about=described[parameter.name],
            required=parameter.default is inspect.Parameter.empty,
            rest=parameter.name == rest,
            number=parameter.annotation is int,
        )
        for parameter in parameters
    )
    return Command(name, about, arguments, run, for_moderators)


def _documentation(run: Callable[..., object]) -> tuple[str, dict[str, str]]:
    """Return a docstring's first sentence and its ``Args:``."""
    lines = (inspect.getdoc(run) or "").splitlines()
    arguments: dict[str, str] = {}
    within, name = False, ""
    for line in lines:
        if line == "Args:":
            within = True
        elif within and line and not line.startswith(" "):
            within = False
        elif within and (match := re.match(r"    (\w+): (.+)", line)):
            name = match[1]
            arguments[name] = match[2]
        elif within and line.strip() and name:
            arguments[name] += f" {line.strip()}"
    return lines[0] if lines else "", arguments


Guard = Callable[[Caller, Command], Awaitable[bool]]


async def _public(caller: Caller, found: Command) -> bool:
    return False


@lru_cache(8)
def commands_in_text(names: tuple[str, ...]) -> re.Pattern[str]:
    """Return what finds ``/quote`` in a sentence of ours, by the group ``name``.

    Of words in curly quotes it finds the whole, without a group: they are somebody else's, and stay as they are.
    """
    listed = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"“(?:[^“”]|“[^“”]*”)*”|(?<![^\s(])/(?P<name>{listed})(?=[\s.,;:!?)]|$)")


class Commands:
    """The commands that can be typed.

    Args:
        guard: Told who gives which command before it runs; returns whether only they may see the answer, and raises
            Refused where it is switched off.
        answers: Watches over them.
    """

    def __init__(self, commands: Sequence[Command], guard: Guard = _public, answers: Answers | None = None) -> None:
        self.all = tuple(commands)
        self._by_name = {each.name: each for each in commands}
        self._first_words = frozenset(each.name.split()[0] for each in commands if " " in each.name)
        self._guard = guard
        self._answers = answers or Answers()

    def named(self, name: str) -> Command:
        """Return a command by its name.

        Raises:
            UserError: There is none; says which is meant, if one is like it.
        """
        wanted = " ".join(name.casefold().split())
        if wanted in self._by_name:
            return self._by_name[wanted]
        parts = [each.name for each in self.all if each.name.startswith(f"{wanted} ")]
        if parts:
            raise UserError(f"“{_shown(wanted)}” needs one more word: {', '.join(parts)}.")
        near = process.extractOne(wanted[:40], list(self._by_name), scorer=OSA.distance, score_cutoff=_MOST_SLIPS)
        meant = f" Did you mean /{near[0]}?" if near else ""
        first = wanted.partition(" ")[0]
        group = f" {first}" if first in self._first_words else ""
        raise UserError(f"There is no command “{_shown(wanted)}”.{meant} /help{group} lists them all.")

    def parse(self, line: str) -> tuple[Command, dict[str, str | int]]:
        """Read a line, with or without its prefix.

        Raises:
            UserError: It is not a command, or not one with these arguments.
        """
        text = well_formed(line).strip()
        if text[:1] in PREFIXES:
            text = text[1:]
        words = text.split(None, 2)
        if not words:
            raise UserError("Type a command, for example /quote Cheka, or /help to see them all.")
        longer = " ".join(words[:2]).casefold()
        name = longer if longer in self._by_name or words[0].casefold() in self._first_words else words[0]
        found = self.named(name)
        rest = text.split(None, len(found.name.split()))[len(found.name.split()) :]
        return found, _arguments(found, rest[0] if rest else "")

    async def answer(self, caller: Caller, line: str) -> Reply:
        """Run a typed line.

        Raises:
            UserError: It cannot be done; Refused if the caller may not.
        """
        with self._answers.one(UNKNOWN, line):
            found, arguments = self.parse(line)
            with self._answers.one(found.name, line):
                if found.for_moderators and not caller.is_moderator:
                    raise Refused(f"Only moderators of this group may use {found.name}.")
                private = await self._guard(caller, found)
                reply = await found.run(caller, **arguments)
        return replace(reply, private=True) if private else reply


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer, and the sentence that says why."""

    kind: Literal["usage", "refused", "bug"]
    message: str


async def safely(answer: Awaitable[Reply]) -> Reply | Failure:
    """Wait for an answer, whatever comes of it: a bug is logged whole, and people are told one fixed sentence."""
    try:
        return await answer
    except Refused as error:
        return Failure("refused", str(error))
    except UserError as error:
        return Failure("usage", str(error))
    except Exception:  # a bug: logged whole, told in one fixed sentence, and nobody else's answer suffers
        log.exception("a command failed")
        return Failure("bug", BUG)


def well_formed(text: str) -> str:
    """Return text that can be stored: halves of surrogate pairs, which JSON and old terminals let through, become �."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _arguments(found: Command, text: str) -> dict[str, str | int]:
    """Read arguments: one word each, then the rest of the line, and any of them by its name."""
    given: dict[str, str | int] = {}
    before = [each for each in found.arguments if not each.rest]
    rest = next((each for each in found.arguments if each.rest), None)
    if rest:
        before = list(found.arguments[: found.arguments.index(rest)])
    named = {each.name: each for each in found.arguments if not each.rest}

    def take(match: re.Match[str]) -> str:
        name = match[1].casefold()
        if name in given:
            raise UserError(f"“{name}:” is there twice. Usage: /{found.usage}")
        given[name] = _value(named[name], match[2].strip())
        return " "

    if named:
        text = re.sub(rf"(?:(?<=\s)|^)({'|'.join(named)}):(\S+| \d+)(?=\s|$)", take, text, flags=re.IGNORECASE)
    for argument in before:
        if argument.name not in given and (words := text.split(None, 1)):
            given[argument.name] = _value(argument, words[0])
            text = words[1] if len(words) > 1 else ""
    text = text.strip()
    if rest and text.casefold().startswith(f"{rest.name}:"):
        text = text[len(rest.name) + 1 :].strip()
    if rest and text:
        given[rest.name] = _value(rest, text)
    elif text:
        raise UserError(f"/{found.name} takes nothing more than that. Usage: /{found.usage}")
    missing = [each for each in found.arguments if each.required and each.name not in given]
    if missing:
        raise UserError(f"/{found.name} needs {missing[0].name}: {missing[0].about} Usage: /{found.usage}")
    return given


def _value(argument: Argument, text: str) -> str | int:
    if not argument.number:
        return text
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise UserError(f"{argument.name} is a whole number, not “{_shown(text)}”.")
    return int(text)


def _shown(text: str, most: int = 40) -> str:
    """Shorten what was typed so that it can stand in a sentence."""
    printable = "".join(char for char in text if char.isprintable())
    return printable if len(printable) <= most else f"{printable[:most]}…"
