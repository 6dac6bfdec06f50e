"""Asks a person at the terminal whether something may be done. What an answer does is the engine's.

Questions go to stderr, one at a time; answers are whole lines of stdin.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from tui_delegate.cli import output
from tui_delegate.core.approval import APPROVED, Verdict
from tui_delegate.core.clean import clean_line, show_controls
from tui_delegate.core.errors import InputError
from tui_delegate.core.specs import seat_name

if TYPE_CHECKING:
    from typing import TextIO

    from tui_delegate.core.approval import AskedKind, Question

KEYS: Final = "y yes · n [why] no · e TEXT other words · r AGENT elsewhere · a yes to all of this run"
_LONGEST: Final = 64 * 1024
_NOBODY: Final = "The terminal was closed."


class TerminalApprover:
    """Asks at one terminal. An end of input is a no."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._turn = asyncio.Lock()
        self._read = ""
        self._ended = False

    @classmethod
    def at(cls, stdin: TextIO | None) -> TerminalApprover:
        """Ask here. Raises an InputError where nobody could answer."""
        if stdin is None or not stdin.isatty():
            raise InputError(
                "--ask needs a terminal: stdin is none, so nobody could answer.",
                "Run it at a terminal, with the prompt as an argument, or leave --ask out.",
            )
        return cls(stdin.fileno())

    def wants(self, kind: AskedKind) -> bool:
        """Ask about everything: that is what the flag says."""
        return True

    async def ask(self, question: Question) -> Verdict:
        """Show the question and read lines until one is an answer."""
        async with self._turn:
            for shown in _shown(question):
                output.say(shown)
            while True:
                output.say(f"  {KEYS}\n  ? ", end="")
                line = await self._line()
                if line is None:
                    return Verdict(reason=_NOBODY)
                if verdict := _verdict(line.strip()):
                    return verdict

    async def _line(self) -> str | None:
        """Wait for a line without a thread, so that a run that is cancelled meanwhile can end."""
        while "\n" not in self._read and not self._ended and len(self._read) < _LONGEST:
            await self._readable()
            piece = os.read(self._handle, 4096)
            self._read += piece.decode(errors="replace")
            self._ended = not piece
        line, _, self._read = self._read.partition("\n")
        return None if self._ended and not line else line

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        try:
            loop.add_reader(self._handle, ready.set)
        except NotImplementedError as error:
            raise InputError("--ask can't read this system's terminals.", "Leave --ask out.") from error
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._handle)


def _shown(question: Question) -> list[str]:
    where = seat_name(question.profile, question.model) if question.profile else question.agent
    at = ",".join(map(str, question.path))
    lines = [f"⁇ [{at}] may this be delegated to {clean_line(where)}? {clean_line(question.task_name, 60)}"]
    if question.note:
        lines.append(f"  {clean_line(question.note)}")
    lines += [f"  │ {line}" for line in show_controls(question.task).split("\n")]
    if question.files:
        lines.append(f"  files: {clean_line(', '.join(question.files), 400)}")
    return lines


def _verdict(line: str) -> Verdict | None:
    word, _, rest = line.partition(" ")
    rest = rest.strip()
    match word.lower():
        case "y" | "yes":
            return APPROVED
        case "a" | "all":
            return Verdict(approved=True, whole_run=True)
        case "n" | "no":
            return Verdict(reason=rest)
        case "e" | "edit" if rest:
            return Verdict(approved=True, task=rest)
        case "r" | "reroute" if rest:
            return Verdict(approved=True, agent=rest)
        case _:
            return None
