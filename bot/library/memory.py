"""Remembers a bounded number of values."""

from collections import OrderedDict
from typing import Any, Generic, TypeVar

_Value = TypeVar("_Value")


class Memory(Generic[_Value]):
    """Keeps the values put last, at most ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[Any, _Value] = OrderedDict()

    def get(self, key: object) -> _Value | None:
        return self._values.get(key)

    def put(self, key: object, value: _Value) -> _Value:
        self._values[key] = value
        if len(self._values) > self._most:
            self._values.popitem(last=False)
        return value
