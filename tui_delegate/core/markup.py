"""Tool calls that a model wrote as plain text because no tool was on offer: markup, not an answer."""

from __future__ import annotations

MARKS = ("<tool_call>", "[TOOL_REQUEST]", "<|python_tag|>", "[TOOL_CALLS]", "<function=")


def is_call_markup(text: str) -> bool | None:
    """Say whether a text begins as a written tool call; None: too little has come to tell."""
    start = text.lstrip()
    if start.startswith(MARKS):
        return True
    return None if any(mark.startswith(start) for mark in MARKS) else False
