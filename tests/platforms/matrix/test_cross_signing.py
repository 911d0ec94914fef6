"""Our device is signed by the account's own keys, whatever happened on the way there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import vodozemac
from nio.api import Api

from bot.platforms.matrix.cross_signing import SigningKeys, Standing, sign_ourselves
from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.establishing import establish
from bot.platforms.matrix.homeserver import Json, MatrixRefused
from bot.platforms.matrix.identity import Seeds, read_identity
from tests.platforms.matrix.ours import Killed, Ours, killed_at, open_home, open_ours
from tests.platforms.matrix.second import open_second
from tests.platforms.matrix.synapse import Synapse, User

STEPS = ["seeds kept", "keys uploaded", "signed"]
OTHERS = Seeds(*("A" * 42 + last for last in "EIM"))


@asynccontextmanager
async def opened(homeserver: Synapse, folder: Path, account: User) -> AsyncIterator[Ours]:
    async with open_ours(homeserver.address, folder, account.id, account.password) as ours:
        yield ours


async def sign(ours: Ours, password: str = "", step: str = "") -> Standing:
    """Sign as a start does, which knows what is in the folder."""
    identity = read_identity(ours.folder)
    assert identity is not None
    return await sign_ourselves(ours.home, ours.folder, identity, ours.encryption, password, killed_at(step))


async def keys_of(ours: Ours, user: str) -> Json:
    return await ours.home.ask("POST", "v3/keys/query", {"device_keys": {user: []}})


def verify(value: Json, user: str, name: str, public: str) -> None:
    """Check a signature by nio's and vodozemac's means, not by ours."""
    bare = {key: part for key, part in value.items() if key not in ("signatures", "unsigned")}
    signature = vodozemac.Ed25519Signature.from_base64(value["signatures"][user][f"ed25519:{name}"])
    message = Api.to_canonical_json(bare).encode()
    vodozemac.Ed25519PublicKey.from_base64(public).verify_signature(message, signature)


def check_no_shield(found: Json, user: str, device: str) -> None:
    """Go from the master key to the device as a client does that knows nothing of us."""
    master, self_signing = found["master_keys"][user], found["self_signing_keys"][user]
    device_keys = found["device_keys"][user][device]
    [master_key], [self_signing_key] = master["keys"].values(), self_signing["keys"].values()
    verify(self_signing, user, master_key, master_key)
    verify(device_keys, user, self_signing_key, self_signing_key)
    verify(device_keys, user, device, device_keys["keys"][f"ed25519:{device}"])


async def test_the_first_start_signs_our_device(homeserver: Synapse, tmp_path: Path) -> None:
    account, other = await homeserver.register(homeserver.fresh()), await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours, open_second(tmp_path / "second") as second:
        standing = await sign(ours)
        assert (standing.is_signed, standing.warning) == (True, "")
        assert standing.identity == read_identity(ours.folder)
        assert standing.identity.seeds is not None
        await second.login(homeserver.address, other.id, other.password)
        check_no_shield(await second.devices(ours.user), ours.user, ours.identity.device)
        own = await keys_of(ours, ours.user)
        check_no_shield(own, ours.user, ours.identity.device)
        [master_key] = own["master_keys"][ours.user]["keys"].values()
        device_key = own["device_keys"][ours.user][ours.identity.device]["keys"][f"ed25519:{ours.identity.device}"]
        verify(own["master_keys"][ours.user], ours.user, ours.identity.device, device_key)
        verify(own["user_signing_keys"][ours.user], ours.user, master_key, master_key)


async def test_the_check_of_shields_sees_what_is_wrong(homeserver: Synapse, tmp_path: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        await sign(ours)
        found = await keys_of(ours, ours.user)
        found["self_signing_keys"][ours.user]["usage"] = ["forged"]
        with pytest.raises(vodozemac.SignatureException):
            check_no_shield(found, ours.user, ours.identity.device)
        found = await keys_of(ours, ours.user)
        found["device_keys"][ours.user][ours.identity.device]["algorithms"] = ["forged"]
        with pytest.raises(vodozemac.SignatureException):
            check_no_shield(found, ours.user, ours.identity.device)


async def test_a_second_start_changes_nothing(homeserver: Synapse, tmp_path: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        first = await sign(ours)
        before = await keys_of(ours, ours.user)
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        ours.home.asked.clear()
        assert await sign(ours) == first
        assert ours.home.asked == ["v3/keys/query"]
        assert await keys_of(ours, ours.user) == before


@pytest.mark.parametrize("step", STEPS)
async def test_a_start_that_was_killed_is_made_good(homeserver: Synapse, tmp_path: Path, step: str) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        with pytest.raises(Killed):
            await sign(ours, step=step)
        killed = read_identity(ours.folder)
        assert killed is not None
        assert killed.seeds is not None
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        standing = await sign(ours)
        assert standing.is_signed
        assert standing.identity == killed, "the keys were made anew"
        check_no_shield(await keys_of(ours, ours.user), ours.user, ours.identity.device)


async def test_a_device_that_the_server_does_not_know_is_published(homeserver: Synapse, tmp_path: Path) -> None:
    account, folder = await homeserver.register(homeserver.fresh()), tmp_path / "matrix"
    async with open_home(homeserver.address) as home:
        identity = await establish(home, folder, user=account.id, password=account.password)
        encryption = Encryption.open(home, folder, identity)
        assert (await sign_ourselves(home, folder, identity, encryption)).is_signed
        encryption.close()
        found = await home.ask("POST", "v3/keys/query", {"device_keys": {account.id: []}})
        check_no_shield(found, account.id, identity.device)


async def upload(ours: Ours, keys: SigningKeys, auth: Json | None = None, only: str = "") -> None:
    """Upload cross-signing keys as another program of the account's owner does."""
    body = {f"{kind}_key": key for kind, key in keys.objects.items() if only in ("", kind)}
    await ours.home.ask("POST", "v3/keys/device_signing/upload", body | ({"auth": auth} if auth else {}))


def password_of(account: User) -> Json:
    identifier = {"type": "m.id.user", "user": account.id}
    return {"type": "m.login.password", "identifier": identifier, "password": account.password}


async def test_keys_that_were_made_elsewhere_are_left_alone(
    homeserver: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        await upload(ours, SigningKeys(account.id, OTHERS))
        before = await keys_of(ours, ours.user)
        standing = await sign(ours, account.password)
        assert not standing.is_signed
        assert f"{account.id} has cross-signing keys that were made elsewhere" in standing.warning
        assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [standing.warning]
        assert await keys_of(ours, ours.user) == before
        assert read_identity(ours.folder) == ours.identity


async def test_keys_that_were_reset_elsewhere_are_left_alone(homeserver: Synapse, tmp_path: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        await sign(ours)
        await upload(ours, SigningKeys(account.id, OTHERS), password_of(account))
        before = await keys_of(ours, ours.user)
        standing = await sign(ours, account.password)
        assert not standing.is_signed
        assert f"cross-signing keys of {account.id} were reset elsewhere" in standing.warning
        assert await keys_of(ours, ours.user) == before


async def test_a_server_that_wants_proof_is_given_the_password(homeserver: Synapse, tmp_path: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        with pytest.raises(Killed):
            await sign(ours, step="seeds kept")
        identity = read_identity(ours.folder)
        assert identity is not None
        assert identity.seeds is not None
        # Where there is a master key, Synapse takes no other key without proof, as other servers never do.
        await upload(ours, SigningKeys(account.id, identity.seeds), only="master")
        standing = await sign(ours)
        assert not standing.is_signed
        assert "Set KRUZHOK_MATRIX_PASSWORD, and start again" in standing.warning
        standing = await sign(ours, "wrong")
        assert not standing.is_signed
        assert "did not take the signature" in standing.warning
        assert (await sign(ours, account.password)).is_signed
        check_no_shield(await keys_of(ours, ours.user), ours.user, ours.identity.device)


async def test_a_lost_token_is_not_taken_for_a_missing_signature(homeserver: Synapse, tmp_path: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    async with opened(homeserver, tmp_path / "matrix", account) as ours:
        await ours.home.ask("POST", "v3/logout", {})
        with pytest.raises(MatrixRefused) as refused:
            await sign(ours)
        assert refused.value.is_lost_token
        ours.encryption.publishing.publish_again()
        with pytest.raises(MatrixRefused):
            await ours.encryption.keep_up()
