"""What makes us one device: token, device id, encryption keys and seeds, kept and refused together."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bot.platforms.matrix.canonical import decode_base64
from bot.platforms.matrix.crypto_store import account_problem
from bot.platforms.matrix.durable import sync_folder, write_private

FOLDER = "matrix"
STORE = "crypto.db"
IDENTITY = "identity.json"
# Written by `restore`: the keys may have been used since the copy was made, so that they must not be used again.
RESTORED = "restored.json"


class IdentityError(Exception):
    """We cannot be the device that we were; the message says why and how to put it right."""


@dataclass(frozen=True, slots=True)
class Seeds:
    """The cross-signing keys, as the base64 of 32 bytes each."""

    master: str = field(repr=False)
    self_signing: str = field(repr=False)
    user_signing: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Our device.

    Attributes:
        homeserver: The base address of its server.
        user: Such as ``@kruzhok:example.org``.
        seeds: None until cross-signing keys were made.
        restored: The time of the restore after which this device was made, if any.
    """

    homeserver: str
    user: str
    device: str
    token: str = field(repr=False)
    pickle_key: str = field(repr=False)
    seeds: Seeds | None = field(default=None, repr=False)
    restored: str = ""


def read_identity(folder: Path) -> Identity | None:
    """Read who we are; None if there is nothing yet.

    Raises:
        IdentityError: A part is missing, damaged, or open to others.
    """
    file, store = folder / IDENTITY, folder / STORE
    if not file.exists() and not store.exists():
        return None
    if not store.exists():
        raise IdentityError(f"{folder} has {IDENTITY} but no {STORE}, which holds the encryption keys. {_cure(folder)}")
    if not file.exists():
        raise IdentityError(f"{folder} has {STORE} but no {IDENTITY}, which holds the access token. {_cure(folder)}")
    _check_modes(folder, file, store)
    identity = _parse(file)
    problem = account_problem(store, identity.user, identity.device, identity.pickle_key)
    if problem:
        raise IdentityError(f"{store} {problem}. {_cure(folder)}")
    return identity


def write_identity(folder: Path, identity: Identity) -> None:
    """Write who we are, so that a crash leaves the old or the new."""
    write_private(folder / IDENTITY, json.dumps(asdict(identity), indent=1))


def restored(folder: Path) -> bool:
    """Whether a copy was put back, and what was said before that is not to be answered (again)."""
    return (folder / RESTORED).exists()


def settle_restore(folder: Path) -> None:
    """Note that nothing from before the restore can be answered any more."""
    (folder / RESTORED).unlink(missing_ok=True)
    sync_folder(folder)


def restore_mark(folder: Path) -> str:
    """Return what tells one restore from another; empty if there was none."""
    file = folder / RESTORED
    return file.read_text("utf-8", errors="replace").strip() if file.exists() else ""


def _check_modes(folder: Path, *files: Path) -> None:
    if os.name != "posix":
        return  # others are kept out by other means there
    for place, mode in ((folder, "700"), *((file, "600") for file in files)):
        if place.stat().st_mode & 0o077:
            raise IdentityError(
                f"{place} can be read by others, and holds keys that only Kruzhok may have. "
                f"Run “chmod {mode} {place}”, and start again."
            )


def _parse(file: Path) -> Identity:
    try:
        found = json.loads(file.read_text("utf-8"))
        seeds = found.get("seeds")
        identity = Identity(**{**found, "seeds": Seeds(**seeds) if seeds else None})
        texts = [value for value in asdict(identity).values() if not isinstance(value, dict | None)]
        if not all(isinstance(value, str) for value in texts) or not all(texts[:5]):
            raise ValueError("a value is missing")
        if seeds and not all(len(decode_base64(seed)) == 32 for seed in seeds.values()):
            raise ValueError("a seed is none")
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        raise IdentityError(f"{file} is damaged. {_cure(file.parent)}") from None
    return identity


def _cure(folder: Path) -> str:
    return (
        f"Put back a copy with “./kruzhok restore FILE”, or remove the folder {folder} to begin anew as a new device."
    )
