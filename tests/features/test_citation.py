"""What ``cite`` answers, held to hand-reviewed citations of the essay and of works that nobody wrote."""

import json
import shutil
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.app import App, open_app
from bot.caller import Caller
from bot.errors import UserError
from bot.features.citation_styles import Name, names
from bot.library.index import build_index, checksum, reading_folders
from bot.reply import Bullets, Code, Prose, Reply
from bot.settings import SHIPPED_DATA, Settings
from tests.conftest import Ask

GOLDEN = tomllib.loads((Path(__file__).parent.parent / "golden" / "citations.toml").read_text("utf-8"))["work"]
ABOUT = ("title", "subtitle", "author", "year", "year_is_inferred", "language")

Work = dict[str, Any]  # as tomllib gives it


def write_reading(data: Path, slug: str, work: Work) -> None:
    """Lay a work out as a reading."""
    folder = data / slug
    folder.mkdir(parents=True)
    (folder / "source.txt").write_text(work["text"], "utf-8")
    lines = [f"{key} = {_toml(work[key])}" for key in ABOUT if key in work]
    lines += [] if "language" in work else ['language = "en"']
    lines += ["[text]", f"headings = {_toml(work.get('headings', []))}"]
    (folder / "reading.toml").write_text("\n".join(lines), "utf-8")
    for at, words, speaker, source in work.get("voices", ()):
        with (folder / "voices.toml").open("a", encoding="utf-8") as file:
            entry = {"at": at, "words": words, "kind": "speech", "speaker": speaker, "source": source}
            file.write("[[voice]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in entry.items()))


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def slug_of(work: Work) -> str:
    """Return the slug of a golden work: its own, or by its number."""
    return str(work.get("reading") or f"work-{GOLDEN.index(work)}")


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``data``, the golden works laid out as readings, and ``state``, with the index of them."""
    folder = tmp_path_factory.mktemp("works")
    for work in GOLDEN:
        if "reading" not in work:
            write_reading(folder / "data", slug_of(work), work)
    folders = reading_folders([SHIPPED_DATA, folder / "data"])
    build_index(folders, folder / "state" / f"library-{checksum(folders)}.sqlite")
    return folder


@pytest.fixture
async def library_of_works(works: Path, tmp_path: Path) -> AsyncIterator[App]:
    """The bot with the shipped readings and the golden works."""
    state = shutil.copytree(works / "state", tmp_path / "state")
    async with open_app(Settings(state, (SHIPPED_DATA, works / "data"))) as app:
        yield app


def shown(reply: Reply) -> tuple[list[str], str]:
    """Return the citations of an answer: labelled lines, and code."""
    lines = [f"{piece.heading}: {item}" for piece in reply.pieces if isinstance(piece, Bullets) for item in piece.items]
    return lines, "".join(piece.text for piece in reply.pieces if isinstance(piece, Code))


@pytest.mark.parametrize("work", GOLDEN, ids=[work["name"] for work in GOLDEN])
async def test_citations_are_those_that_were_reviewed(library_of_works: App, work: Work) -> None:
    caller = Caller("reader", "test:1", reading=slug_of(work))
    differing = []
    for citation in work["citation"]:
        line = f"/cite {citation['place']} style:{citation['style']}"
        lines, code = shown(await library_of_works.commands.answer(caller, line))
        expected = citation.get("lines", []), citation.get("code", "").strip("\n")
        if (lines, code) != expected:
            differing.append((line, lines, code, expected))
    assert not differing


async def test_csl_json_is_json_with_an_uncertain_year(ask: Ask) -> None:
    _, code = shown(await ask("/cite 7.3 style:csl-json"))
    (item,) = json.loads(code)
    assert item["issued"] == {"date-parts": [[2007]], "circa": True}
    assert item["author"] == [{"family": "Price", "given": "Wayne"}]
    assert "publisher" not in item
    assert "URL" not in item


@pytest.mark.parametrize(
    ("typed", "label"),
    [
        ("Chicago", "Chicago notes"), ("chicago-notes", "Chicago notes"), ("author-date", "Chicago author-date"),
        ("Chicago_Author-Date", "Chicago author-date"), ("MLA9", "MLA"), ("mla9th", "MLA"), ("APA-7", "APA"),
        ("bib", "BibTeX"), ("BibTeX", "BibTeX"), ("csl", "CSL-JSON"), ("json", "CSL-JSON"),
    ],
)  # fmt: skip
async def test_a_style_is_known_by_what_people_call_it(ask: Ask, typed: str, label: str) -> None:
    assert (await ask(f"/cite 7.2-3 style:{typed}")).title == f"{label}: price-serge ¶7.2-3"


async def test_a_style_alone_cites_the_reading(ask: Ask) -> None:
    assert (await ask("/cite MLA 9")).title == "MLA: price-serge"


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("/cite 7.2 style:harvard", "chicago, chicago-author-date, mla, apa, bibtex and csl-json"),
        ("/cite ¶99", "There is no ¶ 99"),
        ("/cite 7.9", "¶ 7 has sentences 1 to 5"),
        ("/cite 7.3-2", "¶ 7 has sentences 1 to 5"),
        ("/cite ¶0", "There is no ¶ 0"),
        ("/cite Atlantis", "There is no section"),
    ],
)
async def test_what_cannot_be_cited_is_said(ask: Ask, typed: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        await ask(typed)


@pytest.mark.parametrize("place", ["", "¶7", "7.2", "7.2-3", "3"])
async def test_every_action_works_and_stays_at_the_place(ask: Ask, place: str) -> None:
    first = await ask(f"/cite {place}")
    assert [action.label for action in first.actions][-2:] == ["CSL-JSON", "Read"]
    for action in first.actions:
        reply = await ask(action.line)
        if action.line.startswith("cite"):
            assert reply.title.endswith(first.title.partition(": ")[2])


async def test_nothing_is_said_that_the_data_do_not_say(ask: Ask) -> None:
    reply = await ask("/cite")
    text = " ".join([*shown(reply)[0], *(piece.text for piece in reply.pieces if isinstance(piece, Prose))])
    assert "http" not in text
    assert "The year is inferred." in text
    assert "which names no publisher and no address" in text


@pytest.mark.parametrize(
    ("author", "divided"),
    [
        ("Wayne Price", (Name("Price", "Wayne"),)),
        ("Price, Wayne", (Name("Price", "Wayne"),)),
        ("Voltairine", (Name("Voltairine"),)),
        ("Simone de Luz", (Name("Luz", "Simone", "de"),)),
        ("Ludwig van der Berg and Anna Ivanova", (Name("Berg", "Ludwig", "van der"), Name("Ivanova", "Anna"))),
        (
            "Anna Ivanova, Luis Ortega, and Li Chen",
            (Name("Ivanova", "Anna"), Name("Ortega", "Luis"), Name("Chen", "Li")),
        ),
        ("Ivanova, Anna and Ortega, Luis", (Name("Ivanova", "Anna"), Name("Ortega", "Luis"))),
        ("de Luz, Simone; Li Chen", (Name("Luz", "Simone", "de"), Name("Chen", "Li"))),
        ("Martin Luther King Jr.", (Name("King", "Martin Luther", suffix="Jr."),)),
        ("Martin Luther King, Jr.", (Name("King", "Martin Luther", suffix="Jr."),)),
        ("The Steppe Collective", (Name("The Steppe Collective"),)),
        ("Kronstadt Revolutionary Committee", (Name("Kronstadt Revolutionary Committee"),)),
        ("C. L. R. James & Li Chen", (Name("James", "C. L. R."), Name("Chen", "Li"))),
        (";", (Name(";"),)),
        ("de la", (Name("la", "de"),)),
        ("and", (Name("and"),)),
    ],
)
def test_authors_are_divided_into_names(author: str, divided: tuple[Name, ...]) -> None:
    assert names(author) == divided


def test_initials_keep_their_hyphens() -> None:
    assert [Name("X", given).initials for given in ("Jean-Paul", "C.L.R.", "Anna Maria", "é")] == [
        "J.-P.",
        "C. L. R.",
        "A. M.",
        "é.",
    ]


@pytest.mark.parametrize(
    "place", ["'; --", "\x00", "¶" * 5000, "7.2 \u202e 3", "🙂", "9" * 400, "7.2 style:", "\ud800"]
)
async def test_hostile_places_get_a_sentence(ask: Ask, place: str) -> None:
    with pytest.raises(UserError):
        await ask(f"/cite x{place}")
