"""Where the encryption keys are kept: nio's store, one SQLite file, with room keys in a table of our own."""

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

import peewee
import vodozemac
from nio.crypto import GroupSessionStore, OlmAccount, OlmDevice, OutboundSession
from nio.crypto.olm_machine import Olm
from nio.crypto.sessions import derive_pickle_key
from nio.store import SqliteStore

# Olm sessions with one device. Devices make a new one now and then; more than these are somebody's flood.
_SESSIONS_A_DEVICE = 8
# Anybody can begin an Olm session under a key that no device has; such ones are of no use later.
_STRANGERS_STAY = "-7 days"
# What a database says that cannot be read or written, by nio's queries and by ours.
DATABASE_ERRORS = (peewee.DatabaseError, sqlite3.DatabaseError)


class StoreBroken(Exception):
    """The crypto store cannot be read or written, as with a full disk; nothing of the last step was kept."""


def hush() -> None:
    """Have nio and peewee log nothing: they write ids, names and (at DEBUG) values of queries, and we say enough."""
    for name in ("nio", "peewee"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


class _Database(peewee.SqliteDatabase):
    """A database that nio's tables are bound to once, not anew for each query, which takes longer than the query."""

    def bind_ctx(self, models: Any, *_: Any, **__: Any) -> Any:
        if any(model._meta.database is not self for model in models):
            self.bind(models, bind_refs=False, bind_backrefs=False)
        return nullcontext()


class CryptoStore(SqliteStore):
    """nio's store with a write-ahead log, so that a step is one flush to the disk.

    nio would read every room key that there ever was at start; ours are looked up one by one (see RoomKeys).
    """

    def _create_database(self) -> Any:
        pragmas = {"foreign_keys": 1, "secure_delete": 1, "journal_mode": "wal", "synchronous": "full"}
        return _Database(self.database_path, pragmas=pragmas)

    def load_inbound_group_sessions(self) -> GroupSessionStore:
        """Return an empty store."""
        return GroupSessionStore()

    def load_outgoing_key_requests(self) -> dict[str, Any]:
        """Return none: we ask for no keys."""
        return {}

    @contextmanager
    def step(self) -> Iterator[None]:
        """Keep all that is written inside, or nothing.

        Raises:
            StoreBroken: It could not be kept.
        """
        try:
            with self.database.atomic():
                yield
        except DATABASE_ERRORS as error:
            raise StoreBroken(f"the crypto store cannot be written: {error}") from error

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run one query of our own."""
        with closing(self.database.execute_sql(query, values)) as cursor:
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found


class Machine(Olm):
    """nio's Olm machine, of which we use the account, Olm sessions and devices.

    Attributes:
        opened: What was in the Olm messages that passed nio's checks: the sender, their curve25519 key, the payload.
    """

    def __init__(self, user: str, device: str, store: CryptoStore) -> None:
        self.opened: list[tuple[str, str, dict[str, Any]]] = []
        self._crypto_store = store
        super().__init__(user, device, store)
        store.rows(
            "DELETE FROM olmsessions WHERE last_usage_date < datetime('now', ?)"
            " AND sender_key NOT IN (SELECT key FROM keys WHERE key_type = 'curve25519')",
            _STRANGERS_STAY,
        )

    def _handle_olm_event(self, sender: str, sender_key: str, payload: dict[str, Any]) -> None:
        self.opened.append((sender, sender_key, payload))

    def begin(self, device: OlmDevice, one_time_key: str) -> None:
        """Begin an Olm session with a device, by a key of its own that it signed.

        Raises:
            ValueError: It is no key.
        """
        # nio would save our account as well, which does not change by it.
        session = OutboundSession(self.account, device.curve25519, one_time_key)
        self.session_store.add(device.curve25519, session)
        self.save_session(device.curve25519, session)

    def mark_broken(self, sender: str, sender_key: str) -> None:
        """Note that the Olm session with a device is to be begun anew, unless that was done lately."""
        self._mark_device_for_unwedging(sender, sender_key)  # type: ignore[no-untyped-call]  # nio's

    def seal(self, device: OlmDevice, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Encrypt a message for one device, with which there must be an Olm session."""
        session = self.session_store.get(device.curve25519)
        sealed = self._olm_encrypt(session, device, kind, content)  # type: ignore[no-untyped-call]  # nio's
        return cast(dict[str, Any], sealed)

    def forget_devices(self, user: str) -> None:
        """Let go of somebody's devices, in the store as well; Olm sessions stay for a while, since they may be back."""
        self.device_store._entries.pop(user, None)
        with self._crypto_store.step():
            theirs = "SELECT id FROM devicekeys WHERE user_id = ?"
            for table in ("keys", "devicetruststate"):
                self._crypto_store.rows(f"DELETE FROM {table} WHERE device_id IN ({theirs})", user)  # noqa: S608 - names of ours
            self._crypto_store.rows("DELETE FROM devicekeys WHERE user_id = ?", user)

    def reload(self) -> None:
        """Go back to what is in the store."""
        account = self._crypto_store.load_account()
        if account is None:
            raise StoreBroken("the crypto store has lost our account")
        self.account = account
        self.load()

    def tidy(self, sender_key: str) -> None:
        """Put the session with a device that was used last first, and let go of those beyond the limit."""
        sessions = self.session_store[sender_key]
        sessions.sort(key=lambda session: session.use_time, reverse=True)
        for session in sessions[_SESSIONS_A_DEVICE:]:
            self._crypto_store.rows("DELETE FROM olmsessions WHERE session_id = ?", session.id)
        del sessions[_SESSIONS_A_DEVICE:]
        if not sessions:
            # nio makes an entry of every key that is asked for, which anybody could have it do without end.
            self.session_store._entries.pop(sender_key, None)


def open_machine(path: Path, user: str, device: str, pickle_key: str) -> tuple[Machine, CryptoStore]:
    """Open the store and what is in it; there must be an account (see account_problem)."""
    hush()
    store = CryptoStore(user, device, str(path.parent), pickle_key, path.name)
    return Machine(user, device, store), store


def make_store(path: Path, user: str, device: str, pickle_key: str) -> None:
    """Make a store with the account of a new device in it, which nobody but us can read."""
    hush()
    # SQLite gives its journals the mode of the file.
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    store = CryptoStore(user, device, str(path.parent), pickle_key, path.name)
    try:
        with store.step():
            store.save_account(OlmAccount())
    finally:
        store.database.close()


def account_problem(path: Path, user: str, device: str, pickle_key: str) -> str:
    """Say what keeps the account in a store from being used, as half a sentence; empty if nothing does."""
    try:
        # Whoever opens it for reading alone leaves its journals behind.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True)) as database:
            query = "SELECT account FROM accounts WHERE user_id = ? AND device_id = ?"
            row = database.execute(query, (user, device)).fetchone()
    except sqlite3.Error as error:
        return f"cannot be read ({error})"
    if row is None:
        return f"has no account for {user}’s device {device}"
    try:
        vodozemac.Account.from_pickle(bytes(row[0]).decode(), derive_pickle_key(pickle_key))
    except (ValueError, TypeError):
        return "cannot be opened with the key that is in identity.json"
    return ""
