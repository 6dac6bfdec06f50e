"""Our texts, put together from the files in `words/`: the blocks, and the files that are ours whole.

They are plain ASCII, so that they can stand in a file of any encoding. Whoever changes a word of them raises
VERSION: by it, and by the letter, `install` tells our text from one that was edited by hand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tui_delegate.rules.block import END, begin

VERSION: Final = 2
KINDS: Final = ("policy", "codex")
"""The blocks that stand in files; each says all that the one before it says."""

_ABOUT: Final = (
    "Hands bulk reading, boilerplate, summaries and fact extraction to a cheap or local worker model with the"
    " tui-delegate command."
)
_FRONT: Final = {
    "skill": (
        "name: tui-delegate",
        f"description: {_ABOUT} Use when a question spans three or more files, a file follows a pattern,"
        " or a long log or diff must become short.",
    ),
    "agent": (
        "name: tui-delegate",
        f"description: {_ABOUT} Give it one bounded task and the files that the task is about.",
        "tools: Bash, Read, Grep, Glob",
        "model: haiku",
    ),
    "cursor": (f"description: {_ABOUT}", "globs:", "alwaysApply: true"),
}


def block(kind: str) -> bytes:
    """Give a whole block, from marker to marker, without a last line end. `chat` is only ever printed."""
    words = _words("policy")
    if kind != "policy":
        words += _words(kind)
    return _marked(words)


def include(line: str) -> bytes:
    """Give the block that only names our own file, for a tool that reads such a line."""
    return _marked(f"{line}\n".encode())


def is_include(text: bytes) -> bool:
    """Say whether a block only names our own file, wherever that stood when the block was written."""
    lines = text.split(b"\n")
    return len(lines) == 3 and lines[1].startswith(b"@") and lines[1].endswith(b"tui-delegate.md")


def own(kind: str) -> bytes:
    """Give the whole contents of a file that is ours."""
    if kind in KINDS:
        return block(kind) + b"\n"
    words = _marked(_words("policy" if kind == "cursor" else kind))
    return "\n".join(["---", *_FRONT[kind], "---", "", ""]).encode() + words + b"\n"


def _marked(words: bytes) -> bytes:
    return begin(VERSION) + b"\n" + words + END


def _words(name: str) -> bytes:
    return (Path(__file__).parent / "words" / f"{name}.md").read_bytes().replace(b"\r\n", b"\n")
