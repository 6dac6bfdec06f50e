"""Questions at the terminal: what is shown, what is understood, and who can't be asked."""

from __future__ import annotations

import asyncio
import io
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product import Product
from tui_delegate.cli.asking import TerminalApprover
from tui_delegate.core.approval import APPROVED, Question, Verdict
from tui_delegate.core.clean import show_controls
from tui_delegate.core.errors import InputError

QUESTION = Question((0,), task_name="a", task="do a", agent="worker", profile="mine", model="big")


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: the person's and the program's."""
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(ours)
    os.close(theirs)


def answered(terminal: tuple[int, int], typed: str, question: Question = QUESTION) -> Verdict:
    os.write(terminal[0], typed.encode())
    return asyncio.run(TerminalApprover(terminal[1]).ask(question))


@pytest.mark.parametrize(
    ("typed", "verdict"),
    [
        ("y\n", APPROVED),
        ("a\n", Verdict(approved=True, whole_run=True)),
        ("n\n", Verdict()),
        ("n too dear\n", Verdict(reason="too dear")),
        ("e do b\n", Verdict(approved=True, task="do b")),
        ("r other/small\n", Verdict(approved=True, agent="other/small")),
        ("what?\n\nY\n", APPROVED),
        ("e\nr\nyes\n", APPROVED),
        ("\x04", Verdict(reason="The terminal was closed.")),
    ],
)
def test_a_line_is_an_answer(terminal: tuple[int, int], typed: str, verdict: Verdict) -> None:
    assert answered(terminal, typed) == verdict


def test_controls_in_a_task_are_seen_and_do_nothing(
    terminal: tuple[int, int], capsys: pytest.CaptureFixture[str]
) -> None:
    task = "list files\x1b[2K\rand nothing else\u202e\n\x1b]0;rm\x07"
    answered(terminal, "y\n", Question((0, 1), task=task, agent="worker", files=("a\x1b.md",), note="again"))
    said = capsys.readouterr().err
    assert "␛[2K␍and nothing else⟨U+202E⟩" in said
    assert "  │ ␛]0;rm␇" in said
    assert not set(said) & set("\x1b\r\x07\u202e")
    assert "[0,1]" in said
    assert "again" in said


def test_questions_are_put_one_at_a_time(terminal: tuple[int, int]) -> None:
    async def main() -> list[Verdict]:
        approver = TerminalApprover(terminal[1])
        return await asyncio.gather(*(approver.ask(QUESTION) for _ in range(3)))

    os.write(terminal[0], b"y\nn no\na\n")
    first, second, third = asyncio.run(main())
    assert (first, second.reason, third.whole_run) == (APPROVED, "no", True)


def test_a_question_that_is_taken_back_lets_go_of_the_terminal(terminal: tuple[int, int]) -> None:
    async def main() -> None:
        approver = TerminalApprover(terminal[1])
        asking = asyncio.ensure_future(approver.ask(QUESTION))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        os.write(terminal[0], b"y\n")
        assert await approver.ask(QUESTION) == APPROVED

    asyncio.run(main())


def test_where_there_is_no_terminal_nobody_can_be_asked(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--ask needs a terminal"):
        TerminalApprover.at(io.StringIO("y\n"))
    ended = asyncio.run(Product(tmp_path / "home").write({}).tell("run", "--ask", "go", stdin=b"y\n"))
    assert (ended.code, ended.out) == (2, "")
    assert "--ask needs a terminal" in ended.err


def test_lines_and_tabs_stay_what_they_are_among_signs() -> None:
    assert show_controls("a\tb\r\nc\x00\x7f\x9b\ud800") == "a\tb\nc␀␡⟨U+009B⟩⟨U+D800⟩"
