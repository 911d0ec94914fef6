"""Finds the paragraphs that share most words with a text, in a reading of any size."""

from collections.abc import Mapping, Sequence

import aiosqlite

# So many rows are read for all the words of one text together, and so many words at most are looked up.
_AFFORDABLE_ROWS = 20_000
_MOST_WORDS = 12
# Words side by side are looked for where the rarest of them stands in so few paragraphs that it does not take long.
_LONGEST_PHRASE, _SHORTEST_PHRASE, _MOST_PHRASES = 6, 3, 6
_FEW_ENOUGH = 200_000
_PHRASE_WEIGHT = 100.0


async def rows_sharing(
    connection: aiosqlite.Connection, stems: Sequence[str], counts: Mapping[str, int], first: int, last: int, most: int
) -> list[int]:
    """Return at most ``most`` rows from ``first`` to ``last``: those that have the words side by side, then the rarest.

    Args:
        stems: Of every word of the text, in order.
        counts: In how many paragraphs each stands; without those that stand in none.
    """
    lists = [(f'"{stem}"', weight) for stem, weight in _affordable(counts)]
    for phrase in _phrases(stems):
        known = [counts[stem] for stem in phrase if stem in counts]
        if len(known) == len(phrase) and min(known) <= _FEW_ENOUGH:
            lists.append((f'body : "{" ".join(phrase)}"', _PHRASE_WEIGHT * len(phrase)))
    if not lists:
        return []
    one = (
        "SELECT * FROM (SELECT rowid AS row, ? AS weight FROM paragraph_index "
        "WHERE paragraph_index MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?)"
    )
    together = " UNION ALL ".join([one] * len(lists))
    heaviest = f"SELECT row FROM ({together}) GROUP BY row ORDER BY sum(weight) DESC, row LIMIT ?"  # noqa: S608 (own SQL)
    values = [value for match, weight in lists for value in (weight, match, first, last, _AFFORDABLE_ROWS)]
    return [row[0] for row in await connection.execute_fetchall(heaviest, [*values, most])]


def _affordable(counts: Mapping[str, int]) -> list[tuple[str, float]]:
    """Return the rarest words with their weights; at least one."""
    chosen: list[tuple[str, float]] = []
    left = _AFFORDABLE_ROWS
    for stem, count in sorted(counts.items(), key=lambda each: each[1])[:_MOST_WORDS]:
        left -= count
        if chosen and left < 0:
            break
        chosen.append((stem, 1 + 10 / (count + 1)))
    return chosen


def _phrases(stems: Sequence[str]) -> list[Sequence[str]]:
    """Return the beginning and the end of a text, and short stretches all along it, of which a slip spares some."""
    if len(stems) < _SHORTEST_PHRASE:
        return [stems] if len(stems) > 1 else []
    starts = list(range(0, len(stems) - _SHORTEST_PHRASE + 1, _SHORTEST_PHRASE))
    short = [stems[at : at + _SHORTEST_PHRASE] for at in starts[:: -(-len(starts) // _MOST_PHRASES)]]
    return [stems[:_LONGEST_PHRASE], stems[-_LONGEST_PHRASE:], *short]
