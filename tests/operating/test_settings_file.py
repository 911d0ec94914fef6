"""Settings are changed in a file where they stand, and nothing else in it is."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.operating.settings_file import changed, write_private

WRITTEN = """\
# Ours since 2026.
[log]
format = "json"   # for the collector

[discord]
# from the portal
token = "old"
api = "http://proxy"

[matrix]
invites = [
    "example.org",
    "@anna:example.org",
]
"""


def test_what_somebody_wrote_stays() -> None:
    text = changed(WRITTEN, {"discord.token": "new", "matrix.user": "@k:example.org", "health.address": "x"}, "f")
    assert text == WRITTEN.replace('"old"', '"new"').replace("[matrix]\n", '[matrix]\nuser = "@k:example.org"\n') + (
        '\n[health]\naddress = "x"\n'
    )


def test_what_is_taken_out_is_gone() -> None:
    text = changed(WRITTEN, {"discord.token_file": "/run/token", "discord.token": None}, "f")
    assert tomllib.loads(text)["discord"] == {"token_file": "/run/token", "api": "http://proxy"}
    assert "# from the portal" in text
    assert changed("", {"discord.token": None}, "f").strip() == ""


def test_an_empty_file_gets_its_tables() -> None:
    text = changed("", {"discord.token": "a", "matrix.user": "b"}, "f")
    assert text == '[discord]\ntoken = "a"\n\n[matrix]\nuser = "b"\n'


@pytest.mark.parametrize(
    "text",
    [
        'discord = { token = "old" }\n',
        'discord.token = "old"\n',
        'discord = "text"\n',
        '[discord]\ntoken = """\nold\n"""\n',
        '["discord"]\ntoken = "old"\n',
        "[discord\n",
        "[[discord]]\ntoken = 'old'\n",
    ],
)
def test_what_is_written_otherwise_is_left_alone_and_said(text: str) -> None:
    with pytest.raises(UserError, match=r"settings\.toml is written in a way .* discord\.token = …") as caught:
        changed(text, {"discord.token": "planted-secret"}, "settings.toml")
    assert "planted" not in str(caught.value)


@given(st.text(), st.text())
def test_any_text_comes_back_as_it_was(one: str, two: str) -> None:
    text = changed(WRITTEN, {"discord.token": one, "matrix.password": two}, "f")
    read = tomllib.loads(text)
    assert (read["discord"]["token"], read["matrix"]["password"]) == (one, two)
    assert read["log"] == {"format": "json"}


def test_only_its_owner_can_read_it_whatever_it_was_before(tmp_path: Path) -> None:
    file = tmp_path / "new" / "settings.toml"
    write_private(file, "x")
    file.chmod(0o644)
    write_private(file, "y")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("y", 0o600)
    assert [path.name for path in file.parent.iterdir()] == ["settings.toml"]
