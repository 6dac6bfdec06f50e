"""The coding agents that can be taught to delegate: one value each, and where each keeps its instructions.

Nothing here reads a file's contents or writes one; whether a path is there is all that is asked.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from tui_delegate.core.errors import ResolveError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME: Final = "tui-delegate"
ALIASES: Final = {
    "claude": "claude-code",
    "codex": "codex-cli",
    "gemini": "gemini-cli",
    "copilot-cli": "copilot",
}


class Own(NamedTuple):
    """A file that is ours whole: where it goes, and which of our texts it holds."""

    path: Path
    text: str


class Host(NamedTuple):
    """One tool: the folders that show that it is here, the person's file, the files of ours, what to say.

    `block` names our text for the person's file; `include` is the line that stands there instead, where the
    tool follows such lines. `borrowed`: the file is another tool's, and this one only reads it too. Without a
    sign on the disk, the text is printed for pasting.
    """

    name: str
    title: str
    block: str
    signs: tuple[Path, ...] = ()
    file: Path | None = None
    include: str = ""
    own: tuple[Own, ...] = ()
    note: str = ""
    borrowed: bool = False

    @property
    def prints_only(self) -> bool:
        """Say whether there is nothing on this disk to write to."""
        return not self.signs

    @property
    def detected(self) -> bool:
        """Say whether the tool is on this machine."""
        return any(os.path.exists(sign) for sign in self.signs)


def table(home: Path, environ: Mapping[str, str]) -> list[Host]:
    """Describe every tool that we know, for this home and what the environment overrides."""
    return [
        _claude_code(home, environ),
        _codex(home, environ),
        _cursor(home),
        _gemini(home, environ),
        _opencode(home, environ),
        _copilot(home, environ),
        _aider(home),
        Host("claude-desktop", "Claude desktop (project instructions)", "chat"),
        Host("codex-app", "Codex web (project instructions)", "chat"),
    ]


def chosen(hosts: Sequence[Host], names: str | None) -> list[Host]:
    """Pick the tools of a comma-separated list; None: all. An unknown name is a ResolveError."""
    if names is None:
        return list(hosts)
    known = {host.name: host for host in hosts}
    words = [word.strip().lower() for word in names.split(",") if word.strip()]
    unknown = [word for word in words if ALIASES.get(word, word) not in known]
    if unknown or not words:
        raise ResolveError(
            f"unknown tool: {', '.join(unknown) or '(none named)'}", f"The tools are: {', '.join(known)}."
        )
    wanted = {ALIASES.get(word, word) for word in words}
    return [host for host in hosts if host.name in wanted]


def _folder(environ: Mapping[str, str], name: str, default: Path) -> Path:
    value = environ.get(name, "")
    return Path(value).expanduser().absolute() if value else default


def _claude_code(home: Path, environ: Mapping[str, str]) -> Host:
    folder = _folder(environ, "CLAUDE_CONFIG_DIR", home / ".claude")
    file, other, note = folder / "CLAUDE.md", folder / "AGENTS.md", ""
    if os.path.exists(other) and not os.path.exists(file):
        file, note = other, "Claude Code reads it while there is no CLAUDE.md, which would hide it"
    return Host(
        "claude-code",
        "Claude Code",
        "policy",
        signs=(folder,),
        file=file,
        note=note,
        include=_include(folder / f"{NAME}.md", home),
        own=(
            Own(folder / f"{NAME}.md", "policy"),
            Own(folder / "agents" / f"{NAME}.md", "agent"),
            Own(folder / "skills" / NAME / "SKILL.md", "skill"),
        ),
    )


def _include(path: Path, home: Path) -> str:
    """Write an import line; a path that such a line can't carry is none, and the block stands whole."""
    place = f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else path.as_posix()
    plain = all(letter.isalnum() or letter in "/._-~+" for letter in place) and place.isascii()
    return f"@{place}" if plain else ""


def _codex(home: Path, environ: Mapping[str, str]) -> Host:
    folder = _folder(environ, "CODEX_HOME", home / ".codex")
    file, old = folder / "AGENTS.md", folder / "instructions.md"
    if os.path.exists(old) and not os.path.exists(file):
        file = old
    first = folder / "AGENTS.override.md"
    note = f"{first} is there: Codex reads it instead of AGENTS.md" if os.path.exists(first) else ""
    return Host(
        "codex-cli", "Codex CLI", "codex", signs=(folder,), file=file, own=(_shared_skill(home),), note=note
    )


def _shared_skill(home: Path) -> Own:
    return Own(home / ".agents" / "skills" / NAME / "SKILL.md", "skill")


def _cursor(home: Path) -> Host:
    folder = home / ".cursor"
    return Host(
        "cursor",
        "Cursor",
        "policy",
        signs=(folder,),
        own=(
            Own(folder / "rules" / f"{NAME}.mdc", "cursor"),
            Own(folder / "skills" / NAME / "SKILL.md", "skill"),
        ),
        note="many versions read rules only from a project: paste `tui-delegate install --print cursor` into"
        " Settings > Rules to have them everywhere",
    )


def _gemini(home: Path, environ: Mapping[str, str]) -> Host:
    folder = _folder(environ, "GEMINI_CLI_HOME", home) / ".gemini"
    file = folder / "GEMINI.md"
    # It looks for an include beside the file that it opened: through a link that is another folder.
    include = "" if os.path.islink(file) else f"@./{NAME}.md"
    return Host(
        "gemini-cli",
        "Gemini CLI",
        "policy",
        signs=(folder,),
        file=file,
        include=include,
        own=(Own(folder / f"{NAME}.md", "policy"),),
    )


def _opencode(home: Path, environ: Mapping[str, str]) -> Host:
    config = _folder(environ, "XDG_CONFIG_HOME", home / ".config") / "opencode"
    folder = _folder(environ, "OPENCODE_CONFIG_DIR", config)
    file, claude = folder / "AGENTS.md", home / ".claude" / "CLAUDE.md"
    skill = (_shared_skill(home),)
    deaf = environ.get("OPENCODE_DISABLE_CLAUDE_CODE") or environ.get("OPENCODE_DISABLE_CLAUDE_CODE_PROMPT")
    if os.path.exists(claude) and not os.path.exists(file) and not deaf:
        note = "opencode reads this file while it has no AGENTS.md of its own, which would hide it"
        return Host("opencode", "opencode", "policy", (folder,), claude, own=skill, note=note, borrowed=True)
    return Host("opencode", "opencode", "policy", (folder,), file, own=skill)


def _copilot(home: Path, environ: Mapping[str, str]) -> Host:
    folder = _folder(environ, "COPILOT_HOME", home / ".copilot")
    return Host(
        "copilot",
        "GitHub Copilot CLI",
        "policy",
        signs=(folder,),
        file=folder / "copilot-instructions.md",
        own=(Own(folder / "skills" / NAME / "SKILL.md", "skill"),),
    )


def _aider(home: Path) -> Host:
    path = home / f".aider.{NAME}.md"
    return Host(
        "aider",
        "Aider",
        "policy",
        signs=(home / ".aider", home / ".aider.conf.yml"),
        own=(Own(path, "policy"),),
        note=f"Aider reads it once ~/.aider.conf.yml, where we change nothing, has this line: read: [{path}]",
    )
