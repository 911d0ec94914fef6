"""Leaves out of what is to be posted what it can best do without, until it fits."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from bot.dividing import fit, spans
from bot.library.sentences import sentence_spans
from bot.reading import Prompt, Quotation
from bot.reply import Bullets, Claims, Piece, Prose, Question, Quote, Times

Pieces = tuple[Piece, ...]
Measure = Callable[[str], int]


def shortened(pieces: Pieces, most: int, measure: Measure = len) -> Iterator[Pieces]:
    """Give what is left as more and more is left out: of prompts and quotations first, then whole items from the end.

    Nothing is cut within a sentence, but for one that does not fit by itself.

    Args:
        most: A question or sentence longer than this by ``measure`` is cut where nothing else helps.
    """
    for at, piece in enumerate(pieces):
        before, after = pieces[:at], pieces[at + 1 :]
        if isinstance(piece, Question):
            for prompt in _shorter_prompts(piece.prompt, most, measure):
                piece = Question(prompt)
                yield (*before, piece, *after)
        elif isinstance(piece, Quote):
            for quotation in _shorter_quotations(piece.quotation, most, measure):
                piece = replace(piece, quotation=quotation)
                yield (*before, piece, *after)
        pieces = (*before, piece, *after)
    while pieces:
        last = pieces[-1]
        if isinstance(last, Question):
            # A question stays; what comes before it goes, and at last its passage.
            if len(pieces) == 1:
                yield (Prose(fit(last.prompt.question, most, measure)),)
                return
            pieces = pieces[1:]
        else:
            fewer = _with_fewer(last)
            pieces = (*pieces[:-1], fewer) if fewer else pieces[:-1]
        yield pieces


def _shorter_prompts(prompt: Prompt, most: int, measure: Measure) -> Iterator[Prompt]:
    if prompt.follow_ups:
        yield (prompt := replace(prompt, follow_ups=()))
    if prompt.positions:
        yield (prompt := replace(prompt, positions=()))
    for passage in _shorter_quotations(prompt.passage, most, measure):
        yield (prompt := replace(prompt, passage=passage))
    if measure(prompt.question) > most:
        yield replace(prompt, question=fit(prompt.question, most, measure))


def _shorter_quotations(quotation: Quotation, most: int, measure: Measure) -> Iterator[Quotation]:
    """Give the quotation without its last sentence, without its last two, …; then parts of its first sentence."""
    ends = [end for _, end in sentence_spans(quotation.text)]
    for end in reversed(ends[:-1]):
        yield _first_part(quotation, end)
    text = quotation.text[: ends[0]] if ends else quotation.text
    size = measure(text)
    while size > most:
        size //= 2
        (start, end), *_ = spans(text, size, lambda start, end: measure(text[start:end]))
        yield _first_part(quotation, len(text[start:end].rstrip()))


def _first_part(quotation: Quotation, end: int) -> Quotation:
    """Quote only the beginning; it is said to be from its place."""
    return replace(
        quotation,
        text=quotation.text[:end],
        marks=tuple(mark for mark in quotation.marks if mark[1] <= end),
        errata=tuple(erratum for erratum in quotation.errata if erratum.end <= end),
        whole=False,
    )


def _with_fewer(piece: Piece) -> Piece | None:
    """Leave out the last item of a list; None if nothing is left, or there is nothing to be left out."""
    match piece:
        case Claims(claims):
            return Claims(claims[:-1]) if _several(claims) else None
        case Bullets(listed, _, _):
            return replace(piece, items=listed[:-1]) if _several(listed) else None
        case Times(times, _):
            return replace(piece, times=times[:-1]) if _several(times) else None
        case _:
            return None


def _several(items: Sequence[object]) -> bool:
    return len(items) > 1
