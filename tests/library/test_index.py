"""The index is made whole or not at all, once, and nothing that people type reaches its query language."""

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.library.index import checksum, reading_folders
from bot.library.library import Library, open_library
from bot.settings import SHIPPED_DATA
from tests.library.shelf import open_shelf, write_reading

# Opens the library as the bot does, when told to, and prints what it finds.
OPENS = """
import asyncio, os, sys
from contextlib import AsyncExitStack
from pathlib import Path
from bot.library.library import open_library

async def main():
    async with AsyncExitStack() as stack:
        library = await open_library(stack, [Path(sys.argv[1])], Path(sys.argv[2]))
        print(len((await library.search("made-up", "lighthouse")).passages), flush=True)

sys.stdin.readline()
if len(sys.argv) > 3:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]),) * 2)
if os.geteuid() == 0 and os.environ.get("WITHOUT_CAPABILITIES"):
    import ctypes
    # Root without capabilities is held to permissions like anybody; version 3 of the kernel's structures.
    header, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None, use_errno=True).capset(header, none) == 0, ctypes.get_errno()
    try:
        open(os.path.join(sys.argv[2], "written"), "w")
    except PermissionError:
        pass
    else:
        raise SystemExit("it can still write")
asyncio.run(main())
"""
PARAGRAPHS = ["A lighthouse stands there.", "Rain falls on the harbour.", "Nobody lives here."]


def opens(tmp_path: Path, *more: str, **environment: str) -> subprocess.Popen[str]:
    """Start a process that opens the library of ``tmp_path`` once it has been given a line."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", OPENS, tmp_path / "data", tmp_path / "state", *more],
        cwd=SHIPPED_DATA.parent,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def indexes(tmp_path: Path) -> dict[str, tuple[int, int]]:
    """Return the files that can be opened as an index, each with what changes when it is made anew."""
    found = (tmp_path / "state").glob("library-*.sqlite")
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


async def found(tmp_path: Path, question: str) -> int:
    """Open the library and return how many passages answer."""
    async with AsyncExitStack() as stack:
        library = await open_shelf(stack, tmp_path)
        return len((await library.search("made-up", question)).passages)


async def test_the_index_is_built_once(tmp_path: Path) -> None:
    write_reading(tmp_path / "data" / "made-up", PARAGRAPHS)
    assert await found(tmp_path, "lighthouse") == 1
    first = indexes(tmp_path)
    assert await found(tmp_path, "lighthouse") == 1
    assert indexes(tmp_path) == first
    assert len(first) == 1


@pytest.mark.parametrize(("file", "old", "new"), [("source.txt", "lives", "lived"), ("reading.toml", "A m", "a m")])
async def test_one_byte_more_or_other_makes_it_anew(tmp_path: Path, file: str, old: str, new: str) -> None:
    folder = write_reading(tmp_path / "data" / "made-up", PARAGRAPHS)
    await found(tmp_path, "lighthouse")
    before = indexes(tmp_path)
    (folder / file).write_text((folder / file).read_text("utf-8").replace(old, new), "utf-8")
    await found(tmp_path, "lighthouse")
    assert len(indexes(tmp_path)) == 1
    assert not indexes(tmp_path).keys() & before.keys()


def test_the_checksum_tells_files_apart_by_name_and_length(tmp_path: Path) -> None:
    one, other = write_reading(tmp_path / "one", ["ab"]), write_reading(tmp_path / "two", ["ab"])
    assert checksum([one]) != checksum([other]) != checksum([other, one])
    assert checksum([one]) == checksum([one])
    (one / "notes.toml").touch()
    assert checksum([one]) != checksum([write_reading(tmp_path / "elsewhere" / "one", ["ab"])])


async def test_a_process_killed_while_it_builds_leaves_the_old_index_and_no_half_one(tmp_path: Path) -> None:
    write_reading(tmp_path / "data" / "made-up", PARAGRAPHS)
    await found(tmp_path, "lighthouse")
    before = indexes(tmp_path)
    late = write_reading(tmp_path / "data" / "zz-late", ["x"])
    (late / "source.txt").unlink()
    os.mkfifo(late / "source.txt")  # whoever reads it waits, with the first reading already in the new index
    process = opens(tmp_path)
    assert process.stdin
    process.stdin.write("go\n")
    process.stdin.flush()
    writing = os.open(late / "source.txt", os.O_WRONLY)  # returns when the builder has come so far
    process.send_signal(signal.SIGKILL)
    process.communicate()
    os.close(writing)
    assert process.returncode == -signal.SIGKILL
    assert indexes(tmp_path) == before
    halves = list((tmp_path / "state").glob(".library-*.building"))
    assert len(halves) == 1

    (late / "source.txt").unlink()
    (late / "source.txt").write_text("A second lighthouse.")
    os.utime(halves[0], (0, 0))  # a crash of long ago
    assert await found(tmp_path, "lighthouse") == 1
    assert len(indexes(tmp_path)) == 1
    assert indexes(tmp_path).keys() != before.keys()
    assert not list((tmp_path / "state").glob(".library-*"))


def test_a_build_that_fails_leaves_the_old_index_and_nothing_else(tmp_path: Path) -> None:
    folder = write_reading(tmp_path / "data" / "made-up", PARAGRAPHS)
    assert opens(tmp_path).communicate("go\n") == ("1\n", "")
    before = indexes(tmp_path)
    with (folder / "source.txt").open("a") as source:
        source.writelines(f"\n\nWords of number{number} fill the disk." for number in range(2000))
    failing = opens(tmp_path, str(100_000))  # the disk is full after so many bytes
    assert failing.communicate("go\n")[0] == ""
    assert failing.returncode != 0
    assert [path.name for path in (tmp_path / "state").iterdir()] == [*before]
    assert indexes(tmp_path) == before
    assert opens(tmp_path).communicate("go\n") == ("1\n", "")


def test_several_processes_may_build_at_once(tmp_path: Path) -> None:
    write_reading(tmp_path / "data" / "made-up", PARAGRAPHS * 100)
    processes = [opens(tmp_path) for _ in range(4)]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate() for process in processes]
    assert {errors for _, errors in answers} == {""}
    assert len({answer for answer, _ in answers} - {"0\n"}) == 1
    assert len(list((tmp_path / "state").iterdir())) == 1


def test_it_is_opened_where_nothing_may_be_written() -> None:
    """Where the tests run as root, whom no permission stops, as root without its capabilities."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        write_reading(folder / "data" / "made-up", PARAGRAPHS)
        assert opens(folder).communicate("go\n") == ("1\n", "")
        for index in (folder / "state").iterdir():
            index.chmod(0o444)
        (folder / "state").chmod(0o555)
        assert opens(folder, WITHOUT_CAPABILITIES="1").communicate("go\n") == ("1\n", "")
        (folder / "state").chmod(0o755)


async def test_an_open_index_cannot_be_written_and_leaves_no_file_beside_it(tmp_path: Path) -> None:
    write_reading(tmp_path / "data" / "made-up", PARAGRAPHS)
    async with AsyncExitStack() as stack:
        library = await open_shelf(stack, tmp_path, connections=3)
        await library.search("made-up", "lighthouse")
        assert len(list((tmp_path / "state").iterdir())) == 1
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await library._connection.execute("DELETE FROM paragraph")


@pytest.mark.extended
async def test_many_ask_at_once_over_several_connections(tmp_path: Path, state: Path) -> None:
    questions = ["Cheka", "Kronstadt sailors", "what did Serge think of Lenin", "Makhno", "zzz"] * 20
    async with AsyncExitStack() as stack:
        library = await open_library(stack, [SHIPPED_DATA], state, connections=4)
        together = await asyncio.gather(*(library.search("price-serge", each) for each in questions))
        apart = [await library.search("price-serge", each) for each in questions]
    assert [[*each.passages] for each in together] == [[*each.passages] for each in apart]


FTS = st.sampled_from(
    [
        *"AND OR NOT NEAR NEAR( NEAR/2 Cheka cheka* ^Cheka body: asks: rowid: body:cheka {body asks}: porter".split(),
        *'" "" \' ’ ( ) { } * + - : ; , . ^ -- /* % _ ? ?1 @x $x Serge\'s N.E.P. 1920–21 Кронштадт 🙂'.split(),
        *("DROP TABLE paragraph", "UNION SELECT", "\0", "\ud800", "\udfff", "\u202e", "\u0301", "\n"),
    ]
)
HOSTILE = st.lists(FTS | st.text(max_size=8), max_size=12).flatmap(
    lambda parts: st.sampled_from(["", " ", "\t"]).map(lambda joint: joint.join(parts))
)


async def asked(library: Library, question: str) -> None:
    """Ask a question, and see that whatever comes back stands in the essay."""
    findings = await library.search("price-serge", question)
    reading = await library.reading("price-serge")
    source = (SHIPPED_DATA / "price-serge" / "source.txt").read_text("utf-8")
    for passage in findings.passages:
        paragraph = await library.paragraph("price-serge", passage.place.paragraph)
        marks = await library.marks("price-serge", paragraph, findings.question)
        quotation = reading.quotation(paragraph, passage.place, marks)
        assert quotation.text
        assert quotation.text in source
        assert all(0 <= start < end <= len(quotation.text) for start, end in quotation.marks)


def test_nothing_that_people_type_reaches_the_query_language(state: Path) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        library = runner.run(open_library(stack, [SHIPPED_DATA], state))

        @given(HOSTILE)
        @settings(deadline=None, max_examples=300)
        @example('"')
        @example('NEAR("Cheka" "Kronstadt", 5) OR body:* NOT ^Lenin')
        @example("Cheka\0Lenin")
        @example("\ud800\udfff Cheka \udc00")
        @example("Cheka " * 2000)
        @example("a" * 10_000)
        @example('"' * 10_000)
        @example("(" * 5_000 + "Cheka" + ")" * 5_000)
        @example("🙂" * 5_000)
        @example(" ".join(f"word{n}" for n in range(2_000)))
        @example("\u0301" * 10_000)
        @example("A." * 5_000)
        @example("a'" * 5_000)
        @example("aB" * 5_000)
        def ask(question: str) -> None:
            runner.run(asked(library, question))

        try:
            ask()
        finally:
            runner.run(stack.aclose())


async def test_words_of_the_query_language_are_words(tmp_path: Path) -> None:
    paragraphs = ["The ship came near the rock.", "Columns of rowid and body were counted.", *PARAGRAPHS]
    write_reading(tmp_path / "data" / "made-up", paragraphs)
    async with AsyncExitStack() as stack:
        library = await open_shelf(stack, tmp_path)
        for question, paragraph in [("NEAR rock", 1), ("body:rowid", 2), ("NOT lighthouse", 3), ("(rock*", 1)]:
            passages = (await library.search("made-up", question)).passages
            assert passages, question
            assert passages[0].place.paragraph == paragraph


def test_a_folder_with_a_text_is_a_reading_wherever_it_is(tmp_path: Path) -> None:
    write_reading(tmp_path / "made-up", ["x"])
    (tmp_path / "empty").mkdir()
    shutil.copy(tmp_path / "made-up" / "source.txt", tmp_path)
    assert reading_folders([tmp_path]) == [tmp_path, tmp_path / "made-up"]
