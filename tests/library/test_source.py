"""The essay comes apart as it was reviewed, and any folder with a text and three lines is a reading."""

import hashlib
import logging
import re
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bot.library.index import reading_folders
from bot.library.source import MOST_SENTENCES, DataError, Source, read_source
from bot.settings import SHIPPED_DATA
from tests.library.shelf import THREE_LINES, open_shelf, write_reading

ESSAY = SHIPPED_DATA / "price-serge"
ESSAY_SHA256 = "6907a01758d224811145efb412dff377d2bbc281e4ad939cebf78fedab3539f5"
ORIGINAL = SHIPPED_DATA.parent.parent / "shared" / "readings" / "price-serge.source.txt"
REVIEWED = Path(__file__).with_name("segmentation.txt")


def segmentation(source: Source) -> list[str]:
    """Return a reading as the reviewed file has it, without blank lines and remarks."""
    lines = []
    for section in source.reading.sections:
        lines.append(f"§ {section.number} {section.heading}")
        for paragraph in source.paragraphs[section.first - 1 : section.last]:
            assert (paragraph.section, paragraph.number) == (section.number, source.paragraphs.index(paragraph) + 1)
            lines += [
                f"{paragraph.number}.{number} {paragraph.text[start:end]}"
                for number, (start, end) in enumerate(paragraph.spans, 1)
            ]
    return lines


def test_the_source_is_the_original_byte_for_byte() -> None:
    content = (ESSAY / "source.txt").read_bytes()
    assert hashlib.sha256(content).hexdigest() == ESSAY_SHA256
    if ORIGINAL.exists():
        assert content == ORIGINAL.read_bytes()


def test_the_essay_comes_apart_as_it_was_reviewed() -> None:
    reviewed = [line for line in REVIEWED.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert segmentation(read_source(ESSAY)) == reviewed


def test_the_review_counts_what_was_counted_by_hand() -> None:
    lines = REVIEWED.read_text("utf-8").splitlines()
    sentences = [match for line in lines if (match := re.match(r"(\d+)\.(\d+) ", line))]
    assert sum(line.startswith("§ ") for line in lines) == 5
    assert len({match[1] for match in sentences}) == 23
    assert len(sentences) == 148


def test_title_matter_and_the_time_of_printing_are_no_part_of_it() -> None:
    source = read_source(ESSAY)
    everything = "\n".join(paragraph.text for paragraph in source.paragraphs)
    for dropped in ("Wayne Price", "What Can Anarchists Learn", "February 17, 2022", "Los_Angeles", "long-time writer"):
        assert dropped not in everything
    reading = source.reading
    assert (reading.sentences, reading.paragraphs, len(reading.sections)) == (148, 23, 5)
    assert [(each.first, each.last) for each in reading.sections] == [(1, 6), (7, 10), (11, 16), (17, 21), (22, 23)]


def test_every_paragraph_stands_in_the_source_as_it_is() -> None:
    raw = (ESSAY / "source.txt").read_text("utf-8")
    assert [paragraph.number for paragraph in read_source(ESSAY).paragraphs if paragraph.text not in raw] == []


def made(folder: Path, content: bytes | str, about: str = THREE_LINES.format(language="en")) -> Source:
    """Read a reading with this text."""
    write_reading(folder, [])
    (folder / "source.txt").write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "reading.toml").write_text(about, encoding="utf-8")
    return read_source(folder)


def texts(source: Source) -> list[str]:
    """Return the paragraphs."""
    return [paragraph.text for paragraph in source.paragraphs]


def test_a_text_and_three_lines_are_a_reading(tmp_path: Path) -> None:
    source = made(tmp_path / "short", "One. Two.\n\nThree.\n")
    assert texts(source) == ["One. Two.", "Three."]
    assert [section.heading for section in source.reading.sections] == ["Introduction"]
    assert (source.reading.title, source.reading.sentences, source.reading.year) == ("A made-up text", 3, None)


@pytest.mark.parametrize(
    ("content", "paragraphs"),
    [
        (b"One.\r\n\r\nTwo.\r\n", ["One.", "Two."]),
        (b"One.\r\rTwo.\r", ["One.", "Two."]),
        (b"\xef\xbb\xbfOne.\n\nTwo.", ["One.", "Two."]),
        (b"One\nand\n  two.\n\t\nThree.", ["One and two.", "Three."]),
        (b"One.\n   \n\n \t\n\nTwo.", ["One.", "Two."]),
        (b"No blank line.\nNot one.\nStill none.", ["No blank line. Not one. Still none."]),
        (b"\n\n\nOne.\n\n\n", ["One."]),
        (b"A nul\0in it.", ["A nul\N{REPLACEMENT CHARACTER}in it."]),
        ("\u2028One\u2029two\x85three\x0bfour.".encode(), ["One two three four."]),
        ("“Curly” — и кириллица.\n\n第二段。".encode(), ["“Curly” — и кириллица.", "第二段。"]),
    ],
)
def test_blank_lines_divide_however_lines_end(tmp_path: Path, content: bytes, paragraphs: list[str]) -> None:
    assert texts(made(tmp_path / "short", content)) == paragraphs


def test_reading_toml_says_what_is_title_heading_and_close(tmp_path: Path) -> None:
    about = THREE_LINES.format(language="en") + '[text]\ntitle_matter = 2\nclosing = 1\nheadings = ["Part", "Part"]\n'
    source = made(tmp_path / "short", "Title\n\nBy\n\nOne.\n\nPart\n\nTwo.\n\nPart\n\nThree.\n\nPrinted.", about)
    assert [(each.heading, each.first, each.last) for each in source.reading.sections] == [
        ("Introduction", 1, 1),
        ("Part", 2, 2),
        ("Part", 3, 3),
    ]


def test_toml_with_a_byte_order_mark_is_toml(tmp_path: Path) -> None:
    assert made(tmp_path / "short", "One.", "\ufeff" + THREE_LINES.format(language="en")).reading.author == "Nobody"


def test_without_voices_speech_is_given_to_nobody_known(tmp_path: Path) -> None:
    source = made(tmp_path / "short", "He said “it is over, all of it” at the “end”.")
    speakers = [str(quoted.speaker) for quoted in source.paragraphs[0].quoted]
    assert speakers == ["somebody whom the library does not name"]


GOOD = THREE_LINES.format(language="en")
WRONG = {
    "bad UTF-8": ({"source.txt": b"One.\n\n\xff\xfe Two."}, ["source.txt:1: the text must be there, in UTF-8"]),
    "UTF-16": ({"source.txt": "One.".encode("utf-16")}, ["source.txt:1: the text must be there, in UTF-8"]),
    "nothing in it": ({"source.txt": b" \n\n "}, ["source.txt:1: there is no paragraph"]),
    "only headings": (
        {"source.txt": b"Part", "reading.toml": GOOD + '[text]\nheadings = ["Part"]'},
        ["source.txt:1: there is no paragraph"],
    ),
    "more title matter than text": ({"reading.toml": GOOD + "[text]\ntitle_matter = 9"}, ["source.txt:1: there is no"]),
    "more closing than text": ({"reading.toml": GOOD + "[text]\nclosing = 9"}, ["source.txt:1: there is no paragraph"]),
    "negative": ({"reading.toml": GOOD + "[text]\nclosing = -1"}, ["reading.toml:5: “closing” must be a whole number"]),
    "no heading there": (
        {"reading.toml": GOOD + '[text]\nheadings = [\n"One",\n"Two",\n]'},
        ["reading.toml:6: no line of source.txt is the heading “One”", "reading.toml:7: no line"],
    ),
    "headings no list": (
        {"reading.toml": GOOD + '[text]\nheadings = "One"'},
        ["reading.toml:5: “headings” must be a list"],
    ),
    "text no table": ({"reading.toml": GOOD + 'text = "all"'}, ["reading.toml:4: “text” must be a table"]),
    "nothing about it": (
        {"reading.toml": b""},
        [f"reading.toml:1: “{name}” is missing" for name in ("title", "author", "language")],
    ),
    "bad TOML": ({"reading.toml": GOOD + "\nsource = nonsense"}, ["reading.toml:5: Invalid value"]),
    "TOML that stops": ({"reading.toml": GOOD + '\nsource = "nonsense'}, ["reading.toml:5: "]),
    "TOML in another encoding": (
        {"reading.toml": GOOD.encode() + b'source = "\xe9"'},
        ["reading.toml:4: this is not UTF-8"],
    ),
    "TOML without end": ({"reading.toml": "a = " + "[" * 100_000}, ["reading.toml:1: "]),
    "kinds": (
        {"reading.toml": GOOD + "year = true\nrights = 7\n"},
        ["reading.toml:4: “year” must be a whole number", "reading.toml:5: “rights” must be a text"],
    ),
    "three files": (
        {"reading.toml": 'title = ""\nauthor = 1', "source.txt": b"\xff", "voices.toml": "x", "errata.toml": "y"},
        [
            "voices.toml:1: ",
            "errata.toml:1: ",
            "reading.toml:1: “title” is missing",
            "reading.toml:2: “author” must be",
            "reading.toml:1: “language” is missing",
            "source.txt:1: ",
        ],
    ),
    "voices": (
        {
            "voices.toml": '[[voice]]\nat = "nowhere"\nwords = "One"\n[[voice]]\nat = "1.1"\n'
            '[[voice]]\nat = "1.1"\nwords = "Two"\n[[voice]]\nat = "9.1"\nwords = "One"\n'
            '[[voice]]\nat = "1.1"\nwords = "One"\nspeaker = 5'
        },
        [f"voices.toml:{line}: " for line in (1, 4, 6, 9, 12)],
    ),
    "voices in no list": ({"voices.toml": 'voice = "his"'}, ["voices.toml:1: write each entry under [[voice]]"]),
    "voices in no table": ({"voices.toml": "voice = [1]"}, ["voices.toml:1: an entry needs at, words"]),
    "errata": (
        {"errata.toml": '[[erratum]]\nat = "1.2-1"\nprinted = "x"\ncorrected = "y"'},
        ["errata.toml:1: there is no ¶"],
    ),
    "study": (
        {"summaries.toml": "section = 1", "prompts.toml": "[prompt]", "timeline.toml": "[[event]]\n"},
        ["summaries.toml:1: write each entry", "prompts.toml:1: write each entry"]
        + [f"timeline.toml:1: in this entry “{name}” must be" for name in ("date", "text", "anchors")],
    ),
    "study that is no TOML": (
        {"summaries.toml": "x", "concepts.toml": "y"},
        ["summaries.toml:1: ", "concepts.toml:1: "],
    ),
    "a wall of words": ({"source.txt": b"He came. " * (MOST_SENTENCES + 1)}, ["source.txt:1: ¶ 1 has more than 4000"]),
}  # fmt: skip


@pytest.mark.parametrize(("files", "said"), WRONG.values(), ids=WRONG.keys())
async def test_a_broken_reading_is_left_out_with_the_reasons_and_the_others_serve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, files: dict[str, str | bytes], said: list[str]
) -> None:
    write_reading(tmp_path / "data" / "good", ["Nothing is wrong here."])
    broken = write_reading(tmp_path / "data" / "broken", ["One."])
    for name, content in files.items():
        (broken / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    async with AsyncExitStack() as stack:
        library = await open_shelf(stack, tmp_path)
        assert await library.slugs() == ["good"]
        assert (await library.search("good", "wrong")).passages
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(lines) == len(said), lines
    for line, expected in zip(lines, said, strict=True):
        assert line.startswith(f"reading left out: broken/{expected}")


@pytest.mark.parametrize("name", ["Upper", "with space", "-hyphen", "ünïcode", "x" * 65, "dot.dot"])
def test_a_folder_is_named_so_that_it_can_be_typed(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="small letters, digits and hyphens"):
        read_source(write_reading(tmp_path / name, ["One."]))


async def test_where_no_reading_is_left_all_problems_are_said(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (write_reading(tmp_path / "data" / name, ["One."]) / "reading.toml").write_text("year = 1.5")
    async with AsyncExitStack() as stack:
        with pytest.raises(DataError) as caught:
            await open_shelf(stack, tmp_path)
    said = [*(f"“{name}” is missing" for name in ("title", "author", "language")), "“year” must be a whole number"]
    assert caught.value.problems == [f"{name}/reading.toml:1: {each}" for name in ("one", "two") for each in said]
    assert str(caught.value).count("\n") == 7


async def test_no_readings_at_all_is_said(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        with pytest.raises(DataError, match=r"no folder with a source\.txt"):
            await open_shelf(stack, tmp_path)


async def test_of_two_readings_of_one_name_the_first_serves(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    first = write_reading(tmp_path / "one" / "same", ["The first."])
    write_reading(tmp_path / "two" / "same", ["The second."])
    other = write_reading(tmp_path / "two" / "other", ["The other."])
    assert reading_folders([tmp_path / "one", tmp_path / "two", tmp_path / "absent"]) == [first, other]
    assert [record.getMessage() for record in caplog.records] == [
        "reading left out: same is there twice",
        f"there is no folder of readings {tmp_path / 'absent'}",
    ]
