"""Summing up a section."""

from bot.reply import Claims
from tests.conftest import Ask


async def test_each_section_is_summed_up_in_claims_of_its_own_paragraphs(ask: Ask) -> None:
    ranges = {1: (1, 6), 2: (7, 10), 3: (11, 16), 4: (17, 21), 5: (22, 23)}
    for section, (first, last) in ranges.items():
        (claims,) = (piece for piece in (await ask(f"/summary {section}")).pieces if isinstance(piece, Claims))
        anchored = {anchor.paragraph for claim in claims.claims for anchor in claim.anchors}
        assert anchored == set(range(first, last + 1))


async def test_a_section_is_found_by_words_of_its_heading(ask: Ask) -> None:
    assert (await ask("/summary moves right")).title == "4. Serge Moves Right"
