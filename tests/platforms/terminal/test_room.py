"""The terminal as a place for posts: each is kept once, found by its key, and not lost with a line cut off."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.caller import Caller
from bot.errors import DeliveryFailed, Refused
from bot.platforms.terminal.room import FILE, Room
from bot.posting import Post, Target
from bot.reply import Prose, Reply
from tests.platforms.terminal.hostile import LINES

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)
HERE = Target("terminal:local", "", "local")


def post(text: str = "Good evening.") -> Post:
    """Return a post that says something."""
    return Post(Reply("A title", (Prose(text),)))


async def test_what_is_posted_is_kept_and_found_by_its_key(tmp_path: Path) -> None:
    room = Room(tmp_path)
    assert await room.find(HERE, "one", NOW) is None
    receipt = await room.post(HERE, post(), "one")
    assert (receipt.channel, receipt.message, receipt.thread) == ("local", "one", "")
    assert await room.find(HERE, "one", NOW) == receipt
    assert await Room(tmp_path).find(HERE, "one", NOW) == receipt, "also after a restart"
    assert await room.find(HERE, "two", NOW) is None
    (kept,) = [json.loads(line) for line in (tmp_path / FILE).read_text("utf-8").splitlines()]
    assert kept == {"key": "one", "group": "terminal:local", "text": "A title\n\nGood evening."}


async def test_a_post_is_shown_in_its_group_alone(tmp_path: Path) -> None:
    shown: list[Reply] = []
    room = Room(tmp_path)
    room.show_with("terminal:local", shown.append)
    await room.post(HERE, post(), "one")
    await room.post(Target("terminal:other", "", "other"), post(), "two")
    assert shown == [post().reply]


@pytest.mark.parametrize(
    "cut", ['{"key": "two", "gr', "{", '{"key": "two", "text": "\\ud8', "\x00\x00", "[]", '"two"', "{}"]
)
async def test_a_line_that_a_crash_cut_off_takes_no_other_with_it(tmp_path: Path, cut: str) -> None:
    room = Room(tmp_path)
    await room.post(HERE, post(), "one")
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write(cut)
    assert await room.find(HERE, "two", NOW) is None
    await room.post(HERE, post(), "three")
    for key in ("one", "three"):
        assert await room.find(HERE, key, NOW)


@pytest.mark.parametrize("text", LINES, ids=lambda text: ascii(text[:20]))
async def test_whatever_is_posted_stays_one_line(tmp_path: Path, text: str) -> None:
    room = Room(tmp_path)
    for key in ("one", "two"):
        await room.post(HERE, post(text), key)
    assert len((tmp_path / FILE).read_bytes().splitlines()) == 2
    assert await room.find(HERE, "two", NOW)


async def test_nobody_else_on_the_machine_reads_the_posts(tmp_path: Path) -> None:
    await Room(tmp_path).post(HERE, post(), "one")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


async def test_a_folder_that_is_not_there_is_said_before_and_at_the_post(tmp_path: Path) -> None:
    room = Room(tmp_path / "nowhere")
    assert await room.missing(HERE) == [
        "The state folder cannot be written. Make it writable, or name another: KRUZHOK_STATE"
    ]
    assert await room.report(HERE) == [("The state folder can be written", False)]
    with pytest.raises(DeliveryFailed, match=r"posts\.jsonl cannot be written"):
        await room.post(HERE, post(), "one")
    assert await Room(tmp_path).missing(HERE) == []


async def test_there_are_no_channels_roles_tags_and_threads_to_choose(tmp_path: Path) -> None:
    room = Room(tmp_path)
    caller = Caller("terminal:you", "terminal:local", is_moderator=True)
    for text in ("#general", "@readers", "1", ""):
        with pytest.raises(Refused, match="there is one place"):
            await room.resolve("channel", caller, text)
    assert room.called("channel", "local", "") == "the terminal"
    assert await room.open_thread(HERE, await room.post(HERE, post(), "one"), post()) == ""
