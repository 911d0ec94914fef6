"""Lays replies out for a terminal with rich: wrapped to its width, quotations with a bar, words asked for marked."""

from collections.abc import Iterable
from typing import assert_never

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from bot.characters import one_line
from bot.commands import Failure
from bot.platforms.terminal.words import lines, typed
from bot.reading import Claim, Prompt, Quotation
from bot.reply import Action, Bullets, Claims, Code, Differences, Piece, Prose, Question, Quote, Reply, Times
from bot.wording import FOLLOW_UPS, POSITIONS, about, below, places, runs

# Longer lines are hard to read.
MOST_COLUMNS = 88
_BAR = Text("▌ ", "cyan")
_STYLES = {"text": "", "mark": "bold underline", "sic": "dim"}
_DIFFERENCES = {"same": ("", "", ""), "missing": ("[-", "-]", "red strike"), "added": ("{+", "+}", "green")}
# Beside labels there must be room for the lines that they stand for.
_FEWEST_BESIDE = 24


def show(console: Console, answer: Reply | Failure, numbered: bool = False) -> None:
    """Print an answer, between empty lines.

    Args:
        numbered: Whether its actions have numbers to be chosen by.
    """
    print_lines(console, render(console, answer, numbered))


def print_lines(console: Console, wrapped: Iterable[Text]) -> None:
    """Print lines that are wrapped already."""
    for line in wrapped:
        console.print(line, no_wrap=True, overflow="ignore", crop=False, highlight=False)


def render(console: Console, answer: Reply | Failure, numbered: bool = False) -> list[Text]:
    """Return an answer as lines that fit the console."""
    layout = Layout(console)
    if isinstance(answer, Failure):
        blocks = [layout.wrap(Text(one_line(answer.message)))]
    else:
        blocks = [layout.wrap(Text(one_line(answer.title), "bold"))]
        blocks += [layout.piece(piece) for piece in answer.pieces]
        blocks += [layout.actions(answer.actions, numbered)]
    return [line for block in blocks if block for line in (Text(), *block)] + [Text()]


class Layout:
    """Lays out one answer for one width; every method returns lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._width = max(1, min(console.width, MOST_COLUMNS))

    def wrap(self, text: Text, first: Text | str = "", rest: Text | str | None = None) -> list[Text]:
        """Wrap text, with something before its first line and something, by default space, before the others."""
        first = Text(first) if isinstance(first, str) else first
        indent = first.cell_len
        rest = Text(" " * indent) if rest is None else Text(rest) if isinstance(rest, str) else rest
        wrapped = text.wrap(self._console, max(1, self._width - indent)) or [text]
        return [Text.assemble(rest if number else first, line) for number, line in enumerate(wrapped)]

    def piece(self, piece: Piece) -> list[Text]:
        match piece:
            case Prose(text):
                return self.wrap(Text(one_line(text)))
            case Quote(quotation, label):
                return self.quotation(quotation, label)
            case Claims(claims):
                return [line for claim in claims for line in self.claim(claim)]
            case Bullets(items, heading, ordered):
                return self.listed(items, heading, ordered)
            case Question(prompt):
                return self.prompt(prompt)
            case Code(text):
                return [line for each in lines(text).split("\n") for line in self.wrap(Text(each))]
            case Differences(parts):
                return self.differences(Differences(parts))
            case Times(times, heading):
                return self.listed(tuple(str(time) for time in times), heading)
            case _:
                assert_never(piece)

    def quotation(self, quotation: Quotation, label: str = "") -> list[Text]:
        words = Text()
        for run in runs(quotation):
            words.append(run.text, _STYLES[run.kind])
        first = Text.assemble((f"{one_line(label)}. ", "dim"), _BAR) if label else _BAR
        rest = Text.assemble(" " * (first.cell_len - _BAR.cell_len), _BAR)
        return self.wrap(words, first, rest) + self.wrap(Text(f"— {below(quotation)}", "dim"), rest, rest)

    def claim(self, claim: Claim) -> list[Text]:
        return self.wrap(Text.assemble(one_line(claim.text), " ", (places(claim.anchors), "dim")), "• ")

    def listed(self, items: tuple[str, ...], heading: str = "", ordered: bool = False) -> list[Text]:
        begun = self.wrap(Text(one_line(heading), "bold")) if heading else []
        width = len(str(len(items))) + 2
        for number, item in enumerate(items, 1):
            begun += self.wrap(Text(one_line(item)), f"{number}.".ljust(width) if ordered else "• ")
        return begun

    def prompt(self, prompt: Prompt) -> list[Text]:
        blocks = [self.quotation(prompt.passage), self.wrap(Text(one_line(prompt.question), "bold"))]
        blocks += [self.listed(prompt.follow_ups, FOLLOW_UPS)] if prompt.follow_ups else []
        blocks += [self.listed(prompt.positions, POSITIONS)] if prompt.positions else []
        blocks += [self.wrap(Text(about(prompt), "dim"))]
        return [line for block in blocks for line in (Text(), *block)][1:]

    def differences(self, differences: Differences) -> list[Text]:
        shown = []
        for part in differences.parts:
            before, after, style = _DIFFERENCES[part.kind]
            shown.append(Text(f"{before}{one_line(part.text)}{after}", style))
        return self.wrap(Text(" ").join(shown))

    def actions(self, actions: tuple[Action, ...], numbered: bool) -> list[Text]:
        """Show actions as lines to type, beside what they are for where there is room."""
        labels = [one_line(action.label) for action in actions]
        column = max((cell_len(label) for label in labels), default=0)
        shown: list[Text] = []
        for number, (label, action) in enumerate(zip(labels, actions, strict=True), 1):
            chosen = f"{number} " if numbered else ""
            first = Text(f"{chosen}{label}{' ' * (column - cell_len(label))}  ", "dim")
            if self._width - first.cell_len >= _FEWEST_BESIDE:
                shown += self.wrap(Text(typed(action), "cyan"), first)
            else:
                shown += self.wrap(Text(typed(action), "cyan"), Text(chosen, "dim"))
        return shown
