"""Draws the README's pictures of Discord from real answers: ``python -m tests.platforms.discord.picture [NAME …]``.

simcord's preview draws the simulated channel, and Chromium photographs it. Both need packages that no test needs:
``pip install "simcord[screenshot]==3.2.1"``.
"""

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from tests.platforms.discord.circle import NOW, meeting

ROOT = Path(__file__).parents[3]
PICTURES: Mapping[str, Sequence[tuple[str, Mapping[str, Any]]]] = {
    "discord.png": (
        ("quote", {"words": "Cheka"}),
        ("discuss", {"about": "Kronstadt"}),
        ("summary", {"section": "5"}),
    ),
    "discord-reading.png": (
        ("search", {"words": "Durruti Goldman Sontag"}),
        ("read", {"place": "¶4"}),
        ("contents", {}),
        ("glossary", {"term": "Cheka"}),
        ("cite", {"place": "7.3", "style": "apa"}),
        ("verify", {"quotation": "a needless crime had just been committed against the workers"}),
    ),
    "discord-about.png": (("help", {}), ("about", {}), ("privacy show", {})),
    "discord-moderators.png": (
        ("config timezone", {"value": "Europe/Paris"}),
        ("schedule add", {"what": "prompt", "when": "thursdays 19:00"}),
        ("config show", {}),
        ("schedule run", {"number": 1}),
    ),
}
MODERATORS = ("config", "schedule")
# A phone's width, in points of two pixels; higher than all answers together.
_WIDTH, _HEIGHT, _PIXELS_PER_POINT = 450, 6000, 2
_COLOURS = 64
# The channel without simcord's workbench; and no coloured edge, which Discord gives only where it is asked for.
_STYLE = """
[data-workbench], .timeline-day-divider { display: none !important }
.component-container { border-left: 1px solid var(--component-border) }
#channel-message-list { padding: 12px 0 }
"""
_QUOTED_OR_LISTED = re.compile(r"^((> |- ).*)\n(?!\2)", re.MULTILINE)


async def photograph(state: Path, asked: Sequence[tuple[str, Mapping[str, Any]]]) -> bytes:
    """Return the picture of a channel in which the answers stand one below the other, as PNG."""
    playwright: Any = import_module("playwright.async_api")
    async with meeting(state) as circle:
        circle.env.backend.bot_user.name = "Kruzhok"
        moderates = False
        for command, options in asked:
            moderates = command.split(" ")[0] in MODERATORS
            await circle.ask(command, by=circle.clara if moderates else circle.anna, **options)
        shown = circle.env.preview(
            circle.channel,
            viewers=[circle.clara if moderates else circle.anna],
            layout="channel",
            display="fixed",
            width=_WIDTH,
            height=_HEIGHT,
            presentation_time=NOW,
        )
        with _lines_as_discord_reads_them():
            async with shown as preview, playwright.async_playwright() as started:
                browser = await started.chromium.launch(executable_path=which("chromium"), args=["--no-sandbox"])
                page = await browser.new_page(
                    viewport={"width": _WIDTH, "height": _HEIGHT},
                    device_scale_factor=_PIXELS_PER_POINT,
                    bypass_csp=True,
                )
                await page.goto(preview.url)
                await page.wait_for_function("window.simcordPreview?.ready")
                await page.evaluate("document.body.dataset.managedCapture = 'true'")
                await page.add_style_tag(content=_STYLE)
                png: bytes = await page.locator("#channel-message-list").screenshot(animations="disabled")
                await browser.close()
    return png


def smaller(png: bytes) -> bytes:
    """Return the same picture in fewer colours."""
    image: Any = import_module("PIL.Image")
    file = BytesIO()
    drawn = image.open(BytesIO(png)).convert("RGB")
    drawn.quantize(_COLOURS, dither=image.Dither.NONE).save(file, "png", optimize=True)
    return file.getvalue()


def _lines_as_discord_reads_them() -> Any:
    """Let simcord end a quotation or list with its last line, as Discord does; by CommonMark the next line joins it."""
    projection: Any = import_module("simcord.preview._component_projection")
    tokens = projection.markdown_tokens

    def read(content: str, *given: Any, **named: Any) -> Any:
        return tokens(_QUOTED_OR_LISTED.sub(r"\1\n\n", content), *given, **named)

    return patch.object(projection, "markdown_tokens", read)


if __name__ == "__main__":
    for name, asked in PICTURES.items():
        if sys.argv[1:] and name not in sys.argv[1:]:
            continue
        with TemporaryDirectory() as folder:
            (ROOT / name).write_bytes(smaller(asyncio.run(photograph(Path(folder), asked))))
