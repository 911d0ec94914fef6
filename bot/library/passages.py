"""The passages that were found, put together only as far as somebody looks."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import overload

from bot.library.ranking import Found


class Passages(Sequence[Found]):
    """Passages in their order; what they come from is gone through only as they are asked for."""

    def __init__(self, found: Iterable[Found] = ()) -> None:
        self._found: list[Found] = []
        self._further = iter(found)

    @overload
    def __getitem__(self, index: int) -> Found: ...

    @overload
    def __getitem__(self, index: slice) -> list[Found]: ...

    def __getitem__(self, index: int | slice) -> Found | list[Found]:
        last = index.stop if isinstance(index, slice) else index + 1
        if last is None or last <= 0:  # counted from the end
            self._found.extend(self._further)
        else:
            self._found.extend(islice(self._further, max(0, last - len(self._found))))
        return self._found[index]

    def __len__(self) -> int:
        self._found.extend(self._further)
        return len(self._found)

    def __bool__(self) -> bool:
        return bool(self[:1])
