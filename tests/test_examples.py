"""Properties are tried with few examples in the quick run, and with all of them in the extended one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.examples import ALL, QUICK

ROOT = Path(__file__).parent.parent


@pytest.mark.extended
@pytest.mark.parametrize(("wanted", "number"), [("not extended", QUICK), ("extended and not element", ALL)])
def test_every_property_is_in_both_runs_and_tried_more_in_the_extended_one(wanted: str, number: int) -> None:
    file = "tests/platforms/discord/test_limits.py"
    pytest_ = [sys.executable, "-m", "pytest", "-m", wanted, "-p", "no:xdist", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*pytest_, "--hypothesis-show-statistics", file], cwd=ROOT, capture_output=True, text=True, check=True
    )
    tried = re.findall(r"settings.max_examples=(\d+)", done.stdout)
    assert tried == [str(number)] * (ROOT / file).read_text("utf-8").count("@given"), done.stdout
