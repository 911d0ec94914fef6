"""Draws the picture of the terminal in the README from real answers: ``python -m tests.platforms.terminal.picture``."""

import asyncio
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from bot.app import open_app
from bot.platforms.terminal.ask import local_caller
from bot.platforms.terminal.conversation import PROMPT, Conversation
from bot.platforms.terminal.render import MOST_COLUMNS, show
from bot.reply import Reply
from bot.settings import SHIPPED_DATA, Settings

PICTURE = Path(__file__).parents[3] / "terminal.svg"
TYPED = ("/quote Cheka", "/discuss Kronstadt")
_PAPER, _INK = (24, 26, 31), (214, 216, 220)
_ANSI = [(60, 63, 70), (224, 108, 117), (152, 195, 121), (229, 192, 123)]
_ANSI += [(97, 175, 239), (198, 120, 221), (86, 182, 194), (214, 216, 220)]
# Rich's own frame loads a font from the network; the reader's monospaced one will do.
_FRAME = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <style>
    .{unique_id}-matrix {{
      font-family: "DejaVu Sans Mono", Menlo, Consolas, monospace;
      font-size: {char_height}px; line-height: {line_height}px;
    }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
      {matrix}
    </g>
  </g>
</svg>
"""


async def draw(state: Path) -> str:
    """Return the picture of a short chat, as SVG."""
    console = Console(record=True, file=StringIO(), width=MOST_COLUMNS, force_terminal=True, color_system="truecolor")
    async with open_app(Settings(state, (SHIPPED_DATA,))) as app:
        conversation = Conversation(app.commands, local_caller(is_moderator=True))
        for line in TYPED:
            answer = await conversation.answer(line)
            assert isinstance(answer, Reply), answer
            console.print(Text.assemble((PROMPT, "dim"), line))
            show(console, answer, numbered=True)
    theme = TerminalTheme(_PAPER, _INK, _ANSI, _ANSI)
    return console.export_svg(title="./kruzhok", theme=theme, code_format=_FRAME, unique_id="kruzhok")


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        PICTURE.write_text(asyncio.run(draw(Path(folder))), "utf-8")
