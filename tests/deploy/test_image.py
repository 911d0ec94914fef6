"""The image, built and run for real: as the compose file has it, on a Debian that is made here in the base's place."""

import asyncio
import json
import os
import re
import socket
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.deploy.compose import COMPOSE, service
from tests.deploy.engine import Engine, as_composed, built, why_not
from tests.deploy.machine import APART, Machine, outermost
from tests.platforms.discord.loopback import TOKEN, Loopback, loopback

pytestmark = pytest.mark.extended

BOT = 10001
SECONDS_TO_START, SECONDS_TO_STOP = 30, 5
_LOOK_EVERY = 0.2


@pytest.fixture(scope="module")
def engine(machine: Machine, clone: Path) -> Iterator[Engine]:
    """An engine that has built the image."""
    if reason := why_not():
        pytest.skip(f"No image was built here: {reason}")
    # Podman takes no folder of more than 50 characters, as pytest's can be.
    with TemporaryDirectory(prefix="kruzhok-", ignore_cleanup_errors=True) as folder:
        yield _built(machine, clone, Path(folder))


def _built(machine: Machine, clone: Path, folder: Path) -> Engine:
    made = Engine(folder)
    base = folder / "base"
    base.mkdir()
    with machine.unconnected().on_top(folder / "machine").mounting() as (script, variables):
        # The tree alone: not what is mounted in it.
        packed = f'{script}\ntar -C "$ROOT" --one-file-system -cf "{base}/root.tar" .\n'
        subprocess.run([*APART, "sh", "-c", packed], env=variables, check=True)
    (base / "Containerfile").write_text("FROM scratch\nADD root.tar /\n", "utf-8")
    made.buildah("bud", "--quiet", "--tag=localhost/base", f"--file={base / 'Containerfile'}", base)
    (base / "root.tar").unlink()
    configuration = folder / "pip.conf"
    configuration.write_text(machine.registry.configuration, "utf-8")
    built(made, clone, "localhost/base", outermost(machine.registry.folders), configuration)
    return made


@pytest.fixture
def composed(tmp_path: Path) -> list[str]:
    """How the compose file has the container, with a secret that the bot's user alone can read."""
    secret = tmp_path / "discord-token"
    secret.write_text(f"{TOKEN}\n", "utf-8")
    os.chown(secret, BOT, BOT)
    secret.chmod(0o400)
    return as_composed(service(COMPOSE.read_text("utf-8")), tmp_path)


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


def inspected(engine: Engine) -> dict[str, Any]:  # Any: as podman says it
    """Return what the image says of itself."""
    told = json.loads(engine.ran("image", "inspect", "localhost/kruzhok").stdout)[0]
    assert isinstance(told, dict)
    return told


def test_it_answers_on_a_read_only_root_without_any_right(engine: Engine, composed: list[str]) -> None:
    done = engine.ran("run", "--rm", "--network=none", *composed, "localhost/kruzhok", "ask", "/quote Cheka")
    assert done.returncode == 0, done.stderr
    assert "self-inflicted" in done.stdout
    assert done.stderr == ""


def test_it_can_change_nothing_but_its_volume(engine: Engine, composed: list[str]) -> None:
    look = (
        "id -u; touch /x /opt/kruzhok/x /etc/x /opt/kruzhok/bot/x 2>&1 | grep -c 'Read-only file system';"
        " touch /var/lib/kruzhok/x /tmp/x && echo writes; grep -E '^(Cap...|NoNewPrivs):' /proc/self/status"
    )
    done = engine.ran("run", "--rm", "--network=none", *composed, "--entrypoint=sh", "localhost/kruzhok", "-c", look)
    user, refused, writes, *rights = done.stdout.splitlines()
    assert (user, refused, writes) == (str(BOT), "4", "writes"), done.stdout + done.stderr
    assert rights[-1].split() == ["NoNewPrivs:", "1"]
    assert {line.split()[1] for line in rights[:-1]} == {"0" * 16}


def test_in_it_is_what_the_bot_needs_and_nothing_else(engine: Engine) -> None:
    look = "ls -A /opt/kruzhok; find /opt/kruzhok -name '*.py' -path '*test*' -path '/opt/kruzhok/bot*'; ls /home /root"
    done = engine.ran("run", "--rm", *_least(), "--entrypoint=sh", "localhost/kruzhok", "-c", look)
    assert done.stdout.split("\n/home")[0].split() == [".venv", "LICENSE", "bot", "cogs", "data"], done.stdout
    done = engine.ran("run", "--rm", *_least(), "--entrypoint=python", "localhost/kruzhok", "-m", "pip")
    assert "No module named pip" in done.stderr


def test_no_secret_and_no_address_of_a_registry_stays_in_it(engine: Engine, machine: Machine) -> None:
    said = inspected(engine)
    history = json.dumps([said["History"], said["Config"]])
    assert TOKEN not in history
    assert not re.search(r"TOKEN|PASSWORD|PIP_|://", history)
    look = "cat /etc/pip.conf 2>/dev/null; find / -xdev -name 'pip.conf' -size +0; ls /root/.cache 2>/dev/null; true"
    done = engine.ran("run", "--rm", *_least(), "--entrypoint=sh", "--user=0", "localhost/kruzhok", "-c", look)
    assert done.stdout == ""


def test_it_says_of_itself_what_an_engine_asks_for(engine: Engine) -> None:
    told = inspected(engine)
    said = told["Config"]
    assert said["User"] == f"{BOT}:{BOT}"
    assert said["StopSignal"] == "SIGTERM"
    assert list(said["Volumes"]) == ["/var/lib/kruzhok"]
    health = told.get("Healthcheck") or said["Healthcheck"]  # where it stands depends on podman's version
    assert health["Test"] == service(COMPOSE.read_text("utf-8"))["healthcheck"]["test"]
    assert said["Labels"]["org.opencontainers.image.licenses"] == "MIT"


def test_nobody_is_well_who_does_not_run(engine: Engine, composed: list[str]) -> None:
    done = engine.ran("run", "--rm", "--network=none", *composed, "localhost/kruzhok", "health")
    assert done.returncode == 1, done.stdout + done.stderr


def told_of(served: Loopback) -> list[str]:
    """Return options that lead the bot to a Discord of ours; health is asked for at a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        health = f"127.0.0.1:{found.getsockname()[1]}"
    told = {**served.environment, "KRUZHOK_HEALTH": health}
    del told["KRUZHOK_DISCORD_TOKEN"]  # it comes from the file
    return [f"--env={key}={value}" for key, value in told.items()]


@asynccontextmanager
async def running(engine: Engine, name: str, options: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the bot in a container, which is gone afterwards."""
    words = ["run", "--rm", f"--name={name}", "--network=host", *options, "localhost/kruzhok"]
    process = await asyncio.create_subprocess_exec(*engine.podman(*words), stdin=PIPE, stdout=PIPE, stderr=PIPE)
    try:
        yield process
    finally:
        await asyncio.to_thread(engine.ran, "rm", "--force", "--time=0", name)
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def healthy(engine: Engine, name: str) -> bool:
    """Ask in the container, as its health check does."""
    test = service(COMPOSE.read_text("utf-8"))["healthcheck"]["test"][1:]
    return (await asyncio.to_thread(engine.ran, "exec", name, *test)).returncode == 0


async def test_it_serves_is_well_and_ends_in_time(engine: Engine, composed: list[str], served: Loopback) -> None:
    async with running(engine, "serving", [*composed, *told_of(served)]) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        await served.slash("quote", words="Cheka")
        _, answer = await asyncio.wait_for(served.answered.get(), SECONDS_TO_START)
        assert "self-inflicted" in str(answer)
        async with asyncio.timeout(SECONDS_TO_START):
            while not await healthy(engine, "serving"):  # noqa: ASYNC110 - another process becomes it
                await asyncio.sleep(_LOOK_EVERY)
        stopped = await asyncio.to_thread(engine.ran, "kill", "--signal=TERM", "serving")
        assert stopped.returncode == 0, stopped.stderr
        _, err = await asyncio.wait_for(process.communicate(), SECONDS_TO_STOP)
    assert process.returncode == 0, err.decode()
    assert TOKEN not in err.decode()


async def test_a_refused_token_ends_it_for_good(engine: Engine, composed: list[str], served: Loopback) -> None:
    served.refuses = True
    async with running(engine, "refused", [*composed, *told_of(served)]) as process:
        _, err = await asyncio.wait_for(process.communicate(), SECONDS_TO_START)
    assert process.returncode == 78
    assert TOKEN not in err.decode()


def _least() -> list[str]:
    """Return the options that a container must have here."""
    return as_composed({}, Path())
