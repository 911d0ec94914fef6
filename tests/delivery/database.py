"""The database of a trial, which is read, damaged, copied and put back beside the processes that use it."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.store.state import FILE


@dataclass(frozen=True)
class Database:
    """What is stored in a state folder; times given to it and by it are in seconds since 1970."""

    state: Path

    def rows(self, sql: str, *values: object) -> list[Any]:
        """Return rows of the database."""
        with closing(sqlite3.connect(f"file:{self.state / FILE}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()

    def change(self, sql: str) -> None:
        """Change the database as no command would."""
        with closing(sqlite3.connect(self.state / FILE, timeout=10)) as connection, connection:
            connection.execute(sql)

    def due(self, now: float) -> list[float]:
        """Return when things are due."""
        told = round(now * 1000)
        rows = self.rows(
            "SELECT min(next_at) FROM schedule UNION ALL SELECT min(due_at) FROM occurrence"
            " UNION ALL SELECT min(due_at) FROM occurrence WHERE due_at > ?"
            " UNION ALL SELECT min(next_at) FROM schedule WHERE next_at > ?",
            told,
            told,
        )
        return [row[0] / 1000 for row in rows if row[0] is not None]

    def is_outstanding(self, now: float) -> bool:
        """Whether something that is due is not done with."""
        told = round(now * 1000)
        due = "SELECT 1 FROM schedule WHERE next_at <= ? UNION ALL SELECT 1 FROM occurrence WHERE due_at IS NOT NULL"
        return bool(self.rows(f"{due} AND planned_at <= ? LIMIT 1", told, told))

    def copy(self) -> Path:
        """Copy the database as a backup does."""
        path = self.state.with_name("backup.sqlite")
        with closing(sqlite3.connect(self.state / FILE, timeout=10)) as connection:
            connection.execute("VACUUM INTO ?", (str(path),))
        return path

    def put_back(self, copy: Path) -> None:
        """Put an older copy in the place of the database; nothing may run."""
        for suffix in ("-wal", "-shm"):
            (self.state / f"{FILE}{suffix}").unlink(missing_ok=True)
        shutil.copy(copy, self.state / FILE)
