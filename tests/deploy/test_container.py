"""The container's files: linted, checked against their schemas, and of one mind with one another."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.deploy.compose import COMPOSE, service, with_matrix
from tests.deploy.conftest import ROOT

CONTAINERFILE = ROOT / "deploy/Containerfile"


def tool(name: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a tool of the tests' own environment."""
    path = Path(sys.executable).with_name(name)
    return subprocess.run([path, *words], input=given, capture_output=True, text=True, encoding="utf-8", check=False)


def told(name: str) -> str:
    """Return what an instruction of the final stage says."""
    last = CONTAINERFILE.read_text("utf-8").rpartition("\nFROM ")[2].replace("\\\n", " ")
    found = re.findall(rf"^{name} (.*)$", last, re.MULTILINE)
    assert len(found) == 1, name
    return re.sub(r" +", " ", str(found[0]))


def test_hadolint_finds_nothing_in_the_containerfile() -> None:
    done = tool("hadolint", "--no-color", str(CONTAINERFILE))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_hadolint_is_no_formality() -> None:
    done = tool("hadolint", "--no-color", "-", given="FROM debian\nRUN apt-get install curl\nCMD curl localhost\n")
    assert done.returncode == 1
    assert {"DL3006", "DL3008", "DL3025"} <= set(re.findall(r"DL\d+", done.stdout))


def test_hadolint_is_not_told_to_look_away() -> None:
    assert "hadolint ignore" not in CONTAINERFILE.read_text("utf-8")
    assert not list(ROOT.glob(".hadolint.y*ml"))


@pytest.mark.parametrize("text", [COMPOSE.read_text("utf-8"), with_matrix()], ids=["discord", "discord and matrix"])
def test_the_compose_file_is_as_the_specification_wants_it(text: str, tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(text, "utf-8")
    done = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


def test_packages_are_installed_by_hash_alone_and_nothing_is_kept_of_it() -> None:
    text = CONTAINERFILE.read_text("utf-8")
    for word in ("--require-hashes", "--no-deps", "--only-binary :all:", "--no-cache-dir", "pip uninstall"):
        assert text.count(word) == 1, word


def test_the_schema_is_no_formality(tmp_path: Path) -> None:
    file = tmp_path / "compose.yaml"
    file.write_text(COMPOSE.read_text("utf-8").replace("read_only: true", "read_onyl: true"), "utf-8")
    done = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(file))
    assert done.returncode == 1


def test_with_matrix_everything_that_it_needs_is_there() -> None:
    plain, full = service(COMPOSE.read_text("utf-8")), service(with_matrix())
    added = set(full["environment"]) - set(plain["environment"])
    assert added == {"KRUZHOK_MATRIX_HOMESERVER", "KRUZHOK_MATRIX_USER", "KRUZHOK_MATRIX_PASSWORD_FILE"}
    assert set(full["secrets"]) == set(yaml.safe_load(with_matrix())["secrets"]) == {"discord-token", "matrix-password"}
    files = {value for name, value in full["environment"].items() if name.endswith("_FILE")}
    assert files == {f"/run/secrets/{name}" for name in full["secrets"]}


def test_the_container_has_no_rights_that_it_does_not_need() -> None:
    kept = service(COMPOSE.read_text("utf-8"))
    assert kept["read_only"] is True
    assert kept["cap_drop"] == ["ALL"]
    assert kept["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "ports", "devices", "network_mode", "pid", "user"} & set(kept)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", told("USER"))


def test_the_two_files_say_the_same() -> None:
    kept = service(COMPOSE.read_text("utf-8"))
    (volume,) = kept["volumes"]
    assert f'["{volume.partition(":")[2]}"]' == told("VOLUME")
    assert f"KRUZHOK_STATE={volume.partition(':')[2]} " in told("ENV")
    options, _, command = told("HEALTHCHECK").partition(" CMD ")
    assert ["CMD", *yaml.safe_load(command)] == kept["healthcheck"]["test"]
    written = {name.replace("-", "_"): value for name, value in re.findall(r"--([\w-]+)=(\S+)", options)}
    assert written == {name: str(value) for name, value in kept["healthcheck"].items() if name != "test"}


def test_what_is_started_is_named_without_a_shell_between() -> None:
    assert told("ENTRYPOINT").startswith("[")
    assert told("CMD") == '["run"]'
    assert told("STOPSIGNAL") == "SIGTERM"


def test_nothing_but_what_the_bot_needs_is_given_to_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule for rule in rules if rule.startswith("!")} == {
        "!requirements.txt",
        "!LICENSE",
        "!bot",
        "!cogs",
        "!data",
    }
    assert not list(ROOT.glob(".containerignore")), "it would be read in the place of .dockerignore"


def test_secrets_are_not_in_git() -> None:
    done = subprocess.run(
        ["git", "check-ignore", "--quiet", "deploy/secrets/discord-token"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0
