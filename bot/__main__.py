"""``python -m bot``: a chat in the terminal, one answer, or answers for a script."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import TextIOWrapper

from bot import __version__, logs
from bot.commands import BUG
from bot.errors import UserError
from bot.library.source import DataError
from bot.platforms.terminal.ask import EXIT_CODES, USAGE, ask, ask_lines, local_caller
from bot.platforms.terminal.chat import chat
from bot.settings import Configuration, SettingsError, read_configuration
from bot.store.state import StateError

# After BSD's sysexits.h, and as shells count signals.
CANNOT_START, INTERRUPTED, PIPE_CLOSED = 78, 130, 141

Arguments = Callable[[argparse.ArgumentParser], None]
Work = Callable[[argparse.Namespace, Mapping[str, str]], Awaitable[int]]

ABOUT = "A study circle in the terminal: without arguments, a chat with the reading."
EPILOG = """\
exit codes:
  0   answered; that nothing was found is an answer
  2   what was typed cannot be done
  69  a chat service cannot be reached
  70  a bug, which has been logged on standard error
  73  a backup could not be written
  77  refused: only moderators may do this
  78  cannot start: readings, state folder or configuration cannot be used, or a token is refused
  health exits with 1 where something is wrong; doctor with 1 where something should be looked at, 2 where it must be

for developers: ./kruzhok test, ./kruzhok check, ./kruzhok bench
"""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """What the operator can do beside chatting and asking.

    Attributes:
        find: Imports what does it, if it is asked for, so that nobody else waits for it; returns what adds its
            arguments to a parser, and what does it, given them and the environment, and returns the exit code.
    """

    name: str
    about: str
    find: Callable[[], tuple[Arguments, Work]]


def _run() -> tuple[Arguments, Work]:
    from bot.run import run

    return _no_arguments, lambda _, environment: run(environment)


def _invite() -> tuple[Arguments, Work]:
    from bot.run import invite

    return _no_arguments, lambda _, environment: invite(environment)


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def _health() -> tuple[Arguments, Work]:
    from bot.operating.health import health

    return _no_arguments, health


def _setup() -> tuple[Arguments, Work]:
    from bot.operating.setup import add_arguments, setup

    return add_arguments, setup


def _doctor() -> tuple[Arguments, Work]:
    from bot.operating.doctor import add_arguments, doctor

    return add_arguments, doctor


def _backup() -> tuple[Arguments, Work]:
    from bot.operating.typed import add_backup_arguments, backup

    return add_backup_arguments, backup


def _restore() -> tuple[Arguments, Work]:
    from bot.operating.typed import add_restore_arguments, restore

    return add_restore_arguments, restore


SUBCOMMANDS = (
    Subcommand("run", "run on the chat services that are configured", _run),
    Subcommand("invite", "print the links by which people get the bot on Discord", _invite),
    Subcommand("health", "ask the running bot how it is: 0 if all is well, 1 if not", _health),
    Subcommand("setup", "ask for what the bot needs, try it and write it down", _setup),
    Subcommand("doctor", "look over what the bot needs, and say how to put it right", _doctor),
    Subcommand("backup", "copy state, Matrix device and settings into one file, while the bot runs", _backup),
    Subcommand("restore", "put a backup back, and keep what was there", _restore),
)


def main(words: Sequence[str]) -> int:
    """Do what the command line asks for; returns the exit code."""
    found = {each.name: each.find() for each in SUBCOMMANDS if each.name in words}
    parser = _parser({name: arguments for name, (arguments, _) in found.items()})
    arguments = parser.parse_args(words)
    if arguments.command == "ask" and bool(arguments.line) == arguments.jsonl:
        parser.error("ask takes one line, such as ask /quote Cheka, or --jsonl and lines on standard input")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        if arguments.command in found:
            return asyncio.run(_done(found[arguments.command][1](arguments, os.environ)))
        return asyncio.run(_talk(arguments))
    except SettingsError as error:
        return _tell(str(error), CANNOT_START)
    except UserError as error:
        return _tell(str(error), USAGE)
    except (DataError, StateError) as error:
        return _tell(f"Kruzhok cannot start: {error}", CANNOT_START)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has left; what is still in the buffer must not raise it again at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception:  # a bug: logged whole, told in one fixed sentence
        logging.getLogger(__name__).exception("Kruzhok ends")
        return _tell(BUG, EXIT_CODES["bug"])


async def _done(work: Awaitable[int]) -> int:
    return await work


async def _talk(arguments: argparse.Namespace) -> int:
    """Chat, or answer what was asked."""
    configuration = read_configuration(os.environ)
    settings = configuration.folders
    can_show = sys.stdout.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
    if arguments.command is None:
        pretty = can_show and sys.stdin.isatty()
        if not pretty:
            _log_to_standard_error(configuration)
        return await chat(settings, pretty=pretty, reading=arguments.reading)
    _log_to_standard_error(configuration)
    if arguments.jsonl:
        return await ask_lines(settings, sys.stdin.buffer, arguments.reading, arguments.now)
    return await ask(
        settings,
        " ".join(arguments.line),
        local_caller(arguments.moderator, arguments.reading),
        as_object=arguments.json,
        pretty=can_show,
        now=arguments.now,
    )


def _log_to_standard_error(configuration: Configuration) -> None:
    """Log what goes wrong; what goes well is shown."""
    logs.begin(replace(configuration.log, level="warning"), configuration.secrets)
    # Reading a pipe does not give way to asyncio's own handler, which waits for it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _parser(further: Mapping[str, Arguments]) -> argparse.ArgumentParser:
    """Make the parser; ``further`` adds the arguments of those subcommands that may have been asked for."""
    parser = argparse.ArgumentParser(
        "kruzhok", description=ABOUT, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"Kruzhok {__version__}")
    about_reading = "ask this reading; by default the library's first"
    parser.add_argument("--reading", metavar="SLUG", help=about_reading)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    asking = commands.add_parser("ask", help="answer one line, or lines of JSON", description="Answer, and end.")
    asking.add_argument("line", nargs="*", metavar="LINE", help="a command, such as /quote Cheka")
    shape = asking.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print one JSON object")
    shape.add_argument(
        "--jsonl",
        action="store_true",
        help='read one JSON object a line, {"line": "/quote Cheka"}, optionally with group, user and moderator,'
        " and print one for each",
    )
    asking.add_argument("--reading", default=argparse.SUPPRESS, metavar="SLUG", help=about_reading)
    asking.add_argument("--now", type=_time, metavar="TIME", help="answer as if it were 2026-05-01T00:30:00Z")
    asking.add_argument("--moderator", action="store_true", help="ask as a moderator of the local group")
    for each in SUBCOMMANDS:
        add_arguments = further.get(each.name, _no_arguments)
        add_arguments(commands.add_parser(each.name, help=each.about))
    return parser


def _time(text: str) -> datetime:
    wrong = argparse.ArgumentTypeError(f"“{text}” is not a time with its zone. Write it like 2026-05-01T00:30:00Z.")
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise wrong from None
    if time.tzinfo is None:
        raise wrong
    return time


def _tell(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
