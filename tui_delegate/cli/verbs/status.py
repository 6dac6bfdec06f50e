"""`status`: what is installed here and which profile is used. It reads files and never asks a server.

The first lines are agent-delegate's, label by label, since programs read them. What is ours comes after.
"""

from __future__ import annotations

import os

from tui_delegate.cli import output
from tui_delegate.workspace.standing import standing

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

UNAVAILABLE = "unavailable"
ANY_MODEL = "(the one that its server has loaded, else its first)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    from tui_delegate.cli.flags import add_form

    add_form(parser)


def run(args: argparse.Namespace) -> int:
    """Show it."""
    from pathlib import Path

    from tui_delegate import profiles

    settings = profiles.load(os.environ, Path.home())
    told = standing(settings, os.environ, Path.home())
    if args.json:
        output.data_json({"ok": True, "command": "status", "content": told})
        return output.OK
    output.data(_text(told, args.verbose))
    for warning in settings.warnings:
        output.tell(f"tui-delegate: {warning}")
    return output.OK


def _text(told: dict[str, object], verbose: bool) -> str:
    from tui_delegate.core.clean import clean_line

    size = told["journal_bytes"]
    names = told["profiles"]
    rows = [
        ("default profile", told["default_profile"]),
        ("profiles", ", ".join(map(str, names)) if isinstance(names, list) else ""),
        ("default backend", _known(told["default_backend"])),
        ("default model", _known(told["default_model"], ANY_MODEL)),
        ("default host", _known(told["default_host"], "-")),
        *((role, told[role]) for role in ("manager", "worker") if told[role]),
        ("config file", f"{told['config_file']}{'' if told['config_read'] else ' (not there)'}"),
        ("journal", f"{told['journal']} ({f'{size:,} bytes' if isinstance(size, int) else 'not there yet'})"),
        ("log", told["log"] or "off"),
        ("mcp", "can be served" if told["mcp"] else "needs the extra: pip install 'tui-delegate[mcp]'"),
        ("depth", told["depth"]),
    ]
    lines = [f"tui-delegate v{told['version']}"]
    lines += [f"{label + ':':<17}{clean_line(str(value), 1000)}" for label, value in rows]
    if (installed := told["install"]) and isinstance(installed, list):
        lines += ["", "install state:"]
        lines += [
            f"  {one['tool']:<18} {state_words(one['state'], one['detail'], verbose)}" for one in installed
        ]
    return "\n".join(lines)


def state_words(state: str, detail: str, verbose: bool = False) -> str:
    """Say it in agent-delegate's words, where it has any. It says no version, so that is for who asks."""
    from tui_delegate.core.clean import clean_line

    detail = clean_line(detail, 400)
    if state == "print only":
        return f"(manual paste) — see `{detail}`"
    words = {"not installed": "rule not installed", "not detected": "config directory not found"}
    if state.startswith("installed"):
        return f"rule {clean_line(state) if verbose else 'installed'} — {detail}"
    return f"{words.get(state, clean_line(state))} — {detail}"


def _known(value: object, nothing: str = UNAVAILABLE) -> str:
    return UNAVAILABLE if value is None else str(value) or nothing
