"""The units under a real systemd: what SYSTEMD.md says, typed as it stands, on a minimal Debian."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.deploy import guest
from tests.deploy.conftest import ROOT
from tests.deploy.guest import Guest
from tests.deploy.machine import Machine
from tests.platforms.discord.loopback import TOKEN, Loopback, loopback

pytestmark = pytest.mark.extended

# By heading, what is typed under it.
TYPED = {
    section.partition("\n")[0]: re.findall(r"^ *```sh\n(.*?)^ *```", section, re.DOTALL | re.MULTILINE)
    for section in re.split(r"^## ", (ROOT / "deploy/SYSTEMD.md").read_text("utf-8"), flags=re.MULTILINE)
}
# For the test alone: a Discord that is ours, and no 90 seconds of waiting after a kill.
DROP_IN = """
[Service]
Environment=KRUZHOK_DISCORD_API={api} KRUZHOK_DISCORD_GATEWAY={gateway}
RestartSec=1s
"""
# Everything compiled that the bot may load, at work under the very limits of the unit.
IMPORTS = """
import nio, vodozemac, aiohttp, rapidfuzz, Stemmer, discord, prompt_toolkit
account = vodozemac.Account()
assert account.curve25519_key
import ssl, sqlite3, ctypes
ssl.create_default_context()
print("loaded")
"""
SCRIPT = r"""
set -eux
say() { printf '%s: %s\n' "$1" "$2" >>/srv/said.txt; }
shown() { systemctl show --value --property "$2" "$1"; }
git clone --quiet /srv/kruzhok /opt/kruzhok
for step in 1 2 3; do
    if [ $step = 3 ]; then install -D -m 644 /srv/trial.conf /etc/systemd/system/kruzhok.service.d/trial.conf; fi
    sh -e -u /srv/steps/install.$step </srv/token
done
say installed "$(systemctl is-active kruzhok.service) $(systemctl is-enabled kruzhok.service)"
say timer "$(systemctl is-active kruzhok-backup.timer)"
say token "$(stat -c '%U %a' /etc/kruzhok/discord-token)"
say state "$(stat -c '%U %a' /var/lib/kruzhok)"
pid=$(shown kruzhok.service MainPID)
say rights "$(grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/$pid/status | tr -s '\t\n' ' ')"
say status "$(shown kruzhok.service StatusText)"
say memory "$(awk '/VmRSS/ {print $2}' /proc/$pid/status)"
if nsenter --target $pid --mount touch /opt/kruzhok/x; then say root writable; else say root read-only; fi

sh -e -u /srv/steps/look.1 >/srv/look.txt || say look $?
cat /srv/look.txt >&2

kill -KILL $pid
for _ in $(seq 100); do
    if [ "$(shown kruzhok.service NRestarts)" = 1 ] && systemctl is-active --quiet kruzhok.service; then break; fi
    sleep 0.2
done
say killed "$(shown kruzhok.service NRestarts) $(systemctl is-active kruzhok.service)"

sed 's/^Type=.*/Type=oneshot/; s/^ExecStart=.*/ExecStart=\/opt\/kruzhok\/.venv\/bin\/python \/root-imports.py/' \
    /opt/kruzhok/deploy/kruzhok.service | grep -v '^Restart=\|^WatchdogSec=' >/etc/systemd/system/imports.service
cp /srv/imports.py /root-imports.py
chmod 644 /root-imports.py
systemctl daemon-reload
systemctl start imports.service || journalctl --no-pager --unit imports.service >&2
say imports "$(shown imports.service Result)"

sh -e -u /srv/steps/backup.1
say backup "$(shown kruzhok-backup.service Result)"
say copies "$(stat -c '%U %a' /var/lib/kruzhok-backups/kruzhok-*.tar | sort | uniq -c | tr -s ' ')"
sh -e -u /srv/steps/backup.2
say restored "$(systemctl is-active kruzhok.service)"

git -C /srv/kruzhok -c user.name=x -c user.email=x@example.org commit --quiet --allow-empty --message newer
sh -e -u /srv/steps/upgrade.1
say upgraded "$(systemctl is-active kruzhok.service) $(git -C /opt/kruzhok log -1 --format=%s)"

began=$(date +%s%N)
systemctl stop kruzhok.service
say stopped "$(shown kruzhok.service Result) $(( ($(date +%s%N) - began) / 1000000 ))"

: >/etc/kruzhok/discord-token
systemctl start kruzhok.service && say started wrongly
say refused "$(shown kruzhok.service ExecMainStatus) $(systemctl is-active kruzhok.service)"
journalctl --no-pager >/srv/journal.txt
"""


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


@pytest.fixture
def booting(machine: Machine, clone: Path, tmp_path: Path) -> Machine:
    """A minimal Debian with systemd and git, and with this repository to clone from."""
    if reason := guest.why_not():
        pytest.skip(f"The units did not run under a systemd: {reason}")
    made = machine.on_top(tmp_path / "guest")
    made.install("systemd", "git")
    shutil.copytree(clone, made.place("/srv/kruzhok"), symlinks=True)
    return made


def typed(machine: Machine) -> None:
    """Put what SYSTEMD.md says into files, a block each."""
    blocks = {"install": "Install", "look": "Look after it", "backup": "Back up and restore", "upgrade": "Upgrade"}
    for name, heading in blocks.items():
        for number, block in enumerate(TYPED[heading], 1):
            machine.place(f"/srv/steps/{name}.{number}").write_text(block, "utf-8")


async def test_what_is_said_of_systemd_works_under_systemd(booting: Machine, served: Loopback) -> None:
    typed(booting)
    proxies = served.environment
    drop_in = DROP_IN.format(api=proxies["KRUZHOK_DISCORD_API"], gateway=proxies["KRUZHOK_DISCORD_GATEWAY"])
    for path, text in (("trial.conf", drop_in), ("token", f"{TOKEN}\n"), ("imports.py", IMPORTS)):
        booting.place(f"/srv/{path}").write_text(text, "utf-8")
    running = asyncio.ensure_future(Guest(booting, SCRIPT).run())
    try:
        await asyncio.wait((running, asyncio.ensure_future(served.ready.wait())), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await served.slash("quote", words="Cheka")
            _, answer = await asyncio.wait_for(served.answered.get(), 30)
            assert "self-inflicted" in str(answer)
        await running
    finally:
        running.cancel()
    said = dict(line.split(": ", 1) for line in booting.read("/srv/said.txt").splitlines())
    milliseconds = int(said.pop("stopped").removeprefix("success "))
    assert milliseconds < 5000
    assert int(said.pop("memory")) < 512 * 1024
    assert TOKEN not in booting.read("/srv/journal.txt")
    assert said == {
        "installed": "active enabled",
        "timer": "active",
        "token": "kruzhok 600",
        "state": "kruzhok 700",
        "rights": "CapEff: 0000000000000000 CapBnd: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 ",
        "status": "discord: connected",
        "root": "read-only",
        "killed": "1 active",
        "imports": "success",
        "backup": "success",
        "copies": " 1 kruzhok 600",
        "restored": "active",
        "upgraded": "active newer",
        "refused": "78 failed",
    }
    assert served.identified >= 4
