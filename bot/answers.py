"""Watches over what is answered: counts it, and marks errors with what a member said, so that logs leave that out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic

from bot.errors import Refused, UserError

_SPOKEN = "spoken"
_LONGEST_CHAIN = 10


class _Answer:
    def __init__(self, command: str) -> None:
        self.command = command


# One answer can be given by way of another: a press of a button is the command that it stands for.
_under_way: ContextVar[_Answer | None] = ContextVar("answer under way", default=None)


class Answers:
    """Every door by which members ask leads through here.

    Args:
        count: Told of each answer its command, what came of it (``answered``, ``usage``, ``refused``, ``bug``), and how
            many seconds it took.
        clock: Seconds that never go back.
    """

    def __init__(
        self,
        count: Callable[[str, str, float], None] = lambda command, outcome, seconds: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._count = count
        self._clock = clock

    @contextmanager
    def one(self, command: str, spoken: str) -> Iterator[None]:
        """Watch over one answer; one within another is the same, and gives it its name.

        Args:
            command: The name of a command that there is, or what else led here; never what somebody typed.
            spoken: Everything that the member said.
        """
        outer = _under_way.get()
        if outer is not None:
            outer.command = command
            with _marking(spoken):
                yield
            return
        answer, begun, outcome = _Answer(command), self._clock(), "bug"
        token = _under_way.set(answer)
        try:
            with _marking(spoken):
                yield
            outcome = "answered"
        except Refused:
            outcome = "refused"
            raise
        except UserError:
            outcome = "usage"
            raise
        finally:
            _under_way.reset(token)
            self._count(answer.command, outcome, self._clock() - begun)


@contextmanager
def _marking(spoken: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        mark(error, spoken)
        raise


def mark(error: Exception, spoken: str) -> None:
    """Remember at an error what a member had said when it came of it."""
    setattr(error, _SPOKEN, f"{getattr(error, _SPOKEN, '')} {spoken}")


def spoken_before(error: BaseException) -> str:
    """Return what members had said when an error came of it; it may quote them."""
    said, seen = "", 0
    at: BaseException | None = error
    while at is not None and seen < _LONGEST_CHAIN:
        said += getattr(at, _SPOKEN, "")
        at, seen = at.__cause__ or at.__context__, seen + 1
    return said
