"""Writes and reads backups: plain tar files, of which every byte is known or has a checksum.

``tar -tf`` lists them. They are read back by this module alone, which takes them only as it has written them: whatever
else tar files can have (links, devices, other names, holes, compression) does not come about, and need not be parsed.
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from bot.operating.manifest import DAMAGED, BackupError, Manifest, Member

FIRST = "manifest.json"
_BLOCK = tarfile.BLOCKSIZE
_END = bytes(2 * _BLOCK)
_LARGEST_MANIFEST = 64 * 1024
_CHUNK = 1024 * 1024
NOT_ONE = "{file} is not a backup that Kruzhok has made."
CUT_OFF = "{file} ends too early: it was not copied whole. Copy it again, or use another backup."


def write(out: BinaryIO, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Write a backup.

    Args:
        files: Where the members are now, by their names; they are as the manifest says.

    Raises:
        OSError: It cannot be written.
    """
    raw = manifest.to_bytes()
    out.write(_header(FIRST, len(raw), manifest) + raw + _padding(len(raw)))
    for member in manifest.members:
        out.write(_header(member.name, member.size, manifest))
        with files[member.name].open("rb") as file:
            while chunk := file.read(_CHUNK):
                out.write(chunk)
        out.write(_padding(member.size))
    out.write(_END)


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Archive:
    """A backup that is being read, from its beginning to its end.

    Args:
        file: What it is called, for messages.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self.manifest = self._read_manifest()

    def _read_manifest(self) -> Manifest:
        """Read what stands first, within bounds.

        Raises:
            BackupError: It is no backup, damaged, or newer.
        """
        block = self._stream.read(_BLOCK)
        try:
            told = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        except (tarfile.HeaderError, ValueError):
            raise BackupError(NOT_ONE.format(file=self._file)) from None
        if told.name != FIRST or not 0 < told.size <= _LARGEST_MANIFEST:
            raise BackupError(NOT_ONE.format(file=self._file))
        raw = self._exactly(told.size)
        manifest = Manifest.from_bytes(raw, self._file)
        if block != _header(FIRST, len(raw), manifest):
            raise self._damaged(f"what stands before {FIRST} is not as it was written")
        self._expect(_padding(len(raw)), FIRST)
        return manifest

    def unpack(self, target: Callable[[Member], Path]) -> None:
        """Write every member to where ``target`` says, readable by us alone, and see that all is as it was written.

        Raises:
            BackupError: It is damaged or cut off; what was unpacked is of no use then.
            OSError: It cannot be read, or a file cannot be written.
        """
        for member in self.manifest.members:
            header = _header(member.name, member.size, self.manifest)
            self._expect(header, member.name)
            self._unpack(member, target(member))
            self._expect(_padding(member.size), member.name)
        self._expect(_END, "its end")
        if self._stream.read(1):
            raise self._damaged("something follows after its end")

    def _unpack(self, member: Member, path: Path) -> None:
        digest, left = hashlib.sha256(), member.size
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            while left:
                chunk = self._exactly(min(left, _CHUNK))
                digest.update(chunk)
                file.write(chunk)
                left -= len(chunk)
            file.flush()
            os.fsync(file.fileno())
        if digest.hexdigest() != member.sha256:
            raise self._damaged(f"{member.name} is not as it was written")

    def _expect(self, wanted: bytes, where: str) -> None:
        if self._exactly(len(wanted)) != wanted:
            raise self._damaged(f"{where} is not as it was written")

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            more = self._stream.read(size - len(found))
            if not more:
                raise BackupError(CUT_OFF.format(file=self._file))
            found += more
        return found

    def _damaged(self, what: str) -> BackupError:
        return BackupError(DAMAGED.format(file=self._file, what=what))


def _header(name: str, size: int, manifest: Manifest) -> bytes:
    told = tarfile.TarInfo(name)
    told.size, told.mode, told.mtime = size, 0o600, int(manifest.made_at.timestamp())
    return told.tobuf(tarfile.PAX_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % _BLOCK)
