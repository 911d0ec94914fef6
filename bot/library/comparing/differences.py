"""Puts a quotation and the text side by side: what is the same, what is missing, what is added."""

from collections.abc import Iterable, Iterator

from rapidfuzz.distance import Indel

from bot.library.comparing.runs import Run
from bot.library.comparing.spelling import Words
from bot.reply import Difference


def side_by_side(run: Run, said: Words, known: Words, text: Words) -> tuple[Difference, ...]:
    """Return how the words that were said differ from a range of the text.

    Args:
        run: The paragraphs of the text.
        known: What was said, with misspelt words read as the ones that are meant.
        text: The range of the text.
    """
    return _in_pairs(_differences(run, said, known, text))


def _differences(run: Run, said: Words, known: Words, text: Words) -> Iterator[Difference]:
    """Give both side by side; a misspelt word stands beside the one that is meant."""
    for code in Indel.opcodes(text.folded, known.folded):
        source = range(code.src_start, code.src_end)
        if code.tag == "equal":
            yield from _same(run, said, text, source, code.dest_start)
            continue
        if source:
            yield Difference("missing", run.text(text.ranges[source[0]][0], text.ranges[source[-1]][1]))
        if code.dest_end > code.dest_start:
            yield Difference("added", said.text(code.dest_start, code.dest_end))


def _same(run: Run, said: Words, text: Words, source: range, first: int) -> Iterator[Difference]:
    """Give words that match, parted where one of them is misspelt."""
    begun = source.start
    for at in source:
        asked = first + at - source.start
        if said.folded[asked] == text.folded[at]:
            continue
        if at > begun:
            yield Difference("same", run.text(text.ranges[begun][0], text.ranges[at - 1][1]))
        yield Difference("missing", run.text(*text.ranges[at]))
        yield Difference("added", said.text(asked, asked + 1))
        begun = at + 1
    if source.stop > begun:
        yield Difference("same", run.text(text.ranges[begun][0], text.ranges[source.stop - 1][1]))


def _in_pairs(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Put what is missing before what stands in its place, and what is of one kind together."""
    ordered: list[Difference] = []
    changed: dict[str, list[str]] = {"missing": [], "added": []}

    def close() -> None:
        ordered.extend(Difference(kind, " ".join(texts)) for kind, texts in changed.items() if texts)
        changed["missing"], changed["added"] = [], []

    for each in differences:
        if each.kind == "same":
            close()
            ordered.append(each)
        else:
            changed[each.kind].append(each.text)
    close()
    return tuple(ordered)
