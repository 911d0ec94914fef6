"""Backups that somebody has made to do harm are refused within bounds, each in a sentence."""

import gzip
import io
import json
import sqlite3
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.operating import archive
from bot.operating.manifest import KEYS, SETTINGS, STATE, Manifest, Member
from bot.store.state import migrations
from tests.operating.folders import NOW, backup_of, entries, make, put_back
from tests.operating.test_restore import refusal

NEWEST = len(migrations())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder of which backups are made that are as they should be but for one thing."""
    return make(tmp_path_factory.mktemp("whole") / "state", rows=5)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    """A folder to which nothing is restored, and nothing beside it."""
    folder = tmp_path / "within" / "state"
    yield folder
    assert entries(tmp_path) == {"within", "within/state", "within/state/running.lock"}


def packed(
    state: Path,
    change: Callable[[Manifest], Manifest] = lambda manifest: manifest,
    names: tuple[str, ...] = (STATE,),
    files: Mapping[str, Path] | None = None,
) -> bytes:
    """Pack a backup as ours are, of this, with right checksums, and a changed table of contents."""
    paths = {name: (files or {}).get(name, state / name) for name in names}
    members = tuple(Member(name, path.stat().st_size, archive.digest_of(path)) for name, path in paths.items())
    manifest = change(Manifest("0.1.0", NEWEST, NOW, members))
    out = io.BytesIO()
    archive.write(out, manifest, {each.name: paths.get(each.name, state / STATE) for each in manifest.members})
    return out.getvalue()


def renamed(name: str) -> Callable[[Manifest], Manifest]:
    """Give a further file this name."""

    def change(manifest: Manifest) -> Manifest:
        return replace(manifest, members=(*manifest.members, replace(manifest.members[0], name=name)))

    return change


def test_one_that_is_packed_like_this_is_taken(whole: Path, tmp_path: Path) -> None:
    (tmp_path / "copy.tar").write_bytes(packed(whole, names=(STATE, SETTINGS, KEYS)))
    put_back(tmp_path / "state", tmp_path / "copy.tar")


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "matrix/../../evil",
        "/etc/evil",
        "evil.py",
        "matrix/evil.db",
        "state.sqlite-wal",
        "matrix",
        "running.lock",
        "C:evil",
        "..\\evil",
        "",
        ".",
        "x" * 300,
        "state.sqlite\0evil",
        "settings.toml\u202e",
    ],
)
def test_other_names_are_refused(whole: Path, empty: Path, name: str) -> None:
    assert "which no backup of Kruzhok does" in refusal(empty, packed(whole, renamed(name)))


def test_what_comes_twice_or_not_at_all_is_refused(whole: Path, empty: Path) -> None:
    assert "holds state.sqlite twice" in refusal(empty, packed(whole, renamed(STATE)))
    assert "holds no state.sqlite" in refusal(empty, packed(whole, names=(SETTINGS,)))


@pytest.mark.parametrize("size", [-1, 1 << 60, 10**40])
def test_sizes_that_cannot_be_are_refused(whole: Path, empty: Path, size: int) -> None:
    def change(manifest: Manifest) -> Manifest:
        return replace(manifest, members=(replace(manifest.members[0], size=size),))

    with pytest.MonkeyPatch.context() as patch:
        # tarfile refuses to write some of them at all.
        patch.setattr(archive, "_padding", lambda size: b"")
        try:
            raw = packed(whole, change)
        except ValueError:
            return
    assert "cannot be" in refusal(empty, raw)


def test_more_than_there_is_room_for_is_refused_before_it_is_unpacked(whole: Path, empty: Path) -> None:
    def change(manifest: Manifest) -> Manifest:
        return replace(manifest, members=(replace(manifest.members[0], size=1 << 49),))

    assert "There is no room" in refusal(empty, packed(whole, change))


def test_texts_are_small(whole: Path, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    large = tmp_path_factory.mktemp("large") / "settings"
    large.write_bytes(b"#" * 2_000_000)
    assert "is far too large" in refusal(empty, packed(whole, names=(STATE, SETTINGS), files={SETTINGS: large}))


@pytest.mark.parametrize(
    ("kind", "link"),
    [
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "../../evil"),
        (tarfile.CHRTYPE, ""),
        (tarfile.BLKTYPE, ""),
        (tarfile.FIFOTYPE, ""),
        (tarfile.DIRTYPE, ""),
        (tarfile.GNUTYPE_SPARSE, ""),
    ],
    ids=["symlink", "hardlink", "character device", "block device", "fifo", "folder", "with holes"],
)
def test_what_is_no_file_is_refused(whole: Path, empty: Path, kind: bytes, link: str) -> None:
    """Each member's head is another than the table of contents promises."""
    raw = bytearray(packed(whole))
    with tarfile.open(fileobj=io.BytesIO(raw)) as listed:
        member = listed.getmember(STATE)
    wrong = tarfile.TarInfo(STATE)
    wrong.size, wrong.mode, wrong.mtime, wrong.type, wrong.linkname = member.size, 0o600, member.mtime, kind, link
    head = wrong.tobuf(tarfile.USTAR_FORMAT)
    raw[member.offset : member.offset + 512] = head
    assert "state.sqlite is not as it was written" in refusal(empty, bytes(raw))


@pytest.mark.parametrize("format_", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tars_of_others_are_refused(empty: Path, format_: int) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=format_) as made:
        for name in ("../evil", "manifest.json", STATE):
            entry = tarfile.TarInfo(name)
            entry.size = 5
            made.addfile(entry, io.BytesIO(b"evil!"))
    assert "not a backup that Kruzhok has made" in refusal(empty, out.getvalue())


def test_bombs_are_refused_within_bounds(whole: Path, empty: Path) -> None:
    """None is unpacked: neither gzip nor zip is read, and a table of contents has its most."""
    zeros = bytes(20_000_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(STATE, zeros)
    huge = tarfile.TarInfo("manifest.json")
    huge.size = 1 << 40
    bombs = [gzip.compress(zeros), out.getvalue(), huge.tobuf() + zeros, zeros, packed(whole)[:512] + zeros]
    tracemalloc.start()
    for bomb in bombs:
        refusal(empty, bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 3_000_000 + len(zeros)  # a stream of its own, and what io.BytesIO holds


def test_hostile_tables_of_contents_are_refused(whole: Path, empty: Path) -> None:
    texts = [
        b"{" * 60_000,
        b"[" * 60_000,
        b"null",
        b'{"format": true}',
        b'{"format": 1, "members": 7}',
        b'{"format": 1' + b"0" * 5000 + b"}",
        b'{"format": 1, "kruzhok": "", "schema": 1e400, "made_at": "x", "members": []}',
        b"\xff\xfe",
        json.dumps({"format": 1, "members": [{"name": [STATE]}]}).encode(),
    ]
    for text in texts:
        head = tarfile.TarInfo("manifest.json")
        head.size = len(text)
        said = refusal(empty, head.tobuf(tarfile.PAX_FORMAT) + text + bytes(-len(text) % 512))
        assert "table of contents is not as it was written" in said or "newer Kruzhok" in said


def test_a_newer_format_or_state_is_told_to_be_newer(whole: Path, empty: Path) -> None:
    text = json.dumps({"format": 2, "kruzhok": "9.0", "whatever": "else"}).encode()
    head = tarfile.TarInfo("manifest.json")
    head.size = len(text)
    said = refusal(empty, head.tobuf(tarfile.PAX_FORMAT) + text + bytes(-len(text) % 512))
    assert "made by a newer Kruzhok (9.0). Upgrade this one first." in said
    said = refusal(empty, packed(whole, lambda manifest: replace(manifest, schema=NEWEST + 1)))
    assert f"its state has version {NEWEST + 1}, and this one knows versions up to {NEWEST}" in said


@pytest.mark.parametrize("kind", ["no database", "another one", "a trigger", "a view", "of another version", "damaged"])
def test_databases_that_are_not_what_they_are_said_to_be_are_refused(
    whole: Path, empty: Path, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    path = make(tmp_path_factory.mktemp("made"), rows=6000, matrix=False, settings=False) / STATE
    if kind == "no database":
        path.write_bytes(b"SQLite format 3\0" + bytes(5000))
    elif kind == "damaged":
        noise = bytearray(path.read_bytes())
        noise[8192:8208] = b"\xff" * 16
        path.write_bytes(noise)
    else:
        changes = {
            "another one": "DROP TABLE given",
            "a trigger": "CREATE TRIGGER evil AFTER INSERT ON given BEGIN DELETE FROM setting; END",
            "a view": "CREATE VIEW evil AS SELECT 1",
            "of another version": f"PRAGMA user_version = {NEWEST - 1}",
        }
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute(changes[kind])
    said = refusal(empty, packed(whole, files={STATE: path}))
    assert "state.sqlite in it is" in said
    assert ("damaged" in said) is (kind in ("no database", "damaged"))


def test_keys_that_bring_code_are_refused(whole: Path, empty: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("made") / "keys"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE account (number INTEGER)")
        connection.execute("CREATE TRIGGER evil AFTER UPDATE ON account BEGIN DELETE FROM account; END")
    raw = packed(whole, names=(STATE, KEYS), files={KEYS: path})
    assert "crypto.db in it is not one that Kruzhok has made" in refusal(empty, raw)


def test_an_older_state_is_taken(whole: Path, tmp_path: Path) -> None:
    """It is brought to the newest version when the bot starts."""
    path = tmp_path / "older"
    with closing(sqlite3.connect(path)) as connection, connection:
        for _, script in migrations()[:1]:
            connection.executescript(script)
        connection.execute("PRAGMA user_version = 1")
    file = tmp_path / "copy.tar"
    file.write_bytes(packed(whole, lambda manifest: replace(manifest, schema=1), files={STATE: path}))
    assert put_back(tmp_path / "state", file) is None
    assert backup_of(tmp_path / "state", tmp_path / "again.tar").exists()
