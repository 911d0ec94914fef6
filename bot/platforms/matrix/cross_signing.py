"""Signs our device with the account's cross-signing keys, so that clients show no warning shield beside what we say."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from bot.platforms.matrix.canonical import decode_base64, encode_base64, signed_part
from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused
from bot.platforms.matrix.identity import Identity, Seeds, write_identity

log = logging.getLogger(__name__)

Step = Callable[[str], None]

# Each looks what is missing and repairs it; the last only looks.
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Standing:
    """How we stand with others' clients.

    Attributes:
        identity: With the seeds of the cross-signing keys, if there are any of ours.
        is_signed: Whether our device is signed, so that no shield is shown.
        warning: A sentence for the operator if it is not; it was logged.
    """

    identity: Identity
    is_signed: bool
    warning: str = ""


async def sign_ourselves(
    home: Homeserver,
    folder: Path,
    identity: Identity,
    encryption: Encryption,
    password: str = "",
    step: Step = lambda name: None,
) -> Standing:
    """See to it that our device is signed: make the keys at first start, later repair what is missing.

    Args:
        password: The account's, if we know it; some servers want it before they take cross-signing keys.
        step: Told the name of each step that is done; for tests that stop there.

    Raises:
        MatrixRefused: Our access token is not good.
        Unreachable: There was no usable answer.
    """
    signing = _Signing(home, folder, identity, encryption, password, step)
    try:
        for _ in range(_ROUNDS):
            if await signing.is_complete():
                return Standing(signing.identity, True)
        warning = "The homeserver does not keep the signature of Kruzhok’s device, so people may see a warning shield."
    except _Unsigned as unsigned:
        warning = str(unsigned)
    except MatrixRefused as refused:
        if refused.is_lost_token:
            raise
        warning = (
            f"The homeserver did not take the signature of Kruzhok’s device ({refused.code or refused.status}), so "
            "people may see a warning shield; it is tried again at the next start."
        )
    log.warning("%s", warning)
    return Standing(signing.identity, False, warning)


class _Unsigned(Exception):
    """Our device cannot be signed; the message is for the operator."""


class _Signing:
    def __init__(
        self, home: Homeserver, folder: Path, identity: Identity, encryption: Encryption, password: str, step: Step
    ) -> None:
        self.identity = identity
        self._home = home
        self._folder = folder
        self._publishing = encryption.publishing
        self._password = password
        self._step = step

    async def is_complete(self) -> bool:
        """Look what the server has; repair the first thing that is missing, if any is.

        Raises:
            _Unsigned: It cannot be repaired.
            MatrixRefused, Unreachable: It was not.
        """
        user, device = self.identity.user, self.identity.device
        found = await self._home.ask("POST", "v3/keys/query", {"device_keys": {user: []}})
        master = found.get("master_keys", {}).get(user)
        if self.identity.seeds is None and master is not None:
            raise _Unsigned(
                f"{user} has cross-signing keys that were made elsewhere, so Kruzhok’s device {device} stays unsigned, "
                "and people may see a warning shield. Verify the device from the program that made them."
            )
        ours = SigningKeys(user, self.identity.seeds or self._make_seeds())
        if master is not None and not _is_same(master, ours.objects["master"]):
            raise _Unsigned(
                f"The cross-signing keys of {user} were reset elsewhere, so Kruzhok’s device {device} is unsigned and "
                "people may see a warning shield. Verify the device from the program that reset them."
            )
        device_keys = found.get("device_keys", {}).get(user, {}).get(device)
        if device_keys is None or device_keys.get("keys") != self._publishing.device_keys()["keys"]:
            if device_keys is not None:
                raise _Unsigned(
                    f"The homeserver has other encryption keys of {user}’s device {device} than Kruzhok, so nobody can "
                    f"write to it. Remove the folder {self._folder} to begin anew as a new device."
                )
            self._publishing.publish_again()
            await self._publishing.publish()
            self._step("device published")
            return False
        missing = {
            f"{kind}_key": key
            for kind, key in ours.objects.items()
            if not _is_same(found.get(f"{kind}_keys", {}).get(user), key)
        }
        if missing:
            # These alone: Synapse fails over a master key that it has.
            await self._upload_keys(missing)
            self._step("keys uploaded")
            return False
        lacking = self._missing_signatures(ours, found["master_keys"][user], device_keys)
        if not lacking:
            return True
        await self._home.ask("POST", "v3/keys/signatures/upload", {user: lacking})
        self._step("signed")
        return False

    def _make_seeds(self) -> Seeds:
        """Make the keys, and keep them before anybody hears of them."""
        seeds = Seeds(*(encode_base64(secrets.token_bytes(32)) for _ in range(3)))
        self.identity = replace(self.identity, seeds=seeds)
        write_identity(self._folder, self.identity)
        self._step("seeds kept")
        return seeds

    async def _upload_keys(self, body: Json) -> None:
        """Upload keys; the first time no password is needed (MSC3967), later it can be."""
        try:
            await self._home.ask("POST", "v3/keys/device_signing/upload", body)
        except MatrixRefused as refused:
            if refused.status != 401 or "flows" not in refused.answer:
                raise
            await self._home.ask("POST", "v3/keys/device_signing/upload", {**body, "auth": self._proof(refused.answer)})

    def _proof(self, asked: Json) -> Json:
        """Prove that we are the account's owner, in the one way that we can."""
        flows = asked["flows"] if isinstance(asked["flows"], list) else []
        if not self._password or not any(
            isinstance(flow, dict) and flow.get("stages") == ["m.login.password"] for flow in flows
        ):
            raise _Unsigned(
                "The homeserver wants proof before it takes Kruzhok’s cross-signing keys, so its device stays unsigned "
                "and people may see a warning shield. Set KRUZHOK_MATRIX_PASSWORD, and start again."
            )
        return {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": self.identity.user},
            "password": self._password,
            **({"session": asked["session"]} if "session" in asked else {}),
        }

    def _missing_signatures(self, ours: "SigningKeys", master: Json, device_keys: Json) -> Json:
        """Return the objects that lack a signature of ours, with it, by the names under which they are uploaded."""
        user, device = self.identity.user, self.identity.device
        lacking = {}
        wanted = {f"ed25519:{ours.public['self_signing']}": ours.sign("self_signing", device_keys)}
        if not _has(device_keys, user, wanted):
            lacking[device] = {**_bare(device_keys), "signatures": {user: wanted}}
        wanted = {f"ed25519:{device}": self._publishing.signature(master)}
        if not _has(master, user, wanted):
            lacking[ours.public["master"]] = {**_bare(master), "signatures": {user: wanted}}
        return lacking


class SigningKeys:
    """The account's three cross-signing keys.

    Attributes:
        public: The public half of each, by its kind: ``master``, ``self_signing``, ``user_signing``.
        objects: What is uploaded of each.
    """

    def __init__(self, user: str, seeds: Seeds) -> None:
        given = {"master": seeds.master, "self_signing": seeds.self_signing, "user_signing": seeds.user_signing}
        self._keys = {kind: ECC.construct(curve="Ed25519", seed=decode_base64(seed)) for kind, seed in given.items()}
        self.public = {
            kind: encode_base64(key.public_key().export_key(format="raw")) for kind, key in self._keys.items()
        }
        self.objects = {kind: self._object(user, kind) for kind in given}

    def sign(self, kind: str, value: Json) -> str:
        """Sign an object with one of them."""
        return encode_base64(eddsa.new(self._keys[kind], "rfc8032").sign(signed_part(value)))

    def _object(self, user: str, kind: str) -> Json:
        public = self.public[kind]
        bare: Json = {"user_id": user, "usage": [kind], "keys": {f"ed25519:{public}": public}}
        if kind == "master":
            return bare
        return {**bare, "signatures": {user: {f"ed25519:{self.public['master']}": self.sign("master", bare)}}}


def _is_same(found: object, ours: Json) -> bool:
    """Tell whether the server has a key of ours, whatever signatures are on it."""
    return isinstance(found, dict) and found.get("keys") == ours["keys"]


def _has(found: Json, user: str, signatures: dict[str, str]) -> bool:
    """Tell whether an object has signatures: Ed25519 gives the same ones each time."""
    there = found.get("signatures", {}).get(user, {})
    return all(there.get(key) == signature for key, signature in signatures.items())


def _bare(found: Json) -> Json:
    return {key: value for key, value in found.items() if key not in ("signatures", "unsigned")}
