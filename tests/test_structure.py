"""What may import what: the contracts are kept, and nobody who only reads pays for a chat library."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CHAT_LIBRARIES = {"discord", "nio", "rich", "prompt_toolkit"}


def test_the_import_contracts_are_kept() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def imported(path: Path) -> set[str]:
    """Return the top-level names of what a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_only_platforms_name_a_chat_library() -> None:
    files = [path for path in (ROOT / "bot").rglob("*.py") if "platforms" not in path.parts]
    assert len(files) > 20
    assert {str(path.relative_to(ROOT)) for path in files if imported(path) & CHAT_LIBRARIES} == set()


@pytest.mark.parametrize("module", ["bot.app", "bot.library.library", "bot.store.state", "bot.commands"])
def test_importing_the_heart_loads_no_chat_library(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({CHAT_LIBRARIES!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_every_package_and_module_says_what_lives_there() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in [*(ROOT / "bot").rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []
