"""The folders that a call may read and write in. It touches nothing outside of them, unless it may."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError, RootEscape, TargetProtected
from tui_delegate.core.records import dataclass
from tui_delegate.corpus.confine import inside, leads_out
from tui_delegate.tools.target import free, within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tui_delegate.tools.target import Target


@dataclass(frozen=True, slots=True)
class Ground:
    """Folders, the first of which words without a folder are read from."""

    roots: tuple[str, ...]
    open: bool = False
    """Whether what lies outside may be read and written where it is named."""

    @property
    def folder(self) -> str:
        """Where words are read from."""
        return self.roots[0]

    def check(self, words: Iterable[str]) -> None:
        """Raise an InputError for a word that leads out."""
        for word in words:
            if self.open:
                continue
            if word.startswith(("http://", "https://")):
                # A model names it, not the person: it could lead to whatever listens on this machine, or
                # carry what the model has read to somebody else.
                raise InputError(
                    f"{clean_line(word)} is an address, and only files are read here.",
                    "Fetch it yourself and give it as a text. The person can start the server with "
                    "--allow-outside.",
                )
            if leads_out(word, self.folder, self.roots):
                raise InputError(
                    f"{clean_line(word)} lies outside of the folders that may be read.",
                    f"Name files in {clean_line(self.folder)}. The person can start the server with "
                    "--root DIR or --allow-outside.",
                )

    def target(self, name: str) -> Target:
        """Find where a file goes. Raises a TargetError."""
        if self.open:
            return free(name, self.folder)
        root = next((one for one in self.roots if os.path.isabs(name) and inside(name, (one,))), self.folder)
        try:
            return within(root, name, self.folder)
        except RootEscape as error:
            hint = (
                f"Name a file in {clean_line(self.folder)}. The person can start the server with --root DIR."
            )
            raise RootEscape(error.message, hint) from None
        except TargetProtected as error:
            hint = "Only the person may have it written: `tui-delegate write --allow-protected`."
            raise TargetProtected(error.message, hint) from None


NOWHERE: Final = Ground(())
"""Before it is known."""


def ground_of(root: str, offered: Iterable[str], *, is_open: bool) -> Ground:
    """Choose the folders: the one that the person named, else those that the host offers, else where we are.

    Raises an InputError where that is the whole disk: nobody can have meant it.
    """
    folders = (root,) if root else tuple(filter(None, map(_folder_at, offered))) or (_here(),)
    ground = Ground(tuple(os.path.realpath(one) for one in folders), is_open)
    if not is_open and any(os.path.dirname(one) == one for one in ground.roots):
        raise InputError(
            "The server was started in the top folder of the disk: which files it may read is not clear.",
            "Start it with --root DIR, or in the project's folder.",
        )
    return ground


def _folder_at(uri: str) -> str:
    """Read a host's root; empty: no folder of this machine."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return ""
    path = unquote(parts.path)
    if os.name == "nt":
        path = path.lstrip("/")
    return path if os.path.isabs(path) and os.path.isdir(path) else ""


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise InputError(
            "The folder that the server was started in is not there any more.", "Start it again."
        ) from None
