"""Be the device that we were, or at first start become one, whatever a crash leaves of it."""

import secrets
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.platforms.matrix.crypto_store import make_store
from bot.platforms.matrix.durable import make_beginning, put_in_place, write_private
from bot.platforms.matrix.homeserver import Homeserver, MatrixRefused, Unreachable
from bot.platforms.matrix.identity import (
    IDENTITY,
    RESTORED,
    STORE,
    Identity,
    IdentityError,
    read_identity,
    restore_mark,
    write_identity,
)

# The id of a device that is about to log in, so that a start that was cut short does not leave it behind.
_DRAFT = "device"
_DEVICE_NAME = "Kruzhok"

NOT_LET_IN = (
    "The homeserver does not accept KRUZHOK_MATRIX_TOKEN. Log in anew for a token, or set KRUZHOK_MATRIX_PASSWORD in "
    "its place."
)
NO_DEVICE = (
    "KRUZHOK_MATRIX_TOKEN belongs to no device, so that nothing could be encrypted with it. Log in for a token, or set "
    "KRUZHOK_MATRIX_PASSWORD in its place."
)
OTHER_ACCOUNT = (
    "{user} is let in, but {wanted} is wanted. Set KRUZHOK_MATRIX_USER and KRUZHOK_MATRIX_TOKEN (or …_PASSWORD) for "
    "the same account."
)

Step = Callable[[str], None]


async def establish(
    home: Homeserver,
    folder: Path,
    *,
    user: str = "",
    password: str = "",
    token: str = "",
    step: Step = lambda name: None,
) -> Identity:
    """Be the device that we were, or at first start become one; ``home`` gets its token.

    Args:
        user: As the settings have it: a full id, the part before the colon, or nothing.
        step: Told the name of each step that is done; for tests that stop there.

    Raises:
        IdentityError: We cannot; the message is for people.
        MatrixRefused: The server would not let us in.
        Unreachable: There was no usable answer.
    """
    put_in_place(folder, IDENTITY)
    identity = read_identity(folder)
    if identity is not None:
        _check_settings(folder, identity, home, user)
    mark = restore_mark(folder)
    if identity is None or mark not in ("", identity.restored):
        identity = await _become(home, folder, identity, user, password, token, mark, step)
    elif token not in ("", identity.token) and not password:
        identity = await _take_token(home, folder, identity, token)
    home.token = identity.token
    return identity


async def _become(
    home: Homeserver,
    folder: Path,
    before: Identity | None,
    user: str,
    password: str,
    token: str,
    mark: str,
    step: Step,
) -> Identity:
    """Become a new device, in a folder beside that takes the place of the old one when all is in it."""
    if before is not None and not password and token in ("", before.token):
        raise IdentityError(
            "This state was restored from a copy; its encryption keys may have been used since. Set "
            "KRUZHOK_MATRIX_PASSWORD (or …_PASSWORD_FILE) once, so that Kruzhok can log in as a new device."
        )
    new = make_beginning(folder, _DRAFT)
    device = _draft_device(new / _DRAFT)
    step("prepared")
    if password:
        made = await _log_in(home, before.user if before else user, password, device)
    else:
        made = await _ask_who(home, token)
    if not is_called(before.user if before else user, made.user):
        raise IdentityError(OTHER_ACCOUNT.format(user=made.user, wanted=before.user if before else user))
    step("logged in")
    made = replace(made, seeds=before.seeds if before else None, restored=mark)
    make_store(new / STORE, made.user, made.device, made.pickle_key)
    if mark:
        write_private(new / RESTORED, (folder / RESTORED).read_text("utf-8"))
    step("store made")
    if before is not None:
        await _log_out(home, before.token)
    (new / _DRAFT).unlink()
    write_identity(new, made)
    step("identity written")
    put_in_place(folder, IDENTITY)
    step("in place")
    return made


async def _log_in(home: Homeserver, user: str, password: str, device: str) -> Identity:
    if not user:
        raise IdentityError("Set KRUZHOK_MATRIX_USER to the name that the password belongs to, and start again.")
    home.token = ""
    answer = await home.ask(
        "POST",
        "v3/login",
        {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
            "device_id": device,
            "initial_device_display_name": _DEVICE_NAME,
        },
    )
    return _made(home, answer, answer.get("access_token"))


async def _ask_who(home: Homeserver, token: str) -> Identity:
    """Learn whose a token is; its device must be one that nobody has used."""
    if not token:
        raise IdentityError(
            "Kruzhok has no account on Matrix yet. Set KRUZHOK_MATRIX_USER and KRUZHOK_MATRIX_PASSWORD "
            "(or KRUZHOK_MATRIX_TOKEN), and start again."
        )
    home.token = token
    try:
        made = _made(home, await home.ask("GET", "v3/account/whoami"), token)
    except MatrixRefused as refused:
        if not refused.is_lost_token:
            raise
        raise IdentityError(NOT_LET_IN) from None
    known = await home.ask("POST", "v3/keys/query", {"device_keys": {made.user: [made.device]}})
    if made.device in known.get("device_keys", {}).get(made.user, {}):
        raise IdentityError(
            f"The device {made.device} of KRUZHOK_MATRIX_TOKEN has encryption keys that Kruzhok does not have, because "
            "another program uses it or an older state of Kruzhok did. Log in anew for a token of its own, or set "
            "KRUZHOK_MATRIX_PASSWORD in its place."
        )
    return made


def _made(home: Homeserver, answer: dict[str, Any], token: object) -> Identity:
    user, device = answer.get("user_id"), answer.get("device_id")
    if not isinstance(user, str) or not isinstance(token, str) or not token:
        raise IdentityError(f"{home.address} does not say who we are. Is it the address of a Matrix homeserver?")
    if not isinstance(device, str) or not device:
        raise IdentityError(NO_DEVICE)
    return Identity(home.address, user, device, token, secrets.token_urlsafe(32))


async def _take_token(home: Homeserver, folder: Path, identity: Identity, token: str) -> Identity:
    """Use another token of the same device from now on."""
    home.token = token
    try:
        answer = await home.ask("GET", "v3/account/whoami")
    except MatrixRefused as refused:
        if not refused.is_lost_token:
            raise
        raise IdentityError(
            "KRUZHOK_MATRIX_TOKEN is not valid (any more). Kruzhok keeps a token of its own: remove the setting, and "
            "start again."
        ) from None
    if (answer.get("user_id"), answer.get("device_id")) != (identity.user, identity.device):
        raise IdentityError(
            f"KRUZHOK_MATRIX_TOKEN belongs to another device than {folder}, which is {identity.user}’s device "
            f"{identity.device}. Remove the setting, or remove the folder to begin anew as a new device."
        )
    identity = replace(identity, token=token)
    write_identity(folder, identity)
    return identity


async def _log_out(home: Homeserver, token: str) -> None:
    """Have a device that we are no longer removed; what it could do is lost to whoever has the copy."""
    ours, home.token = home.token, token
    try:
        await home.ask("POST", "v3/logout", {})
    except (MatrixRefused, Unreachable):
        pass  # it is gone, or stays, without anybody who has its token
    finally:
        home.token = ours


def _draft_device(file: Path) -> str:
    """Return the id of the device that we are about to be, the same until we are it."""
    if file.exists():
        device = file.read_text("utf-8", errors="replace")
        if device.isascii() and device.isalpha():
            return device
    device = "".join(secrets.choice(string.ascii_uppercase) for _ in range(10))
    write_private(file, device)
    return device


def _check_settings(folder: Path, identity: Identity, home: Homeserver, user: str) -> None:
    if identity.homeserver != home.address:
        raise IdentityError(
            f"{folder} is {identity.user}’s device at {identity.homeserver}, but KRUZHOK_MATRIX_HOMESERVER is "
            f"{home.address}. If the server has moved, write its new address into {folder / IDENTITY}; otherwise set "
            "KRUZHOK_MATRIX_HOMESERVER back, or remove the folder to begin anew as a new device."
        )
    if not is_called(user, identity.user):
        raise IdentityError(
            f"{folder} is {identity.user}’s device, but KRUZHOK_MATRIX_USER is {user}. Set it back, or "
            "remove the folder to begin anew as a new device."
        )


def is_called(setting: str, user: str) -> bool:
    """Tell whether a user is whom the settings name, by full id or by what stands before the colon."""
    name = setting.removeprefix("@").casefold()
    return name in ("", user.removeprefix("@").casefold(), user.removeprefix("@").partition(":")[0].casefold())
