"""A draft goes to the person's editor and back byte for byte, or stays as it was and a line says why."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tui.prompt_stage import PromptStage
from tui_delegate.core.errors import InputError
from tui_delegate.tui.editor import edit_text, find_editor


def script(folder: Path, body: str) -> dict[str, str]:
    """An editor: a Python script that is told the file."""
    file = folder / "my editor.py"
    lead = "import sys, pathlib, os\nfile = pathlib.Path(sys.argv[1])\n"
    file.write_text(lead + body)
    return {"VISUAL": f"{shlex.quote(sys.executable)} {shlex.quote(str(file))}", "PATH": "/usr/bin:/bin"}


def edited(text: str, environ: dict[str, str], *, suspends: bool = True) -> str:
    async def main() -> str:
        app = PromptStage(suspends=suspends)
        async with app.run_test(size=(80, 24)):
            return await edit_text(app, text, environ)

    return asyncio.run(main())


def test_the_editor_sees_the_draft_and_gives_another(tmp_path: Path) -> None:
    environ = script(tmp_path, "file.write_text('[' + file.read_text() + ']')")
    assert edited("two\nlines", environ) == "[two\nlines]"


def test_a_draft_that_was_only_looked_at_is_the_same_to_the_byte(tmp_path: Path) -> None:
    text = "tabs\t, \u2028, 日本語, a lone \udcff and no end"
    assert edited(text, script(tmp_path, "file.touch()")) == text


def test_the_line_end_that_an_editor_adds_is_taken_off_and_one_that_was_there_stays(tmp_path: Path) -> None:
    environ = script(tmp_path, "file.write_text('new\\n')")
    assert edited("old", environ) == "new"
    assert edited("old\n", environ) == "new\n"


def test_the_draft_is_for_its_owner_only_and_gone_afterwards(tmp_path: Path) -> None:
    seen = str(tmp_path / "seen")
    body = f"mode = os.stat(file).st_mode & 0o777\npathlib.Path({seen!r}).write_text(f'{{mode:o}} {{file}}')"
    edited("text", script(tmp_path, body))
    mode, _, place = (tmp_path / "seen").read_text().partition(" ")
    assert mode == "600"
    assert not Path(place).parent.exists()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("file.write_text('lost'); sys.exit(3)", "The editor ended with 3; the draft stays as it was."),
        ("os.unlink(file)", "The editor took the file away; the draft stays as it was."),
    ],
)
def test_an_editor_that_fails_is_said(body: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        edited("text", script(tmp_path, body))
    assert raised.value.message == said


def test_a_screen_without_a_terminal_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="can't hand its terminal"):
        edited("text", script(tmp_path, ""), suspends=False)


def test_visual_comes_before_editor_and_both_before_what_is_usual(tmp_path: Path) -> None:
    for name in ("vi", "nano", "mine"):
        (tmp_path / name).touch(mode=0o755)
    path = str(tmp_path)
    assert find_editor({"PATH": path}) == [f"{path}/vi"]
    (tmp_path / "vi").unlink()
    assert find_editor({"PATH": path, "VISUAL": " "}) == [f"{path}/nano"]
    assert find_editor({"PATH": path, "EDITOR": "nano"}) == ["nano"]
    assert find_editor({"PATH": path, "EDITOR": "nano", "VISUAL": "mine --wait"}) == ["mine", "--wait"]


@pytest.mark.parametrize("told", ["no-such-editor", "'half", "/nowhere/vi"])
def test_an_editor_that_is_not_there_is_said_with_what_to_do(told: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        find_editor({"PATH": str(tmp_path), "EDITOR": told})
    assert raised.value.message.startswith("$EDITOR is ")
    assert raised.value.hint == "Set $VISUAL or $EDITOR to the command of your editor."
    with pytest.raises(InputError, match="There is no editor here"):
        find_editor({"PATH": str(tmp_path)})


@settings(max_examples=10, deadline=None)
@given(text=st.text(max_size=200))
def test_any_text_survives_an_editor_that_writes_it_again(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    environ = script(tmp_path_factory.mktemp("editor"), "file.write_bytes(file.read_bytes())")
    assert edited(text, environ) == text


def test_the_key_brings_the_edited_text_into_the_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in script(
        tmp_path, "file.write_text(file.read_text() + ' and more\\x1b[31m\\n')"
    ).items():
        monkeypatch.setenv(name, value)

    async def main() -> None:
        app = PromptStage(suspends=True)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*"some")
            await pilot.press("ctrl+g")
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert app.text == "some and more"
            assert app.posted == []

    asyncio.run(main())


def test_a_failing_editor_leaves_the_draft_and_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in script(tmp_path, "sys.exit(1)").items():
        monkeypatch.setenv(name, value)

    async def main() -> None:
        app = PromptStage(suspends=True)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*"some")
            await pilot.press("ctrl+g")
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert app.text == "some"
            assert app.said == ["The editor ended with 1; the draft stays as it was."]

    asyncio.run(main())
