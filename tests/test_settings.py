"""What the operator decides: every problem is told at once, no secret is shown, and nothing hostile takes long."""

import os
import re
import time
import tomllib
from pathlib import Path

import pytest

from bot.settings import FILE, KNOWN, SHIPPED_DATA, Configuration, SettingsError, read_configuration
from bot.sources import LARGEST_FILE, LONGEST_LINE, gather
from tests.platforms.terminal.door import ROOT, run

SECRET = "MTk4.Cl2FMQ.planted-secret"  # noqa: S105 - of nobody
SECONDS_TO_REFUSE = 2.0

EVERYTHING = """
[folders]
state = "kept"
data = ["more", "and:more"]

[discord]
token = "a.discord.token"
api = "http://127.0.0.1:1"
gateway = "ws://127.0.0.1:1"

[matrix]
homeserver = "https://matrix.example.org/"
user = "@kruzhok:example.org"
password = "two words"
token = "syt_token"
invites = ["example.org", "@anna:example.net"]

[log]
format = "json"
level = "warning"

[health]
address = "[::1]:8008"
open = false
"""


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    """Write a settings file."""
    file = folder / FILE
    file.write_text(text, "utf-8")
    file.chmod(mode)
    return file


def read(folder: Path, text: str = "", mode: int = 0o600, /, **variables: str) -> Configuration:
    """Read settings from a file, if there is a text for it, and from an environment of nothing else."""
    if text:
        written(folder, text, mode)
    return read_configuration({"KRUZHOK_STATE": str(folder)} | variables)


def problems(folder: Path, text: str = "", mode: int = 0o600, /, **variables: str) -> tuple[str, ...]:
    """Return what is wrong with settings."""
    with pytest.raises(SettingsError) as caught:
        read(folder, text, mode, **variables)
    return caught.value.problems


def test_everything_can_stand_in_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, EVERYTHING)
    found = read_configuration({"KRUZHOK_SETTINGS": str(file)})
    assert found.folders.state == tmp_path / "kept"
    assert found.folders.data == (SHIPPED_DATA, tmp_path / "more", tmp_path / "and:more")
    assert found.discord is not None
    assert (found.discord.token, found.discord.api) == ("a.discord.token", "http://127.0.0.1:1")
    assert found.matrix is not None
    assert found.matrix.homeserver == "https://matrix.example.org"
    assert (found.matrix.password, found.matrix.token) == ("two words", "syt_token")
    assert found.matrix.invites == ("example.org", "@anna:example.net")
    assert (found.log.form, found.log.level) == ("json", "warning")
    assert found.health is not None
    assert (found.health.host, found.health.port) == ("::1", 8008)
    assert found.file == file


def test_the_file_has_a_place_for_everything() -> None:
    missing = [each.place for each in KNOWN if each.place and f"\n{each.place.partition('.')[2]} = " not in EVERYTHING]
    assert missing == []


def test_the_environment_says_the_same(tmp_path: Path) -> None:
    variables = {
        "KRUZHOK_STATE": str(tmp_path / "kept"),
        "KRUZHOK_DATA": os.pathsep.join([str(tmp_path / "more"), str(tmp_path / "other")]),
        "KRUZHOK_DISCORD_TOKEN": "a.discord.token",
        "KRUZHOK_MATRIX_HOMESERVER": "https://matrix.example.org",
        "KRUZHOK_MATRIX_USER": "kruzhok",
        "KRUZHOK_MATRIX_PASSWORD": "two words",
        "KRUZHOK_MATRIX_INVITES": "example.org, @anna:example.net",
        "KRUZHOK_LOG": "json",
        "KRUZHOK_LOG_LEVEL": "WARNING",
        "KRUZHOK_HEALTH": "8008",
    }
    with pytest.raises(SettingsError, match="like 127"):
        read_configuration(variables | {"KRUZHOK_HEALTH": "elsewhere"})
    found = read_configuration(variables)
    assert found.folders.data == (SHIPPED_DATA, tmp_path / "more", tmp_path / "other")
    assert found.matrix is not None
    assert found.matrix.invites == ("example.org", "@anna:example.net")
    assert (found.log.form, found.log.level) == ("json", "warning")
    assert found.health is not None
    assert (found.health.host, found.health.port) == ("127.0.0.1", 8008)
    assert found.file is None


def test_without_any_the_bot_is_for_the_terminal(tmp_path: Path) -> None:
    found = read(tmp_path)
    assert (found.discord, found.matrix, found.health, found.file) == (None, None, None, None)
    assert found.secrets == ()


def test_the_environment_counts_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from.the.environment\n", "utf-8")
    text = '[discord]\ntoken_file = "/nowhere"\n[log]\nformat = "json"\n'
    found = read(tmp_path, text, KRUZHOK_DISCORD_TOKEN_FILE=str(file), KRUZHOK_LOG="text")
    assert found.discord is not None
    assert found.discord.token == "from.the.environment"  # noqa: S105 - of nobody
    assert found.log.form == "text"


def test_what_is_empty_is_not_said(tmp_path: Path) -> None:
    assert (
        read(tmp_path, '[discord]\ntoken = ""\n[matrix]\nuser = " "\n', KRUZHOK_LOG="", KRUZHOK_DISCORD_API=" ").discord
        is None
    )


@pytest.mark.parametrize("place", [each.place for each in KNOWN if each.kind == "secret"])
def test_each_secret_can_stand_in_a_file_of_its_own(tmp_path: Path, place: str) -> None:
    (one,) = (each for each in KNOWN if each.place == place)
    (tmp_path / "secret").write_text(f"{SECRET}\n", "utf-8")
    homeserver = {"KRUZHOK_MATRIX_HOMESERVER": "https://example.org", "KRUZHOK_MATRIX_USER": "kruzhok"}
    more = homeserver if place.startswith("matrix") else {}
    assert SECRET in read(tmp_path, **{f"{one.variable}_FILE": str(tmp_path / "secret")}, **more).secrets
    table, key = place.split(".")
    text = f'[{table}]\n{key}_file = "secret"\n'
    assert SECRET in read(tmp_path, text, 0o644, **more).secrets
    both = problems(tmp_path, text + f'{key} = "{SECRET}"\n', **more)
    assert both[0].endswith("are both there. Keep one of them.")


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    text = '[discord]\ntokn = "x"\napi = 8\n[logs]\nlevel = "info"\n[matrix]\ninvites = "example.org"\n'
    told = problems(
        tmp_path,
        text,
        KRUZHOK_LOG_LEVL="info",
        KRUZHOK_LOG="xml",
        KRUZHOK_MATRIX_USER="@kruzhok",
        KRUZHOK_HEALTH="0.0.0.0:8008",
        KRUZHOK_DISCORD_GATEWAY="https://discord.com",
        KRUZHOK_DISCORD_TOKEN_FILE="/nowhere/token",  # noqa: S106 - a path
    )
    wanted = [
        "discord.tokn in .* is not a setting. Did you mean discord.token?",
        "discord.api in .* must be text in quotation marks.",
        "logs.level in .* Did you mean log.level?",
        "matrix.invites in .* must be a list of texts",
        "KRUZHOK_LOG_LEVL is not a setting. Did you mean KRUZHOK_LOG_LEVEL?",
        "KRUZHOK_LOG is “xml”, which is none of text, json.",
        "KRUZHOK_MATRIX_USER is “@kruzhok”, which is no account. Write it like @kruzhok:example.org.",
        "KRUZHOK_MATRIX_HOMESERVER is missing.",
        "KRUZHOK_MATRIX_PASSWORD is missing.",
        "KRUZHOK_HEALTH is “0.0.0.0:8008”, which other machines may reach.* KRUZHOK_HEALTH_OPEN to yes.",
        "KRUZHOK_DISCORD_GATEWAY is “https://discord.com”, which is no address. Write it like wss://example.org.",
        "KRUZHOK_DISCORD_TOKEN_FILE names /nowhere/token, which cannot be read: No such file or directory.",
    ]
    for sentence in wanted:
        with pytest.raises(SettingsError, match=sentence):
            raise SettingsError(told)
    assert len(told) == len(wanted)
    assert str(SettingsError(told)).count("\n") == len(wanted) - 1


def test_problems_without_number_are_cut_off(tmp_path: Path) -> None:
    told = problems(tmp_path, "".join(f"a{number} = 1\n" for number in range(1000)))
    assert len(told) == 1000
    assert str(SettingsError(told)).splitlines()[-1] == "… and 970 more."


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o660, 0o604])
def test_a_file_with_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    text = f'[discord]\ntoken = "{SECRET}"\n'
    (told,) = problems(tmp_path, text, mode)
    assert told.endswith(f"chmod 600 {tmp_path / FILE}")
    assert read(tmp_path, text, 0o600).discord
    assert read(tmp_path, '[log]\nlevel = "debug"\n', mode).log.level == "debug"


def test_the_example_names_every_setting_with_what_it_is_and_its_default(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    wanted = []
    for each in KNOWN:
        is_secret = each.kind == "secret"
        default = f" (by default {each.default})" if each.default else ""
        wanted.append(f"# {each.about}{'; or a file that holds nothing else' if is_secret else ''}{default}")
        wanted += [f"# {each.variable}{suffix}=" for suffix in (("", "_FILE") if is_secret else ("",))]
    shown = [f"{line.partition('=')[0]}=" if line.startswith("# KRUZHOK_") else line for line in lines]
    assert [line for line in shown[2:] if line] == wanted


def test_the_example_can_be_used_as_it_is(tmp_path: Path) -> None:
    lines = [line.removeprefix("# ") for line in (ROOT / ".env.example").read_text("utf-8").splitlines()]
    variables = dict(line.split("=", 1) for line in lines if line.startswith("KRUZHOK_") and "_FILE=" not in line)
    del variables["KRUZHOK_SETTINGS"]
    secrets = {each.variable: "x" for each in KNOWN if each.kind == "secret"}
    found = read_configuration(variables | secrets)
    assert found.matrix is not None
    assert found.health is not None


def hostile(folder: Path, what: str) -> None:
    """Put something in the place of the settings file."""
    file = folder / FILE
    match what:
        case "long":
            file.write_text("# \n" * 400_000, "utf-8")
        case "deep lists":
            file.write_text("a = " + "[\n" * (LARGEST_FILE // 2 - 10), "utf-8")
        case "deep keys":
            deepest = "a." * (LONGEST_LINE // 2 - 20) + "a = 1\n"
            tables = range(LARGEST_FILE // (LONGEST_LINE - 20))
            file.write_text("".join(f"[t{number}]\n{deepest}" for number in tables), "utf-8")
        case "long keys":
            file.write_text("a." * (LARGEST_FILE // 2 - 10) + "a = 1", "utf-8")
        case "null":
            file.write_bytes(b'[log]\nlevel = "\0"\n')
        case "not text":
            file.write_bytes(b'[log]\nlevel = "\xff"\n')
        case "folder":
            file.mkdir()
        case "pipe":
            os.mkfifo(file)
        case "endless":
            file.symlink_to("/dev/zero")
        case "nothing":
            file.symlink_to("/nowhere")


KINDS = ["long", "deep lists", "deep keys", "long keys", "null", "not text", "folder", "pipe", "endless", "nothing"]


@pytest.mark.parametrize("what", KINDS)
def test_a_hostile_file_is_refused_within_bounds(tmp_path: Path, what: str) -> None:
    hostile(tmp_path, what)
    begun = time.monotonic()
    told = problems(tmp_path)
    assert time.monotonic() - begun < SECONDS_TO_REFUSE
    assert len(told) < 20
    assert all(len(each) < 500 and each.isprintable() for each in told)


@pytest.mark.parametrize("what", ["folder", "pipe", "endless", "nothing", "long", "not text"])
def test_a_hostile_secret_file_is_refused_within_bounds(tmp_path: Path, what: str) -> None:
    hostile(tmp_path, what)
    (tmp_path / FILE).rename(tmp_path / "secret")
    (told,) = problems(tmp_path, KRUZHOK_DISCORD_TOKEN_FILE=str(tmp_path / "secret"))
    assert "cannot be read: " in told


@pytest.mark.parametrize(
    "name", ["KRUZHOK_DISCORD_TOKEN_FILE", "KRUZHOK_SETTINGS", "KRUZHOK_STATE", "KRUZHOK_LOG", "KRUZHOK_\n\x1b[2J"]
)
def test_hostile_variables_are_told_in_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_configuration({"KRUZHOK_LOG": "x", name: "\x1b[2J\n" + "x" * 100_000})
    for told in caught.value.problems:
        assert told.isprintable()
        assert len(told) < 500


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    text = f'[discord]\ntoken = "{SECRET}"\n[matrix]\nhomeserver = "https://example.org"\nuser = "kruzhok"\n'
    found = read(tmp_path, text, KRUZHOK_MATRIX_PASSWORD=SECRET, KRUZHOK_MATRIX_TOKEN=SECRET)
    assert found.secrets == (SECRET,) * 3
    variables = {"KRUZHOK_DISCORD_TOKEN": SECRET}
    assert SECRET not in repr(gather(variables, KNOWN, (), tmp_path / FILE))
    assert SECRET not in repr(found) + str(found) + repr(found.discord) + repr(found.matrix)


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (f'[discord]\ntoken = "{SECRET} {SECRET}"\n', {}),
        (f'[discord]\ntoken = "{SECRET}\n', {}),
        (f'[discord]\ntoken = ["{SECRET}"]\n', {}),
        (f'[discord]\ntoken = "{SECRET}"\ntoken = "{SECRET}"\n', {}),
        (f"[discord]\ntoken = {SECRET}\n", {}),
        ("", {"KRUZHOK_DISCORD_TOKEN": f"{SECRET}\n{SECRET}"}),
        ("", {"KRUZHOK_MATRIX_PASSWORD": SECRET}),
        ("", {"KRUZHOK_MATRIX_HOMESERVER": f"https://kruzhok:{SECRET}@example.org"}),
        ("", {"KRUZHOK_DISCORD_API": f"https://{SECRET}@example.org"}),
    ],
)
def test_problems_show_no_secret(tmp_path: Path, text: str, variables: dict[str, str]) -> None:
    told = problems(tmp_path, text, **variables)
    assert SECRET not in "".join(told)
    assert all(each.isprintable() for each in told)


@pytest.mark.parametrize("name", ["KRUZHOK_MATRIX_HOMESERVER", "KRUZHOK_DISCORD_API"])
def test_an_address_has_no_secret_in_it(tmp_path: Path, name: str) -> None:
    told = problems(tmp_path, **{name: f"https://kruzhok:{SECRET}@example.org"})
    assert f"{name} has a user or a password in it. Write it like https://example.org." in told


@pytest.mark.parametrize("words", [(), ("ask", "/quote Cheka"), ("run",), ("invite",)])
def test_every_command_tells_every_problem_and_does_not_start(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words, KRUZHOK_LOG="xml", KRUZHOK_STAT="x")
    assert (done.code, done.out) == (78, "")
    assert done.err.splitlines() == [
        "KRUZHOK_STAT is not a setting. Did you mean KRUZHOK_STATE?",
        "KRUZHOK_LOG is “xml”, which is none of text, json.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_the_readme_names_every_setting_with_its_place_and_default() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for each in KNOWN:
        secret = " (secret)" if each.kind == "secret" else ""
        place = f" `{each.place}`" if each.place else ""
        default = f" {each.default}" if each.default else ""
        assert f"| `{each.variable}`{secret} |{place} | {each.about} |{default} |\n" in readme, each.variable
    (example,) = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)
    assert tomllib.loads(example)
