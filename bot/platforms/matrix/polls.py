"""Polls on Matrix by MSC3381: made in the form that clients know, read in both; nobody's name is kept or shown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.characters import one_line
from bot.dividing import fit
from bot.platforms.matrix import limits
from bot.reading import Prompt

# The types of events, in the form that clients use before room versions that know better, and in the other.
START, STARTS = "org.matrix.msc3381.poll.start", ("org.matrix.msc3381.poll.start", "m.poll.start")
RESPONSE, RESPONSES = "org.matrix.msc3381.poll.response", ("org.matrix.msc3381.poll.response", "m.poll.response")
ENDS = ("org.matrix.msc3381.poll.end", "m.poll.end")

_TEXT = "org.matrix.msc1767.text"
_DISCLOSED = "org.matrix.msc3381.poll.disclosed"
_SHOWN = 80

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that was begun.

    Attributes:
        event: The event that began it.
        sender: Who did.
        answers: What there is to choose from, by id, in order.
        most: How many of them one may choose.
    """

    event: str
    sender: str
    answers: Mapping[str, str]
    most: int = 1


def line(prompt: Prompt) -> str:
    """Return the line that a reaction stands for which asks for a poll; it is no command that could be typed."""
    return f"poll {prompt.passage.address.reading} {prompt.id}"


def is_poll(prompt: Prompt) -> bool:
    """Whether a prompt's opposed positions make a poll as they are; they are not shortened."""
    texts = [prompt.question, *prompt.positions]
    return (
        2 <= len(prompt.positions) <= limits.POLL_ANSWERS
        and all(one_line(text).strip() and len(text) <= limits.POLL_TEXT for text in texts)
        # Once for clients that know polls, twice for those that do not.
        and limits.size(*texts) * 3 <= limits.TEXT
    )


def poll_start(prompt: Prompt) -> dict[str, Any]:
    """Return the content of an event of type START: a prompt's positions to choose one from, shown to all as they come.

    Args:
        prompt: One that makes a poll; see :func:`is_poll`.
    """
    question = one_line(prompt.question)
    answers = {str(number): one_line(position) for number, position in enumerate(prompt.positions, 1)}
    text = "\n".join([question, *(f"{number}. {answer}" for number, answer in answers.items())])
    return {
        "body": text,
        _TEXT: text,
        START: {
            "kind": _DISCLOSED,
            "max_selections": 1,
            "question": {_TEXT: question},
            "answers": [{"id": number, _TEXT: answer} for number, answer in answers.items()],
        },
    }


def poll_in(event: Event) -> Poll | None:
    """Return the poll that an event begins, in either form; None if it begins none."""
    number, sender, content = event.get("event_id"), event.get("sender"), _mapping(event.get("content"))
    if event.get("type") not in STARTS or not isinstance(number, str) or not isinstance(sender, str):
        return None
    begun = _mapping(content.get(START)) or _mapping(content.get("m.poll"))
    listed = begun.get("answers")
    answers: dict[str, str] = {}
    for answer in listed[: limits.POLL_ANSWERS] if isinstance(listed, list) else ():
        known = _mapping(answer)
        chosen_by = known.get("id", known.get("m.id"))
        if isinstance(chosen_by, str):
            answers[chosen_by] = _text(known)
    most = begun.get("max_selections", 1)
    return Poll(number, sender, answers, most if isinstance(most, int) and most > 1 else 1) if answers else None


def votes(poll: Poll, events: Iterable[Event], may_end: Callable[[str], bool]) -> dict[str, int]:
    """Count votes as clients do, so that the history says what members see.

    The latest response of each sender counts, by its time; where that is none of the answers, none of theirs does.
    After the first valid end of the poll nothing counts.

    Args:
        events: Responses to polls and ends of polls, in clear, in any order, whatever else is among them.
        may_end: Whether a user may end polls that others began, as those may who take back what others say.

    Returns:
        How many chose each answer, by its id, in the poll's order.
    """
    about = [event for event in events if _is_about(poll, event)]
    ends = [event for event in about if event["type"] in ENDS and _may_end(poll, event, may_end)]
    end = min((_sent_at(event) for event in ends), default=None)
    latest: dict[str, Event] = {}
    for event in sorted(about, key=_sent_at):
        if event["type"] in RESPONSES and (end is None or _sent_at(event) <= end):
            latest[event["sender"]] = event
    counts = dict.fromkeys(poll.answers, 0)
    for event in latest.values():
        for answer in _chosen(poll, event["content"]):
            counts[answer] += 1
    return counts


def told(poll: Poll, counts: Mapping[str, int]) -> str:
    """Say how a poll stands: ``Poll: 3 for “Yes”, 1 for “No”.``"""
    if not any(counts.values()):
        return "Poll: nobody has voted."
    shown = (f"{number} for “{fit(one_line(poll.answers[answer]), _SHOWN)}”" for answer, number in counts.items())
    return f"Poll: {', '.join(shown)}."


def _is_about(poll: Poll, event: Event) -> bool:
    """Whether an event belongs to a poll; one that was taken back does not any more, as it lost what it relates to."""
    relation = _mapping(_mapping(event.get("content")).get("m.relates_to"))
    at = event.get("origin_server_ts")
    return (
        event.get("type") in (*RESPONSES, *ENDS)
        and isinstance(event.get("sender"), str)
        and isinstance(at, int)
        and relation.get("rel_type") == "m.reference"
        and relation.get("event_id") == poll.event
    )


def _may_end(poll: Poll, event: Event, may_end: Callable[[str], bool]) -> bool:
    return bool(event["sender"] == poll.sender or may_end(event["sender"]))


def _sent_at(event: Event) -> int:
    at: int = event["origin_server_ts"]
    return at


def _chosen(poll: Poll, content: Mapping[str, Any]) -> set[str]:
    """Return what somebody chose; nothing if that is spoiled."""
    selections = content.get("m.selections", _mapping(content.get(RESPONSE)).get("answers"))
    chosen = selections[: poll.most] if isinstance(selections, list) else []
    if not all(isinstance(answer, str) and answer in poll.answers for answer in chosen):
        return set()
    return set(chosen)


def _text(block: Mapping[str, Any]) -> str:
    """Return the text of a question or answer, in either form."""
    text = block.get(_TEXT)
    if isinstance(text, str):
        return text
    written = block.get("m.text")
    bodies = [_mapping(each).get("body") for each in written] if isinstance(written, list) else []
    return next((body for body in bodies if isinstance(body, str)), "")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
