"""Asks a homeserver whether the bot's device is what it was; nothing is sent and nothing changed."""

from pathlib import Path
from typing import Literal

from bot.errors import CannotServe
from bot.platforms.matrix.establishing import NO_DEVICE, NOT_LET_IN, OTHER_ACCOUNT, is_called
from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused, Unreachable, open_session, path
from bot.platforms.matrix.identity import Identity, IdentityError, read_identity
from bot.platforms.matrix.serving import UNREACHABLE, WRONG_LOGIN
from bot.settings import MatrixSettings

Look = tuple[str, Literal["ok", "warning", "problem"], str, str]

TOO_OFTEN = "The homeserver asks to wait before somebody logs in again. Try again in some minutes."
_NEW_DEVICE = "Set the account's password; then remove the folder {folder} to begin anew as a new device."


async def look(settings: MatrixSettings, identity: Identity | None, folder: Path) -> list[Look]:
    """Return what was found: the name, the state, a sentence, and how to put it right.

    Args:
        identity: Who we are, if there is a device and it is whole.
        folder: Where it is kept, for messages.
    """
    async with open_session() as session:
        home = Homeserver(settings.homeserver, session, identity.token if identity else "")
        try:
            await home.ask("GET", "versions")
            if identity is None:
                return [("matrix", "ok", f"{settings.homeserver} answers; there is no device yet.", "")]
            return [await _device(home, identity, folder), await _signature(home, identity)]
        except Unreachable:
            said = f"{settings.homeserver} gives no answer that a homeserver gives."
            cure = "Is there a network, and is KRUZHOK_MATRIX_HOMESERVER right?"
            return [("matrix", "problem", said, cure)]
        except MatrixRefused as refused:
            if refused.is_lost_token:
                said = f"{settings.homeserver} no longer accepts the bot's access token."
                return [("matrix", "problem", said, _NEW_DEVICE.format(folder=folder))]
            said = f"{settings.homeserver} refuses to answer ({refused.code or refused.status})."
            return [("matrix", "problem", said, "Try again later.")]


async def _device(home: Homeserver, identity: Identity, folder: Path) -> Look:
    found = await home.ask("GET", "v3/account/whoami")
    user, device = found.get("user_id"), found.get("device_id", identity.device)
    if (user, device) != (identity.user, identity.device):
        said = f"The access token is that of {user}, device {device}, and not of {identity.user}, {identity.device}."
        return ("matrix", "problem", said, _NEW_DEVICE.format(folder=folder))
    return ("matrix", "ok", f"The homeserver knows the bot as {identity.user}, device {identity.device}.", "")


async def _signature(home: Homeserver, identity: Identity) -> Look:
    """Look whether our device is signed by the account's cross-signing key."""
    name, user = "matrix signature", identity.user
    found = await home.ask("POST", "v3/keys/query", {"device_keys": {user: []}})
    device = _at(found, "device_keys", user, identity.device)
    key = next(iter(_at(found, "self_signing_keys", user, "keys")), None)
    if key is not None and key in _at(device, "signatures", user):
        return (name, "ok", "The device is signed, so that clients show no warning.", "")
    said = "The device is not signed by the account, so that people may see a warning shield."
    return (name, "warning", said, "Start the bot: it signs itself, or says in its log why it cannot.")


def _at(found: Json, *names: str) -> Json:
    """Return what stands at a place in an answer; nothing if there is no such place."""
    for name in names:
        inner = found.get(name)
        if not isinstance(inner, dict):
            return {}
        found = inner
    return found


async def log_in(settings: MatrixSettings) -> str:
    """Log in with a password and out again, so that no device is left, or ask whose a token is.

    Returns the account's full name.

    Raises:
        CannotServe: The homeserver does not accept it, or cannot be reached.
    """
    asked = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": settings.user}}
    async with open_session() as session:
        home = Homeserver(settings.homeserver, session, settings.token)
        try:
            if not settings.password:
                return _owner(await home.ask("GET", "v3/account/whoami"), settings.user)
            answer = await home.ask("POST", "v3/login", asked | {"password": settings.password})
            home.token = str(answer.get("access_token", ""))
            await home.ask("POST", "v3/logout", {})
        except Unreachable:
            raise CannotServe(UNREACHABLE, is_refusal=False) from None
        except MatrixRefused as refused:
            if refused.retry_after is not None:
                raise CannotServe(TOO_OFTEN, is_refusal=False) from None
            raise CannotServe(WRONG_LOGIN if settings.password else NOT_LET_IN, is_refusal=True) from None
    return str(answer.get("user_id", ""))


def _owner(answer: Json, wanted: str) -> str:
    """Return whose a token is.

    Raises:
        CannotServe: It is another's than the settings say, or of no device.
    """
    user = str(answer.get("user_id", ""))
    if not is_called(wanted, user):
        raise CannotServe(OTHER_ACCOUNT.format(user=user, wanted=wanted), is_refusal=True)
    if not answer.get("device_id"):
        raise CannotServe(NO_DEVICE, is_refusal=True)
    return user


async def first_rooms(settings: MatrixSettings, folder: Path, most: int) -> list[tuple[str, str]]:
    """Return the rooms that the bot's device is in, by number and name; none while there is no device or no answer."""
    try:
        identity = read_identity(folder)
    except IdentityError:
        return []
    if identity is None:
        return []
    async with open_session() as session:
        home = Homeserver(settings.homeserver, session, identity.token)
        try:
            joined = (await home.ask("GET", "v3/joined_rooms")).get("joined_rooms", [])
            return [(room, await _name(home, room)) for room in joined[:most]]
        except (Unreachable, MatrixRefused):
            return []


async def _name(home: Homeserver, room: str) -> str:
    """Return what people call a room; its number if it has no name."""
    try:
        found = await home.ask("GET", path("v3/rooms", room, "state", "m.room.name"))
    except MatrixRefused:
        return room
    return str(found.get("name") or room)
