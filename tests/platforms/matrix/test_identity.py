"""Who we are on Matrix: one device, made once, refused in parts."""

import json
import sqlite3
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.platforms.matrix.crypto_store import make_store
from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.establishing import establish
from bot.platforms.matrix.homeserver import MatrixRefused
from bot.platforms.matrix.identity import (
    IDENTITY,
    RESTORED,
    STORE,
    Identity,
    IdentityError,
    Seeds,
    read_identity,
    restored,
    settle_restore,
    write_identity,
)
from tests.platforms.matrix.ours import Home, Killed, killed_at, open_home
from tests.platforms.matrix.synapse import Synapse

WRONG = "a wrong password"
FIRST_STEPS = ["prepared", "logged in", "store made", "identity written", "in place"]


@pytest.fixture
async def home(homeserver: Synapse) -> AsyncIterator[Home]:
    async with open_home(homeserver.address) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "matrix"


async def devices_of(home: Home) -> list[str]:
    """Return the devices of ours that an account has; whoever made it may have others."""
    answer = await home.ask("GET", "v3/devices")
    return [device["device_id"] for device in answer["devices"] if device["display_name"] == "Kruzhok"]


async def log_in(home: Home, user: str, password: str) -> str:
    """Log in as somebody would who wants a token for us."""
    identifier = {"type": "m.id.user", "user": user}
    home.token = ""
    answer = await home.ask(
        "POST", "v3/login", {"type": "m.login.password", "identifier": identifier, "password": password}
    )
    token: str = answer["access_token"]
    return token


def names(folder: Path) -> set[str]:
    return {place.name for place in folder.iterdir()}


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(place.stat().st_mode) for place in folder.iterdir()}


def make(folder: Path) -> Identity:
    """Make a whole identity without a server."""
    folder.mkdir(mode=0o700)
    identity = Identity("http://localhost", "@kruzhok:localhost", "DEVICE", "secret-token", "secret-pickle")
    make_store(folder / STORE, identity.user, identity.device, identity.pickle_key)
    write_identity(folder, identity)
    return identity


async def test_the_first_start_logs_in_and_keeps_it_to_itself(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    identity = await establish(home, folder, user=account.id, password=account.password)
    assert (identity.user, identity.homeserver) == (account.id, homeserver.address)
    assert await home.ask("GET", "v3/account/whoami") == {
        "user_id": identity.user,
        "device_id": identity.device,
        "is_guest": False,
    }
    assert await devices_of(home) == [identity.device]
    assert read_identity(folder) == identity
    assert names(folder) == {IDENTITY, STORE}
    assert (modes(folder.parent), modes(folder)) == ({0o700}, {0o600})
    assert names(folder.parent) == {"matrix"}


async def test_the_files_beside_an_open_store_are_as_closed_as_the_store(
    homeserver: Synapse, home: Home, folder: Path
) -> None:
    account = await homeserver.register(homeserver.fresh())
    identity = await establish(home, folder, user=account.id, password=account.password)
    encryption = Encryption.open(home, folder, identity)
    await encryption.keep_up()
    assert modes(folder) == {0o600}
    assert read_identity(folder) == identity
    encryption.close()


async def test_a_later_start_is_the_same_device_and_asks_nobody(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    identity = await establish(home, folder, user=account.id, password=account.password)
    home.asked.clear()
    home.token = ""
    assert await establish(home, folder, user=account.id, password=account.password) == identity
    assert (home.asked, home.token) == ([], identity.token)


@pytest.mark.parametrize("step", FIRST_STEPS)
async def test_a_first_start_that_is_killed_leaves_nothing_or_all_of_it(
    homeserver: Synapse, home: Home, folder: Path, step: str
) -> None:
    account = await homeserver.register(homeserver.fresh())
    with pytest.raises(Killed):
        await establish(home, folder, user=account.id, password=account.password, step=killed_at(step))
    there = read_identity(folder)
    assert (there is not None) == (step == "in place")
    identity = await establish(home, folder, user=account.id, password=account.password)
    assert there in (None, identity)
    assert read_identity(folder) == identity
    assert await devices_of(home) == [identity.device], "a device was left behind"
    assert names(folder.parent) == {"matrix"}
    assert names(folder) == {IDENTITY, STORE}


def test_secrets_are_in_no_repr() -> None:
    identity = Identity("http://h", "@k:h", "D", "sec1", "sec2", Seeds("sec3", "sec4", "sec5"))
    assert "sec" not in repr(identity)


def test_nothing_there_is_nobody_yet(folder: Path) -> None:
    assert read_identity(folder) is None
    folder.mkdir()
    assert read_identity(folder) is None


def test_what_was_written_half_is_not_read(folder: Path) -> None:
    identity = make(folder)
    (folder / f"{IDENTITY}.part").write_text('{"homeser')
    assert read_identity(folder) == identity
    changed = replace(identity, restored="once")
    write_identity(folder, changed)
    assert read_identity(folder) == changed
    assert names(folder) == {IDENTITY, STORE}


def lose_store(folder: Path) -> None:
    (folder / STORE).unlink()


def lose_identity(folder: Path) -> None:
    (folder / IDENTITY).unlink()


def damage_identity(folder: Path) -> None:
    (folder / IDENTITY).write_bytes((folder / IDENTITY).read_bytes()[:-20])


def damage_store(folder: Path) -> None:
    (folder / STORE).write_bytes(b"\x00" * 5000)


def lose_token(folder: Path) -> None:
    change(folder, token="")


def change_device(folder: Path) -> None:
    change(folder, device="ANOTHER")


def change_pickle_key(folder: Path) -> None:
    change(folder, pickle_key="another")


def shorten_seed(folder: Path) -> None:
    change(folder, seeds={"master": "AAAA", "self_signing": "AAAA", "user_signing": "AAAA"})


def change(folder: Path, **values: object) -> None:
    found = json.loads((folder / IDENTITY).read_text())
    (folder / IDENTITY).write_text(json.dumps({**found, **values}))


def empty_accounts(folder: Path) -> None:
    with closing(sqlite3.connect(folder / STORE)) as database:
        database.execute("DELETE FROM accounts")
        database.commit()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lose_store, "has identity.json but no crypto.db"),
        (lose_identity, "has crypto.db but no identity.json"),
        (damage_identity, "is damaged"),
        (lose_token, "is damaged"),
        (shorten_seed, "is damaged"),
        (damage_store, "cannot be read"),
        (change_device, "has no account for @kruzhok:localhost’s device ANOTHER"),
        (change_pickle_key, "cannot be opened with the key that is in identity.json"),
        (empty_accounts, "has no account"),
    ],
)
def test_it_is_refused_in_parts(folder: Path, harm: Callable[[Path], None], words: str) -> None:
    make(folder)
    harm(folder)
    with pytest.raises(IdentityError) as refused:
        read_identity(folder)
    message = str(refused.value)
    assert words in message
    assert "./kruzhok restore FILE" in message
    assert f"remove the folder {folder} to begin anew" in message
    assert "secret" not in message


@pytest.mark.parametrize(("place", "mode"), [("", "700"), (IDENTITY, "600"), (STORE, "600")])
def test_it_is_refused_where_others_can_read_it(folder: Path, place: str, mode: str) -> None:
    identity = make(folder)
    (folder / place).chmod(0o750 if not place else 0o640)
    with pytest.raises(IdentityError, match=f"Run “chmod {mode} {folder / place}”"):
        read_identity(folder)
    (folder / place).chmod(int(mode, 8))
    assert read_identity(folder) == identity


async def test_it_is_refused_where_the_settings_mean_another(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    identity = await establish(home, folder, user=account.id, password=account.password)
    for name in (account.id, account.id.partition(":")[0], account.id.partition(":")[0].removeprefix("@"), ""):
        assert await establish(home, folder, user=name) == identity
    with pytest.raises(IdentityError, match="but KRUZHOK_MATRIX_USER is somebody"):
        await establish(home, folder, user="somebody")
    home.address = "https://elsewhere.example"
    with pytest.raises(IdentityError, match=r"but KRUZHOK_MATRIX_HOMESERVER is https://elsewhere\.example"):
        await establish(home, folder)


async def test_without_an_account_the_settings_are_asked_for(home: Home, folder: Path) -> None:
    with pytest.raises(IdentityError, match="Set KRUZHOK_MATRIX_USER and KRUZHOK_MATRIX_PASSWORD"):
        await establish(home, folder)
    with pytest.raises(IdentityError, match="Set KRUZHOK_MATRIX_USER to the name"):
        await establish(home, folder, password=WRONG)


async def test_a_wrong_password_is_the_servers_to_refuse(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    with pytest.raises(MatrixRefused) as refused:
        await establish(home, folder, user=account.id, password=WRONG)
    assert refused.value.code == "M_FORBIDDEN"
    assert read_identity(folder) is None


async def test_whoever_gives_a_token_is_told_whose_it_is(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    token = await log_in(home, account.id, account.password)
    identity = await establish(home, folder, token=token)
    assert (identity.user, identity.token) == (account.id, token)
    whoami = await home.ask("GET", "v3/account/whoami")
    assert (whoami["user_id"], whoami["device_id"]) == (identity.user, identity.device)


async def test_a_token_whose_device_others_use_is_refused(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    token = await log_in(home, account.id, account.password)
    identity = await establish(home, folder, token=token)
    encryption = Encryption.open(home, folder, identity)
    await encryption.keep_up()
    encryption.close()
    with pytest.raises(IdentityError, match="Log in anew for a token of its own"):
        await establish(home, folder.with_name("other"), token=token)


async def test_a_token_of_the_same_device_takes_the_place_of_the_old_one(
    homeserver: Synapse, home: Home, folder: Path
) -> None:
    account = await homeserver.register(homeserver.fresh())
    identity = await establish(home, folder, user=account.id, password=account.password)
    home.token = ""
    answer = await home.ask(
        "POST",
        "v3/login",
        {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": account.id},
            "password": account.password,
            "device_id": identity.device,
        },
    )
    renewed = await establish(home, folder, token=answer["access_token"])
    assert renewed == replace(identity, token=answer["access_token"])
    assert read_identity(folder) == renewed


async def test_a_token_of_another_device_is_refused(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    await establish(home, folder, user=account.id, password=account.password)
    token = await log_in(home, account.id, account.password)
    with pytest.raises(IdentityError, match="belongs to another device"):
        await establish(home, folder, token=token)
    await home.ask("POST", "v3/logout", {})
    with pytest.raises(IdentityError, match="is not valid"):
        await establish(home, folder, token=token)


def put_back(folder: Path, at: str = "2026-11-28T11:00:00+00:00") -> None:
    """Leave what `restore` leaves."""
    (folder / RESTORED).write_text(json.dumps({"restored_at": at}))
    (folder / RESTORED).chmod(0o600)


@pytest.mark.parametrize("step", ["", *FIRST_STEPS])
async def test_what_was_restored_becomes_a_new_device_with_the_same_seeds(
    homeserver: Synapse, home: Home, folder: Path, step: str
) -> None:
    account = await homeserver.register(homeserver.fresh())
    before = await establish(home, folder, user=account.id, password=account.password)
    before = replace(before, seeds=Seeds(*["A" * 43] * 3))
    write_identity(folder, before)
    put_back(folder)
    if step:
        with pytest.raises(Killed):
            await establish(home, folder, user=account.id, password=account.password, step=killed_at(step))
        assert read_identity(folder) is not None
    after = await establish(home, folder, user=account.id, password=account.password)
    assert after.device != before.device
    assert after.seeds == before.seeds
    assert await devices_of(home) == [after.device], "the old device stays, or another was left behind"
    assert names(folder.parent) == {"matrix"}
    assert restored(folder)
    assert await establish(home, folder, user=account.id, password=account.password) == after
    settle_restore(folder)
    assert not restored(folder)
    assert await establish(home, folder, user=account.id, password=account.password) == after
    put_back(folder, "2026-11-29T11:00:00+00:00")
    again = await establish(home, folder, user=account.id, password=account.password)
    assert again.device not in (before.device, after.device)


async def test_what_was_restored_wants_a_password(homeserver: Synapse, home: Home, folder: Path) -> None:
    account = await homeserver.register(homeserver.fresh())
    token = await log_in(home, account.id, account.password)
    before = await establish(home, folder, token=token)
    put_back(folder)
    for given in ("", token):
        with pytest.raises(IdentityError, match=r"Set KRUZHOK_MATRIX_PASSWORD .* once"):
            await establish(home, folder, token=given)
    after = await establish(home, folder, token=await log_in(home, account.id, account.password))
    assert after.device != before.device
