"""Takes words as they are spelled: folded and as written, and misspelt ones for those that may be meant."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from bot.library.comparing.runs import OPENING, OPENING_MARKS, Run
from bot.library.letters import letters, plain

# Words that the text does not have may be misspellings of its own; so many are looked at, each at least so alike
# (of 100), and one that is asked for alone still more so.
_MOST_MISSPELT = 100
_ALIKE, _ALIKE_ALONE = 75.0, 85.0


@dataclass(frozen=True, slots=True)
class Words:
    """Words one after another.

    Attributes:
        folded: Each as words are compared.
        written: Each as it stands, with what follows it; nothing for words of a run, which shows its text itself.
        ranges: Which letters each is, of those of its text or run.
    """

    folded: list[str]
    written: list[str]
    ranges: list[tuple[int, int]]

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Words":
        """Return the words of what somebody wrote, in one or more texts."""
        folded: list[str] = []
        written: list[str] = []
        ranges: list[tuple[int, int]] = []
        for text in texts:
            own = letters(plain(text))
            divided = own.words()
            begins = [_with_opening(text, own.starts[first]) for first, _ in divided]
            for (first, last), begin, end in zip(divided, begins, [*begins[1:], len(text)], strict=True):
                folded.append(own.text[first:last])
                written.append(text[begin:end] if end < len(text) else f"{text[begin:end]} ")
                ranges.append((first, last))
        return cls(folded, written, ranges)

    @classmethod
    def of_run(cls, run: Run) -> "Words":
        """Return the words of paragraphs."""
        ranges = run.letters.words()
        return cls([run.letters.text[a:b] for a, b in ranges], [], ranges)

    def text(self, first: int, last: int) -> str:
        """Return those from ``first`` up to ``last`` as they are written."""
        return " ".join("".join(self.written[first:last]).split()).rstrip(OPENING)

    def between(self, first: int, last: int) -> "Words":
        """Return those from ``first`` up to ``last``."""
        return Words(self.folded[first:last], self.written[first:last], self.ranges[first:last])

    def read_as(self, text: "Words") -> "Words":
        """Return the words with those that the text does not have read as the ones that they may misspell."""
        vocabulary = set(text.folded)
        unknown = [word for word in dict.fromkeys(self.folded) if word not in vocabulary and len(word) > 3]
        cutoff = _ALIKE_ALONE if len(self.folded) == 1 else _ALIKE
        meant: dict[str, str] = {}
        choices = sorted(vocabulary) if unknown else []
        for word in unknown[:_MOST_MISSPELT]:
            near = process.extractOne(word, choices, scorer=fuzz.ratio, score_cutoff=cutoff)
            if near:
                meant[word] = near[0]
        return replace(self, folded=[meant.get(word, word) for word in self.folded])


def _with_opening(text: str, at: int) -> int:
    """Return where the opening marks begin that stand right before ``at``."""
    while at and text[at - 1] in OPENING_MARKS:
        at -= 1
    return at
