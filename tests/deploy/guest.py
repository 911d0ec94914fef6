"""A machine that is started with a systemd of its own, in which a script runs as root and then ends it."""

import asyncio
import os
import shutil
import subprocess
from asyncio.subprocess import DEVNULL, PIPE

from tests.deploy.machine import APART, Machine

SECONDS = 420
# systemd wants the control groups of the second version, and a group of its own that it may divide.
_BOOTED = """
set -eu
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$ROOT"
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p "/sys/fs/cgroup/$GROUP"
echo $$ >"/sys/fs/cgroup/$GROUP/cgroup.procs"
export BINDS=
for carried in $CARRIED; do BINDS="$BINDS --bind-ro=$carried"; done
exec unshare --cgroup sh -eu -c '
    umount /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    exec systemd-nspawn --quiet --register=no --keep-unit --console=pipe --boot --directory="$ROOT" --machine=trial \\
        --resolv-conf=copy-host --timezone=off $BINDS systemd.show_status=false
'
"""
_TIDIED = """
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
if [ -d "/sys/fs/cgroup/$GROUP" ]; then find "/sys/fs/cgroup/$GROUP" -depth -type d -exec rmdir {} ';'; fi
"""
_UNIT = """
[Unit]
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /srv/trial.sh
StandardOutput=file:/srv/trial.out
StandardError=file:/srv/trial.err
ExecStopPost=/bin/sh -c 'echo $EXIT_STATUS >/srv/trial.code; systemctl --no-block poweroff'
TimeoutStartSec=infinity
"""


def why_not() -> str:
    """Say what keeps systemd from being started here; nothing if it can be."""
    return "" if shutil.which("systemd-nspawn") else "systemd-nspawn is not installed"


class Guest:
    """A machine, which is to run a script under systemd.

    Args:
        machine: It must have systemd.
    """

    def __init__(self, machine: Machine, script: str) -> None:
        self._machine = machine
        machine.place("/srv/trial.sh").write_text(script, "utf-8")
        machine.place("/etc/systemd/system/trial.service").write_text(_UNIT, "utf-8")
        wanted = machine.place("/etc/systemd/system/default.target.wants/trial.service")
        wanted.symlink_to("/etc/systemd/system/trial.service")

    async def run(self) -> None:
        """Start it, and wait until the script has ended it.

        Raises:
            AssertionError: The script did not get to its end.
        """
        with self._machine.mounting(_BOOTED) as (script, variables):
            environment = {**variables, "GROUP": f"kruzhok-{os.getpid()}"}
            apart = [*APART, "--mount-proc", "sh", "-c"]
            process = await asyncio.create_subprocess_exec(
                *apart, script, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
            )
            try:
                console, errors = await asyncio.wait_for(process.communicate(), SECONDS)
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
                await asyncio.to_thread(subprocess.run, [*apart, _TIDIED], env=environment, check=False)
        code, out, err = (self._machine.read(f"/srv/trial.{name}") for name in ("code", "out", "err"))
        told = f"{console[-1000:]!r} {errors[-1000:]!r}\n{out[-3000:]}\n{err[-6000:]}"
        assert code.strip() == "0", told
