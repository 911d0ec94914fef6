"""systemd's units: without a complaint of its own, as closed as they are said to be, and as the bot needs them."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.run import CONFIGURATION
from bot.settings import KNOWN
from tests.deploy.conftest import ROOT

DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for pattern in ("*.service", "*.timer") for path in DEPLOY.glob(pattern))
SERVICES = [name for name in UNITS if name.endswith(".service")]
INSTALLED = "/opt/kruzhok/"
MOST_EXPOSED = 1.5
IDENTIFICATIONS_A_DAY = 1000
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="Units are not looked at: systemd-analyze is not installed"
)


def read(*names: str) -> dict[str, list[str]]:
    """Return everything that units say, whatever section it stands in, and as often as it is said."""
    said: dict[str, list[str]] = {}
    for name in names:
        for key, value in re.findall(r"^(\w+)=(.*)$", (DEPLOY / name).read_text("utf-8"), re.MULTILINE):
            said.setdefault(key, []).append(value)
    return said


def analyzed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Let systemd look at copies of the units that start this very checkout."""
    shutil.copytree(DEPLOY, folder, dirs_exist_ok=True)
    for name in UNITS:
        text = (folder / name).read_text("utf-8")
        (folder / name).write_text(text.replace(INSTALLED, f"{ROOT}/"), "utf-8")
    return subprocess.run(
        ["systemd-analyze", *words],
        env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "SYSTEMD_UNIT_PATH": f"{folder}:", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


@needs_systemd
def test_systemd_has_nothing_to_complain_of(tmp_path: Path) -> None:
    done = analyzed(tmp_path, "verify", "--man=no", *(str(tmp_path / name) for name in UNITS))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_systemd_complains_of_what_it_does_not_know(tmp_path: Path) -> None:
    added = tmp_path / "kruzhok.service.d/wrong.conf"
    added.parent.mkdir()
    added.write_text("[Service]\nProtectEverything=yes\n", "utf-8")
    done = analyzed(tmp_path, "verify", "--man=no", str(tmp_path / "kruzhok.service"))
    assert "ProtectEverything" in done.stderr


@needs_systemd
@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_hardly_exposed_and_as_the_description_says(name: str, tmp_path: Path) -> None:
    done = analyzed(tmp_path, "security", "--offline=true", "--no-pager", str(tmp_path / name))
    found = re.search(rf"Overall exposure level for {re.escape(name)}: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= MOST_EXPOSED
    assert found[1] in re.findall(r"\d\.\d", (DEPLOY / "SYSTEMD.md").read_text("utf-8").rpartition("\n## ")[2])


@needs_systemd
def test_the_timer_comes_every_night(tmp_path: Path) -> None:
    (calendar,) = read("kruzhok-backup.timer")["OnCalendar"]
    done = analyzed(tmp_path, "calendar", "--iterations=3", "--base-time=2026-11-28 00:00:00 UTC", calendar)
    assert re.findall(r"2026-11-(\d\d) 03:30:00", done.stdout) == ["28", "29", "30"]


def test_an_unlucky_day_stays_below_what_resets_the_token() -> None:
    unit = read("kruzhok.service")
    (pause,) = unit["RestartSec"]
    assert 24 * 3600 / int(pause.removesuffix("s")) < IDENTIFICATIONS_A_DAY
    assert unit["StartLimitIntervalSec"] == ["0"]
    assert unit["RestartPreventExitStatus"] == [str(CONFIGURATION)]


def test_both_services_are_kept_alike() -> None:
    bot, backup = (read(name) for name in ("kruzhok.service", "kruzhok-backup.service"))
    differing = {name for name in {*bot, *backup} if bot.get(name) != backup.get(name)}
    own = {"Description", "Type", "ExecStart", "StateDirectory", "TimeoutStartSec", "RestrictAddressFamilies"}
    of_the_bot = {"TimeoutStopSec", "WatchdogSec", "Restart", "RestartSec", "RestartPreventExitStatus"}
    of_the_bot |= {"Wants", "After", "StartLimitIntervalSec", "WantedBy", "MemoryMax", "TasksMax"}
    of_the_backup = {"Nice", "IOSchedulingClass", "PrivateNetwork", "IPAddressDeny"}
    assert differing == own | of_the_bot | of_the_backup


@pytest.mark.parametrize("added", [[], ["discord"], ["matrix"], ["discord", "matrix"]], ids=" and ".join)
def test_what_the_units_say_to_the_bot_are_settings_of_it(added: Sequence[str]) -> None:
    names = {known.variable for known in KNOWN} | {f"{each.variable}_FILE" for each in KNOWN if each.kind == "secret"}
    unit = read("kruzhok.service", *(f"kruzhok.service.d/{name}.conf" for name in added))
    said = dict(line.split("=", 1) for line in unit["Environment"])
    assert set(said) <= names
    given = {line.partition(":")[0] for line in unit.get("LoadCredential", [])}
    assert {value for name, value in said.items() if name.endswith("_FILE")} == {f"%d/{name}" for name in given}
    assert len(given) == len(added)
