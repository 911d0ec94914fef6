"""Holds requests against Discord's own OpenAPI document: the path, its parameters, the query and the body."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.jsonschema import DRAFT202012

BESIDE_THE_CHECKOUT = Path(__file__).parents[4] / "shared" / "discord-openapi.json"
HOW_TO_GET_IT = (
    "Discord's OpenAPI document is not here, so no request of the bot is held against it. Save "
    "https://raw.githubusercontent.com/discord/discord-api-spec/main/specs/openapi.json "
    "and name the file in KRUZHOK_DISCORD_SPEC."
)
_DOCUMENT = "urn:discord"
_JSON = "application/json"
_LONG = 200
# What discord.py adds to some requests for which the document does not name it: `nsfw` to commands, `tts` to edits,
# `type` to posts in forums, the last in their query. Discord ignores it.
_OF_THE_LIBRARY = ("nsfw", "tts", "type")
_OF_THE_LIBRARY_IN_A_QUERY = {"use_nested_fields"}
_METHODS = ("get", "put", "post", "patch", "delete")

# The schema of what is answered to an interaction, by the answer's type.
_CALLBACKS = {
    1: "PongInteractionCallbackRequest",
    4: "CreateMessageInteractionCallbackRequest",
    5: "CreateMessageInteractionCallbackRequest",
    6: "UpdateMessageInteractionCallbackRequest",
    7: "UpdateMessageInteractionCallbackRequest",
    8: "ApplicationCommandAutocompleteCallbackRequest",
    9: "ModalInteractionCallbackRequest",
    12: "LaunchActivityInteractionCallbackRequest",
}

_formats = FormatChecker(formats=())


@_formats.checks("snowflake")
def _is_snowflake(value: object) -> bool:
    return not isinstance(value, str) or (value.isdecimal() and int(value) < 2**64)


@_formats.checks("int32")
def _is_int32(value: object) -> bool:
    return not isinstance(value, int) or -(2**31) <= value < 2**31


def _one_fits(validator: Any, schemas: Sequence[Any], value: Any, schema: object) -> Iterator[ValidationError]:
    """Say whether exactly one schema fits; of each other one it only looks for a first error, mostly at the type."""
    if all("const" in each for each in schemas):
        fitting = sum(each["const"] == value for each in schemas)
    else:
        fitting = sum(next(validator.descend(value, each), None) is None for each in schemas)
    if fitting != 1:
        yield ValidationError(f"{fitting} of {len(schemas)} schemas fit")


# Says whether something is wrong, but not what. Discord's choices have up to twenty alternatives, one in the other, and
# jsonschema's own `oneOf` lists all that is wrong with each of them, which took half the time of the Discord tests.
_Quick = extend(Draft202012Validator, {"oneOf": _one_fits})  # type: ignore[no-untyped-call]  # its annotations lack one


@dataclass(frozen=True, slots=True)
class Operation:
    """A path with a method, and where in the document it stands."""

    path: str
    method: str
    pattern: re.Pattern[str]
    described: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]


class Document:
    """Discord's description of its REST interface."""

    def __init__(self, path: Path) -> None:
        read: dict[str, Any] = json.loads(path.read_bytes())
        self._schemas: dict[str, Any] = read["components"]["schemas"]
        self._operations = tuple(_operations(read["paths"]))
        _close(read)
        self._registry: Registry[Any] = Registry().with_resource(_DOCUMENT, DRAFT202012.create_resource(read))
        self._validators: dict[str, tuple[Any, Draft202012Validator]] = {}
        self._bodies: dict[str, list[str]] = {}

    def problems(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> list[str]:
        """Return what Discord would object to in a request.

        Args:
            path: After the version, without the query.
            body: What stood in the request as JSON; None for no body.
        """
        found = next((each for each in self._of(method) if each.pattern.fullmatch(path)), None)
        if found is None:
            return [f"{method} {path}: there is no such operation"]
        problems = [*self._in_path(found, path), *self._in_query(found, query), *self._in_body(found, body)]
        return [f"{method} {found.path}: {problem}" for problem in problems]

    def _of(self, method: str) -> Iterator[Operation]:
        return (each for each in self._operations if each.method == method.lower())

    def _in_path(self, operation: Operation, path: str) -> Iterator[str]:
        match = operation.pattern.fullmatch(path)
        assert match
        for each in operation.parameters:
            if each["in"] == "path":
                yield from self._wrong(each["name"], each["schema"], unquote(match[each["name"]]))

    def _in_query(self, operation: Operation, query: Mapping[str, Any]) -> Iterator[str]:
        known = {each["name"]: each for each in operation.parameters if each["in"] == "query"}
        yield from (
            f"{name} is no parameter of the query" for name in query.keys() - known.keys() - _OF_THE_LIBRARY_IN_A_QUERY
        )
        for name, each in known.items():
            if name in query:
                yield from self._wrong(name, each["schema"], _typed(query[name], each["schema"].get("type")))
            elif each.get("required"):
                yield f"the query lacks {name}"

    def _in_body(self, operation: Operation, body: Any) -> Iterator[str]:
        expected = operation.described.get("requestBody")
        if expected is None:
            if body is not None:
                yield "there is a body where none belongs"
        elif body is None:
            if expected.get("required"):
                yield "the body is missing"
        else:
            # Each start sends the same commands again: what was read once is remembered.
            key = f"{operation.method} {operation.path} {json.dumps(body)}"
            if key not in self._bodies:
                schema = self._schema(operation, expected["content"][_JSON]["schema"], body)
                self._bodies[key] = list(self._wrong("body", schema, body))
            yield from self._bodies[key]

    def _schema(self, operation: Operation, schema: Mapping[str, Any], body: Any) -> Mapping[str, Any]:
        """Return what the body must be; where the document names several, the one that is meant."""
        name = ""
        match operation.described["operationId"]:
            case "create_interaction_response":
                name = _CALLBACKS.get(body.get("type"), "")
            case "execute_webhook":
                name = "IncomingWebhookRequestPartial"
            case "create_thread":
                name = "CreateForumThreadRequest" if "message" in body else "CreateTextThreadWithoutMessageRequest"
        if name:
            assert name in self._schemas, f"{name} is no longer in the document"
        return {"$ref": f"#/components/schemas/{name}"} if name else schema

    def _wrong(self, what: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        key = json.dumps(schema)
        if key not in self._validators:
            absolute = json.loads(key.replace('"#/', f'"{_DOCUMENT}#/'))
            quick, thorough = (
                validator(absolute, registry=self._registry, format_checker=_formats)
                for validator in (_Quick, Draft202012Validator)
            )
            self._validators[key] = quick, thorough
        quick, thorough = self._validators[key]
        if quick.is_valid(value):
            return
        for error in thorough.iter_errors(value):
            deepest = _deepest(error)
            place = "".join(f"[{step!r}]" for step in deepest.absolute_path)
            yield f"{what}{place}: {_short(deepest.message)}"


def _operations(paths: Mapping[str, Any]) -> Iterator[Operation]:
    """Give the operations, those with the fewest parameters in their path first: ``@original`` is no message's id."""
    for path in sorted(paths, key=lambda path: path.count("{")):
        pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(path)))
        for method in _METHODS:
            if method in paths[path]:
                own = paths[path][method]
                parameters = (*paths[path].get("parameters", ()), *own.get("parameters", ()))
                yield Operation(path, method, pattern, own, parameters)


def _close(schema: Any) -> None:
    """Let every object have the properties that are named and no others; Discord ignores them, we want to know."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
            schema.setdefault("additionalProperties", False)
            schema.setdefault("patternProperties", {f"^({'|'.join(_OF_THE_LIBRARY)})$": {}})
        for each in schema.values():
            _close(each)
    elif isinstance(schema, list):
        for each in schema:
            _close(each)


def _typed(value: Any, type_: Any) -> Any:
    """Read a parameter of the query as what it stands for; it comes as text."""
    text = str(value)
    if type_ == "integer" and text.lstrip("-").isdecimal():
        return int(text)
    if type_ == "boolean" and text.lower() in ("0", "1", "true", "false"):
        return text.lower() in ("1", "true")
    return text


def _deepest(error: ValidationError) -> ValidationError:
    """Return the error within an error that tells most: of a choice, in the alternative that the value's type names."""
    while error.context:
        alternatives: dict[Any, list[ValidationError]] = {}
        for each in error.context:
            alternatives.setdefault(each.schema_path[0], []).append(each)
        meant = [each for each in alternatives.values() if not any(_names_another_type(inner) for inner in each)]
        if not meant:
            break
        error = meant[0][0]
    return error


def _short(message: str) -> str:
    return message if len(message) < _LONG else f"{message[: _LONG // 2]} … {message[-_LONG // 2 :]}"


def _names_another_type(error: ValidationError) -> bool:
    return list(error.path) == ["type"] or (error.validator == "type" and not error.path)


def document_path() -> Path:
    """Return where the document is to be; it may not be there."""
    return Path(os.environ.get("KRUZHOK_DISCORD_SPEC") or BESIDE_THE_CHECKOUT)


@cache
def document() -> Document | None:
    """Return the document, read once; None where there is none."""
    path = document_path()
    return Document(path) if path.exists() else None
