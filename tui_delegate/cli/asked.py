"""Asking on the command line: at once, or in parts where that was said.

What is asked and how it fits the model's window is `workspace.asking`'s; what becomes of the answer, each
verb's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.core.errors import ContextOverflow
from tui_delegate.workspace.asking import parts_for

if TYPE_CHECKING:
    from tui_delegate.cli.conduct import Conduct
    from tui_delegate.workspace.asking import Material, Question
    from tui_delegate.workspace.errands import Told


def ask_about(conduct: Conduct, material: Material, question: Question, prompt: str) -> Told:
    """Ask, at once or in parts. Raises an InputError where it is too much and nobody said to split it."""
    conduct.sit()
    seat = conduct.measured(material.tokens + question.tokens)
    environ = conduct.errands.environ
    room = parts_for(material, question, seat, split=conduct.args.split, environ=environ)
    if room is None:
        told = conduct.do(question.errand(material, seat), prompt)
        if not (conduct.args.split and isinstance(told.done.error, ContextOverflow)):
            return told
        room = max(material.tokens // 2, 1)  # guessed to fit, and refused: the server counts otherwise
    from tui_delegate.cli.split import ask_in_parts

    return ask_in_parts(conduct, material, question, prompt, room)
