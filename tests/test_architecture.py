"""The house holds its own rules: layers, size, types, style, and what a short verb may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tui_delegate"
FILES = sorted(PACKAGE.rglob("*.py"))
LOADED = """
import sys
from tui_delegate.__main__ import main
sys.argv[1:] = {words!r}
try:
    main()
except SystemExit:
    pass
print("LOADED", " ".join(sorted(name.partition(".")[0] for name in sys.modules)))
"""


def tool(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.gate
def test_ruff_finds_nothing() -> None:
    tool("ruff", "check", "tui_delegate", "tests")
    tool("ruff", "format", "--check", "tui_delegate", "tests")


@pytest.mark.gate
def test_mypy_is_strict_and_content() -> None:
    tool("mypy")


@pytest.mark.gate
def test_the_layers_hold() -> None:
    lint = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_small_enough_to_hold_in_the_head(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 60, f"{path}:{node.lineno} {node.name}"


def test_no_file_is_named_for_nothing() -> None:
    empty_words = {"utils", "helpers", "common", "handler", "service", "impl", "misc"}
    assert not {path for path in FILES if path.stem in empty_words}


def loaded_by(*words: str) -> set[str]:
    script = LOADED.format(words=list(words))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(done.stdout.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    "words", [("--help",), ("ledger",), ("profiles", "list"), ("profiles", "show", "ollama")]
)
def test_verbs_that_ask_no_server_load_no_client_and_no_event_loop(words: tuple[str, ...]) -> None:
    assert not loaded_by(*words) & {"httpx", "aiohttp", "asyncio", "ollama", "textual", "rich", "pydantic"}


def test_the_first_picture_waits_for_no_client_and_no_markdown() -> None:
    script = "import sys, tui_delegate.tui.app, tui_delegate.tui.house; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    late = {"httpx", "aiohttp", "ollama", "openai", "anthropic", "markdown_it", "pygments", "textual_serve"}
    assert not loaded & late


def test_a_run_loads_nothing_that_draws() -> None:
    assert not loaded_by("run", "--profile", "builtin", "hello") & {"textual", "rich", "ollama", "pydantic"}


def test_broad_catches_stand_in_three_places_only() -> None:
    places = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler):
                names = (
                    {name.id for name in ast.walk(node.type) if isinstance(name, ast.Name)}
                    if node.type
                    else {""}
                )
                if names & {"", "Exception", "BaseException"}:
                    places.append(str(path.relative_to(PACKAGE)))
    assert sorted(places) == ["cli/main.py", "engine/run.py", "journal/writer.py"]
