"""Draws the README's picture of Matrix from real answers: ``python -m tests.platforms.matrix.picture``.

The answers come by way of a real Synapse, and Chromium (``chromium`` on the PATH) photographs the HTML of their events,
with a style much like that of the apps.
"""

import asyncio
import html
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.library.index import build_index, checksum, reading_folders
from bot.settings import SHIPPED_DATA
from tests.platforms.matrix.circle import Circle, gathered
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.synapse import running

ROOT = Path(__file__).parents[3]
PICTURE = "matrix.png"
ASKED = ("!quote Cheka", "!discuss Kronstadt")
_WIDTH, _HEIGHT, _PIXELS_PER_POINT = 400, 1120, 2
_STYLE = """
body { width: 376px; margin: 0; padding: 12px; font: 15px/1.45 Inter, "DejaVu Sans", sans-serif; color: #1b1d22 }
.event { margin: 0 0 14px } .who { font-size: 13px; font-weight: 600; color: #7a3ea1 } .bot { color: #0a6b57 }
h4 { font-size: 1em; margin: 0 0 6px } p { margin: 0 0 6px } ul { margin: 0 0 6px; padding-left: 20px }
blockquote { border-left: 2px solid #737d8c; margin: 0 0 6px; padding: 0 10px; color: #555 }
code { font: 13px "DejaVu Sans Mono", monospace; background: #f2f4f7; border: 1px solid #e3e8f0; padding: 0 3px }
"""


def drawn(events: list[tuple[str, Json]]) -> str:
    """Return a page on which messages stand one below the other, each with who sent it."""
    shown = [f"<!doctype html><meta charset=utf-8><style>{_STYLE}</style>"]
    for who, event in events:
        content = event["content"]
        text = content.get("formatted_body") or html.escape(content["body"])
        kind = "who bot" if who == "kruzhok" else "who"
        shown.append(f'<div class="event"><div class="{kind}">{who}</div>{text}</div>')
    return "".join(shown)


async def conversation(circle: Circle, person: Plain) -> list[tuple[str, Json]]:
    """Ask in a room; returns questions and answers."""
    room = await circle.room(person, await circle.person())
    events = []
    for line in ASKED:
        answer = await circle.ask(person, room, line)
        events += [("anna", {"content": {"body": line}}), ("kruzhok", answer)]
    return events


async def main() -> int:
    """Draw the picture; returns the exit code."""
    with TemporaryDirectory() as folder, running() as server:
        work, folders = Path(folder), reading_folders([SHIPPED_DATA])
        index = work / f"library-{checksum(folders)}.sqlite"
        build_index(folders, index)
        async with gathered(server, work / "bot", index) as circle:
            page = drawn(await conversation(circle, await circle.person("anna")))
        return await asyncio.to_thread(photograph, page, work)


def photograph(page: str, work: Path) -> int:
    """Let Chromium draw the page; returns its exit code."""
    (work / "page.html").write_text(page, encoding="utf-8")
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --hide-scrollbars"
    done = subprocess.run(
        [
            *("chromium", *flags.split(), f"--user-data-dir={work / 'profile'}"),
            *(f"--window-size={_WIDTH},{_HEIGHT}", f"--force-device-scale-factor={_PIXELS_PER_POINT}"),
            *(f"--screenshot={ROOT / PICTURE}", (work / "page.html").as_uri()),
        ],
        check=False,
        capture_output=True,
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
