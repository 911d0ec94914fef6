"""The shape of an answer for scripts: plain values for JSON, every key always there."""

import json
from datetime import UTC
from typing import Any

from bot.commands import Failure
from bot.platforms.terminal.plain import plain
from bot.reading import Claim, Place, Prompt, Quotation
from bot.reply import Claims, PlannedTime, Question, Reply, Times

Json = dict[str, Any]  # what json makes and takes


def as_json(answer: Reply | Failure) -> str:
    """Return an answer as one line of JSON in ASCII."""
    return json.dumps(_answer(answer), ensure_ascii=True)


def _answer(answer: Reply | Failure) -> Json:
    failure = answer if isinstance(answer, Failure) else None
    reply = Reply("", private=True) if isinstance(answer, Failure) else answer
    return {
        "ok": failure is None,
        "error": failure and {"kind": failure.kind, "message": failure.message},
        "private": reply.private,
        "title": reply.title,
        "text": plain(answer),
        "quotations": [_quotation(quotation) for quotation in reply.quotations],
        "claims": [_claim(each) for piece in reply.pieces if isinstance(piece, Claims) for each in piece.claims],
        "prompts": [_prompt(piece.prompt) for piece in reply.pieces if isinstance(piece, Question)],
        "occurrences": [_time(each) for piece in reply.pieces if isinstance(piece, Times) for each in piece.times],
        "suggestions": list(reply.suggestions),
        "actions": [{"label": action.label, "line": f"/{action.line}"} for action in reply.actions],
    }


def _quotation(quotation: Quotation) -> Json:
    return {
        "text": quotation.text,
        "reading": quotation.address.reading,
        "section": quotation.section,
        "paragraph": quotation.address.place.paragraph,
        "sentences": _sentences(quotation.address.place),
        "voice": str(quotation.voice),
    }


def _claim(claim: Claim) -> Json:
    anchors = [{"paragraph": place.paragraph, "sentences": _sentences(place)} for place in claim.anchors]
    return {"text": claim.text, "anchors": anchors}


def _prompt(prompt: Prompt) -> Json:
    return {
        "id": prompt.id,
        "question": prompt.question,
        "kind": prompt.kind,
        "place": prompt.place,
        "minutes": prompt.minutes,
        "follow_ups": list(prompt.follow_ups),
        "positions": list(prompt.positions),
        "passage": _quotation(prompt.passage),
    }


def _time(time: PlannedTime) -> Json:
    return {
        "utc": time.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "local": time.at.strftime("%Y-%m-%d %H:%M"),
        "note": time.note,
    }


def _sentences(place: Place) -> list[int]:
    return [place.first, place.last]
