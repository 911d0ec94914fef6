"""What is in a backup: the manifest that stands first in it."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bot.errors import UserError

FORMAT = 1
# All that is backed up, by its name below the state folder: no other name is ever written to.
STATE, SETTINGS, IDENTITY, KEYS = "state.sqlite", "settings.toml", "matrix/identity.json", "matrix/crypto.db"
DATABASES, TEXTS = (STATE, KEYS), (SETTINGS, IDENTITY)
# What is read into memory when the bot starts.
_LARGEST_TEXT = 1024 * 1024
_LARGEST = 1 << 50
_HASH = re.compile(r"[0-9a-f]{64}")
DAMAGED = "{file} is damaged: {what}. Use another backup."
NEWER = "{file} was made by a newer Kruzhok ({version}). Upgrade this one first."


class BackupError(UserError):
    """A backup cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup: its name below the state folder, its size in bytes and its SHA-256."""

    name: str
    size: int
    sha256: str

    @property
    def is_database(self) -> bool:
        """Whether it is an SQLite database."""
        return self.name in DATABASES


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup.

    Attributes:
        kruzhok: The version of Kruzhok that made it.
        schema: The number of the last migration of the state in it.
        made_at: When (UTC), to the second.
    """

    kruzhok: str
    schema: int
    made_at: datetime
    members: tuple[Member, ...]

    @property
    def size(self) -> int:
        """How many bytes its files have together."""
        return sum(member.size for member in self.members)

    @property
    def has_matrix(self) -> bool:
        """Whether a Matrix device's identity is in it."""
        return any(member.name.startswith("matrix/") for member in self.members)

    def to_bytes(self) -> bytes:
        """Write it, in the one way in which it is read: every byte of it is accounted for by its checksum."""
        told: dict[str, Any] = {
            "format": FORMAT,
            "kruzhok": self.kruzhok,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "members": [asdict(member) for member in self.members],
            "schema": self.schema,
        }
        return _written(told | {"checksum": hashlib.sha256(_written(told)).hexdigest()})

    @classmethod
    def from_bytes(cls, raw: bytes, file: str) -> "Manifest":
        """Read one that ``to_bytes`` has written.

        Raises:
            BackupError: It is of a newer format, or not as it was written, or names what no backup holds.
        """
        damaged = BackupError(DAMAGED.format(file=file, what="its table of contents is not as it was written"))
        try:
            told = json.loads(raw)
            if isinstance(told["format"], int) and told["format"] > FORMAT:
                raise BackupError(NEWER.format(file=file, version=str(told.get("kruzhok"))[:20]))
            found = cls(
                str(told["kruzhok"]),
                int(told["schema"]),
                datetime.fromisoformat(told["made_at"]).astimezone(UTC),
                tuple(Member(str(each["name"]), int(each["size"]), str(each["sha256"])) for each in told["members"]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            raise damaged from None
        if found.to_bytes() != raw:
            raise damaged
        _check(found.members, file)
        return found


def _written(told: dict[str, Any]) -> bytes:
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode("ascii")


def _check(members: tuple[Member, ...], file: str) -> None:
    """Refuse a manifest that names other files than backups have: each is to come once, below the state folder."""
    names = [member.name for member in members]
    for member in members:
        if member.name not in (*DATABASES, *TEXTS):
            raise _not_ours(file, f"it holds “{member.name[:80]}”, which no backup of Kruzhok does")
        if names.count(member.name) > 1:
            raise _not_ours(file, f"it holds {member.name} twice")
        if not 0 <= member.size <= _LARGEST or not _HASH.fullmatch(member.sha256):
            raise _not_ours(file, f"what it says of {member.name} cannot be")
        if not member.is_database and member.size > _LARGEST_TEXT:
            raise _not_ours(file, f"{member.name} is far too large")
    if STATE not in names:
        raise _not_ours(file, f"it holds no {STATE}")


def _not_ours(file: str, what: str) -> BackupError:
    return BackupError(f"{file} is not used: {what}.")
