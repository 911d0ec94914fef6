"""``setup``: asks for what the bot needs, tries it, writes it down, and waits for the first server or room."""

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.errors import CannotServe, UserError
from bot.operating.first import first_place
from bot.operating.questions import Questions
from bot.operating.settings_file import changed, write_private
from bot.settings import FILE, KNOWN, Configuration, SettingsError, read_configuration, state_folder
from bot.sources import LARGEST_SECRET, CannotRead, read_bounded

DONE, UNAVAILABLE, REFUSED = 0, 69, 78
_TRIES = 3
_FLAG_DISCORD, _FLAG_USER = "--discord-token-file", "--matrix-user"
_FLAG_PASSWORD, _FLAG_TOKEN = "--matrix-password-file", "--matrix-token-file"
_HOMESERVER, _USER = "KRUZHOK_MATRIX_HOMESERVER", "KRUZHOK_MATRIX_USER"
_PASSWORD, _TOKEN = "KRUZHOK_MATRIX_PASSWORD", "KRUZHOK_MATRIX_TOKEN"
_MINUTES, _MOST_MINUTES = 10, 24 * 60
_PLACES = {known.variable: known.place for known in KNOWN}
WELCOME = "Kruzhok is set up on Discord, on Matrix, or on both. Press Enter to leave one out."
NOTHING = "Nothing was set up. To try Kruzhok without an account: ./kruzhok"
FROM_ENVIRONMENT = "{name} is set in the environment, which counts before the file."
ONE_SECRET = f"On Matrix the bot logs in with a password or a token: say {_FLAG_PASSWORD} or {_FLAG_TOKEN}, not both."
CANNOT_WRITE = "{file} cannot be written: {reason}. Make its folder writable, or name another with --state."
NOBODY = (
    "There is nobody to ask. Say what is to be set up: on Discord with --discord-token-file, on Matrix with "
    "--matrix-homeserver, --matrix-user and --matrix-password-file; ./kruzhok setup --help lists it all."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be said to it; every question has its flag."""
    parser.description = (
        "Ask for what the bot needs, try it, and write it to a file that only you can read. Each question has a flag; "
        "where services are named by flags, nothing is asked about others. A file with a secret is named in the "
        "settings, not copied; - reads the secret from standard input, and it is copied."
    )
    parser.add_argument("--state", metavar="FOLDER", help="the folder for databases and settings")
    parser.add_argument("--discord-token-file", metavar="FILE", help="a file with the bot's token on Discord")
    parser.add_argument("--matrix-homeserver", metavar="URL", help="the homeserver, like https://matrix.example.org")
    parser.add_argument("--matrix-user", metavar="USER", help="the account there, like @kruzhok:example.org")
    parser.add_argument("--matrix-password-file", metavar="FILE", help="a file with its password")
    parser.add_argument(
        "--matrix-token-file", metavar="FILE", help="or a file with an access token of a device of its own"
    )
    parser.add_argument("--yes", action="store_true", help="write without asking")
    parser.add_argument("--no-wait", action="store_true", help="do not wait for the first server or room")
    about = f"how long to wait for it, {_MINUTES} by default"
    parser.add_argument("--minutes", type=_minutes, default=_MINUTES, metavar="MINUTES", help=about)
    parser.add_argument("--test-prompt", action="store_true", help="post a prompt there, to try it, without asking")


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1
    if not 0 <= minutes <= _MOST_MINUTES:
        raise argparse.ArgumentTypeError(f"“{text}” is no number of minutes from 0 to {_MOST_MINUTES}.")
    return minutes


@dataclass
class _Draft:
    """What is to be written, and the environment in which it would hold.

    Attributes:
        changes: By table and key, as in the settings file; None takes something out.
    """

    environment: dict[str, str]
    changes: dict[str, str | None] = field(default_factory=dict)

    def say(self, name: str, value: str, file: str = "") -> None:
        """Take an answer; a secret that has a file of its own is named by it."""
        self.environment.pop(f"{name}_FILE", None)
        self.environment[name] = value
        place = _PLACES[name]
        if file:
            self.changes[f"{place}_file"] = file
            self.changes[place] = None
        else:
            self.changes[place] = value
            self.changes[f"{place}_file"] = None

    def leave_out(self, name: str) -> None:
        """Take a setting out of the file, and count it as not there."""
        for each in (name, f"{name}_FILE"):
            self.environment.pop(each, None)
        self.changes |= {_PLACES[name]: None, f"{_PLACES[name]}_file": None}

    def take_back(self, *names: str) -> None:
        """Forget answers that were wrong."""
        for name in names:
            self.environment.pop(name, None)
            self.changes.pop(_PLACES[name], None)
            self.changes.pop(f"{_PLACES[name]}_file", None)

    def settings(self) -> Configuration:
        """Return the settings as they would be.

        Raises:
            SettingsError: They cannot be.
        """
        return read_configuration(self.environment)


async def setup(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Set the bot up; returns the exit code.

    Raises:
        UserError: There is nobody to ask, or an answer cannot be.
        SettingsError: What is there already cannot be.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    variables = _variables(environment, arguments.state)
    file = _file(variables)
    questions, draft = Questions(arguments.yes), _Draft(variables)
    if arguments.matrix_token_file and arguments.matrix_password_file:
        raise UserError(ONE_SECRET)
    on_matrix = any(value for flag, value in vars(arguments).items() if flag.startswith("matrix_"))
    is_named = bool(arguments.discord_token_file or on_matrix)
    if not is_named:
        if not questions.is_possible:
            raise UserError(NOBODY)
        print(WELCOME)
    try:
        if arguments.discord_token_file or not is_named:
            await _discord(draft, questions, arguments.discord_token_file)
        if on_matrix or not is_named:
            await _matrix(draft, questions, arguments)
    except CannotServe as error:
        print(error, file=sys.stderr)
        return REFUSED if error.is_refusal else UNAVAILABLE
    if not draft.changes:
        print(NOTHING)
        return DONE
    if not _written(draft, questions, file, environment):
        return DONE
    settings = draft.settings()
    await _show_ways_in(settings, environment, arguments.state)
    if not arguments.no_wait:
        await first_place(settings, questions, arguments.minutes * 60, arguments.test_prompt)
    print("To start the bot: ./kruzhok run")
    return DONE


def _variables(environment: Mapping[str, str], state: str | None) -> dict[str, str]:
    said = {"KRUZHOK_STATE": str(Path(state).expanduser().absolute())} if state else {}
    return {**environment, **said}


def _file(variables: Mapping[str, str]) -> Path:
    named = variables.get("KRUZHOK_SETTINGS", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    return state_folder(variables.get("KRUZHOK_STATE", "").strip()) / FILE


async def _discord(draft: _Draft, questions: Questions, file: str | None) -> None:
    """Ask for the token until Discord accepts it, three times.

    Raises:
        CannotServe: Discord does not accept it, or cannot be reached.
    """
    from bot.platforms.discord.checking import logged_in

    for left in reversed(range(_TRIES)):
        token, named = _secret_in(file) if file else (questions.secret("The bot's token on Discord", _FLAG_DISCORD), "")
        if not token:
            return
        draft.say("KRUZHOK_DISCORD_TOKEN", token, named)
        settings = draft.settings().discord
        if settings is None:
            return
        try:
            async with logged_in(settings) as there:
                print(f"Discord knows the bot as {there.name}.")
            return
        except CannotServe as error:
            if file or not left or not error.is_refusal:
                raise
            print(error)
            draft.take_back("KRUZHOK_DISCORD_TOKEN")


async def _matrix(draft: _Draft, questions: Questions, arguments: argparse.Namespace) -> None:
    """Ask for the account until the homeserver lets it in, three times.

    Raises:
        CannotServe: It does not, or cannot be reached.
    """
    for left in reversed(range(_TRIES)):
        asked = "The Matrix homeserver's address, like https://matrix.example.org"
        address = arguments.matrix_homeserver or questions.text(asked, "--matrix-homeserver")
        if not address:
            return
        user = arguments.matrix_user or questions.text("The bot's account there, like @kruzhok:example.org", _FLAG_USER)
        secret_is, secret, named = _proof(questions, arguments)
        for name, value, where in ((_HOMESERVER, address, ""), (_USER, user, ""), (secret_is, secret, named)):
            if value:
                draft.say(name, value, where)
        if secret:
            draft.leave_out(_PASSWORD if secret_is == _TOKEN else _TOKEN)
        try:
            settings = draft.settings().matrix
            if settings is not None:
                from bot.platforms.matrix.checking import log_in

                if secret_is == _TOKEN:
                    settings = replace(settings, password="")  # the file may have one yet
                print(f"The homeserver knows the bot as {await log_in(settings)}.")
            return
        except (SettingsError, CannotServe) as error:
            if not left or arguments.matrix_homeserver or (isinstance(error, CannotServe) and not error.is_refusal):
                raise
            print(error)
            draft.take_back(_HOMESERVER, _USER, _PASSWORD, _TOKEN)


def _proof(questions: Questions, arguments: argparse.Namespace) -> tuple[str, str, str]:
    """Return what lets the bot in on Matrix: which setting it is, the secret, and its file if it has one.

    Raises:
        UserError: There are two, or there is nobody to ask.
    """
    if arguments.matrix_token_file:
        return (_TOKEN, *_secret_in(arguments.matrix_token_file))
    if arguments.matrix_password_file:
        return (_PASSWORD, *_secret_in(arguments.matrix_password_file))
    password = questions.secret("Its password, or Enter for an access token", _FLAG_PASSWORD)
    if password:
        return _PASSWORD, password, ""
    return _TOKEN, questions.secret("An access token of a device of its own", _FLAG_TOKEN), ""


def _secret_in(file: str) -> tuple[str, str]:
    """Return the secret in a file, and what the settings are to name for it; standard input has no name."""
    if file == "-":
        return sys.stdin.readline().strip(), ""
    path = Path(file).expanduser().absolute()
    try:
        raw, _ = read_bounded(path, LARGEST_SECRET)
        secret = raw.decode("utf-8").strip()
    except (CannotRead, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}.") from None
    if not secret:
        raise UserError(f"{path} is empty. Write the secret there.")
    return secret, str(path)


def _written(draft: _Draft, questions: Questions, file: Path, environment: Mapping[str, str]) -> bool:
    """Show what changes, without secrets, and write it; returns whether it was wanted."""
    before = ""
    if os.path.lexists(file):
        try:
            raw, _ = read_bounded(file, LARGEST_SECRET)
            before = raw.decode("utf-8")
        except (CannotRead, UnicodeDecodeError) as error:
            raise UserError(f"{file} cannot be read: {error}.") from None
    text = changed(before, draft.changes, str(file))
    print(f"\n{file} {'gets' if before else 'is made with'}:")
    secrets = {known.place for known in KNOWN if known.kind == "secret"}
    for place, value in draft.changes.items():
        if value is not None:
            print(f"    {place} = {'(not shown)' if place in secrets else value}")
    if not questions.agrees("Write it?"):
        print("Nothing was written.")
        return False
    try:
        write_private(file, text)
    except OSError as error:
        raise UserError(CANNOT_WRITE.format(file=file, reason=error.strerror)) from error
    for known in KNOWN:
        for name in (known.variable, f"{known.variable}_FILE"):
            if environment.get(name) and draft.changes.get(known.place, draft.changes.get(f"{known.place}_file")):
                print(FROM_ENVIRONMENT.format(name=name))
    return True


async def _show_ways_in(settings: Configuration, environment: Mapping[str, str], state: str | None) -> None:
    """Say how people get the bot."""
    if settings.discord:
        from bot.platforms.discord.invite import invitation

        print(f"\nTo get the bot on Discord, open a link.\n{await invitation(settings.discord)}")
    if settings.matrix:
        print(f"\nTo get the bot on Matrix, invite {settings.matrix.user} to your room.")
    if state and environment.get("KRUZHOK_STATE") != str(settings.folders.state):
        print(f"\nBefore each start: export KRUZHOK_STATE={settings.folders.state}")
