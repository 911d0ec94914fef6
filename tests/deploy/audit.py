"""``python -m tests.deploy.audit``: looks the bot's packages up in a list of known flaws, and fails if it cannot."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REQUIREMENTS = Path(__file__).parents[2] / "requirements.txt"
CLEAN, FLAWS, COULD_NOT_LOOK = 0, 1, 3
# --strict: without it a package that cannot be looked up is passed over, and the audit passes.
_COMMAND = "pip_audit --strict --require-hashes --disable-pip --format json --progress-spinner off --requirement"


@dataclass(frozen=True, slots=True)
class Audit:
    """What came of it.

    Attributes:
        has_looked: Whether every package was looked up; otherwise ``says`` says why not.
    """

    has_looked: bool
    flaws: list[str]
    says: str


def audit(requirements: Path) -> Audit:
    """Look up every locked package."""
    done = subprocess.run(
        [sys.executable, "-m", *_COMMAND.split(), requirements],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if not done.stdout.strip():
        last = done.stderr.strip().splitlines()[-1:] or ["pip-audit ended without a word"]
        return Audit(False, [], last[0].removeprefix("ERROR:pip_audit._cli:"))
    return read_report(done.stdout, _locked_here(requirements))


def read_report(text: str, wanted: int) -> Audit:
    """Read what pip-audit says of so many packages."""
    packages = json.loads(text)["dependencies"]
    for each in packages:
        if "skip_reason" in each:
            return Audit(False, [], f"{each['name']} was passed over: {each['skip_reason']}")
    if len(packages) < wanted:
        return Audit(False, [], f"it looked at {len(packages)} packages of {wanted}")
    flaws = [
        f"{each['name']} {each['version']}: {flaw['id']}, mended in {' or '.join(flaw['fix_versions']) or 'no version'}"
        for each in packages
        for flaw in each["vulns"]
    ]
    return Audit(True, flaws, "")


def _locked_here(requirements: Path) -> int:
    """Return how many packages are locked for every system; those with a marker may be for another."""
    return len(re.findall(r"^[a-z0-9-]+==[^ ]+ \\$", requirements.read_text("utf-8"), re.MULTILINE))


def main() -> int:
    """Tell what was found; returns the exit code."""
    found = audit(REQUIREMENTS)
    if not found.has_looked:
        print(f"No package was audited for known flaws: {found.says}", file=sys.stderr)
        return COULD_NOT_LOOK
    print("\n".join(found.flaws) or "No package of the bot has a known flaw.")
    return FLAWS if found.flaws else CLEAN


if __name__ == "__main__":
    sys.exit(main())
