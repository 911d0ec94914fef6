"""Looks whether the Matrix device is whole, by a copy of it, so that nothing beside its keys is changed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot.operating.findings import Finding, ok, problem
from bot.operating.manifest import IDENTITY, KEYS
from bot.settings import MatrixSettings
from bot.store.alone import is_held
from bot.store.copies import copy_database
from bot.store.state import StateError

if TYPE_CHECKING:
    from bot.platforms.matrix.identity import Identity

NAME, FOLDER = "matrix device", "matrix"
NONE_YET = "There is no device yet; it is made at the first start."
RESTORED = "A backup was restored; Kruzhok becomes a new device at the next start"


def look_at_device(state: Path, settings: MatrixSettings | None) -> "tuple[Identity | None, list[Finding]]":
    """Return who the bot is on Matrix, if that can be read, and what was found; nothing where Matrix is not used."""
    if not (state / FOLDER).exists():
        return None, [ok(NAME, NONE_YET)] if settings else []
    # Here: it takes a second, which those who are not on Matrix need not wait.
    from bot.platforms.matrix.identity import IdentityError, read_identity, restored

    try:
        with _copied(state) as copy:
            try:
                identity = read_identity(copy)
            except IdentityError as error:
                sentence, _, cure = str(error).replace(str(copy), str(state / FOLDER)).partition(". ")
                return None, [problem(NAME, f"{sentence}.", cure)]
            is_restored = restored(state / FOLDER)
    except (OSError, StateError) as error:
        return None, [problem(NAME, f"The device cannot be read: {error}.", "Is it this user's?")]
    if identity is None:
        return None, [ok(NAME, NONE_YET)]
    if is_restored and not (settings and settings.password):
        cure = "Set its password (KRUZHOK_MATRIX_PASSWORD), or a token of a new device (KRUZHOK_MATRIX_TOKEN)."
        return identity, [problem(NAME, f"{RESTORED}, for which it must log in.", cure)]
    if is_restored:
        return identity, [ok(NAME, f"{RESTORED}.")]
    return identity, [ok(NAME, f"The device {identity.device} of {identity.user} is whole.")]


@contextmanager
def _copied(state: Path) -> Iterator[Path]:
    """Copy the device, with the modes that its files have."""
    with tempfile.TemporaryDirectory(prefix="kruzhok-looking-") as name:
        folder = Path(name) / FOLDER
        folder.mkdir()
        identity, keys, log = state / IDENTITY, state / KEYS, state / f"{KEYS}-wal"
        if identity.exists():
            shutil.copy2(identity, folder)
        if keys.exists() and is_held(state):
            copy_database(keys, folder / keys.name)
            shutil.copymode(keys, folder / keys.name)
        elif keys.exists():
            for path in (keys, log):
                if path.exists():
                    shutil.copy2(path, folder)
        shutil.copymode(state / FOLDER, folder)
        yield folder
