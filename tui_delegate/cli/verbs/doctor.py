"""`doctor`: try everything that a call would need, and say what is wrong. Only lists are asked for.

How things are tried is not known here: profiles are the workspace's, the journal's file the journal's.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.errors import ConfigError, DelegateError, InputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tui_delegate.cli.diagnosis import Found, Wrong
    from tui_delegate.cli.progress import Progress
    from tui_delegate.profiles import Settings
    from tui_delegate.workspace.checkup import Checkup

EXTRAS = {"mcp": "mcp", "webapp": "textual_serve"}
"""Extras and the module that shows that each is installed."""
ABOUT = (
    "Exit code 0: what is in use works. 1: a profile that is in use does not: its server does not answer, is"
    " no model server, refuses the key or lacks the default model, or its key is missing. In use are the"
    " profiles of your file, those of its roles, and the default one (ollama, where you set none: `ask`,"
    " `write` and `summarize` would go there); of the others it is only told how they are. 74: the journal"
    " is damaged or can't be written. 78: the profiles file can't be read."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags of this verb."""
    from tui_delegate.cli.flags import add_form

    parser.epilog = ABOUT
    parser.add_argument(
        "--timeout", metavar="S", type=float, default=5.0, help="seconds that each profile may take (5)"
    )
    add_form(parser)


def run(args: argparse.Namespace) -> int:
    """Look at everything, show it, and let the exit code tell."""
    import asyncio

    if not 0 < args.timeout <= 600:
        raise InputError("--timeout takes seconds, above 0 and up to 600.")
    settings, config_error = _settings()
    found = asyncio.run(_look(settings, config_error, args.timeout))
    codes = [output.exit_code(one.code, "doctor") for one in found.wrong]
    code = max(codes, default=output.OK)
    from tui_delegate.cli import diagnosis

    if args.json:
        output.data_json(diagnosis.as_json(found))
    else:
        output.data(diagnosis.text(found))
    return code


def _settings() -> tuple[Settings, ConfigError | None]:
    """Read the profiles; where that fails go on with the built-in ones, to look at the rest all the same."""
    from tui_delegate import profiles
    from tui_delegate.profiles.read import settings_of
    from tui_delegate.profiles.table import Source

    try:
        return profiles.load(os.environ, Path.home()), None
    except ConfigError as error:
        return settings_of({}, Source(""), os.environ), error


async def _look(settings: Settings, config_error: ConfigError | None, within: float) -> Found:
    import asyncio

    from tui_delegate.cli.diagnosis import Found
    from tui_delegate.core.depth import depth_of
    from tui_delegate.journal import health
    from tui_delegate.journal.jsonl import log_path
    from tui_delegate.profiles import journal_path
    from tui_delegate.workspace import sandbox

    journal = journal_path(os.environ)
    with output.progress(len(settings.profiles), "Trying profiles:") as bar:
        checkups, looked, sandboxes = await asyncio.gather(
            _examine(settings, within, bar),
            asyncio.to_thread(health.examine, journal),
            asyncio.to_thread(sandbox.probe),
        )
    found = Found(
        settings,
        checkups,
        config_error.message if config_error else "",
        journal,
        looked,
        log_path(os.environ),
        sandboxes,
        _extras(),
        depth_of(os.environ),
        in_use(settings),
    )
    return found._replace(wrong=[*_wrong(found, config_error)])


async def _examine(settings: Settings, within: float, bar: Progress) -> list[Checkup]:
    from tui_delegate.core.records import replace
    from tui_delegate.workspace.checkup import examine
    from tui_delegate.workspace.secrets import hidden
    from tui_delegate.workspace.servers import Servers

    reach = Servers(settings, os.environ, [])
    try:
        used = in_use(settings)
        found = await examine(reach, used, within=within, tell=lambda done: bar.step(note=done.profile))
    finally:
        await reach.aclose()
    # A server that refuses a key may say it again.
    return [replace(one, words=hidden(one.words), problem=hidden(one.problem)) for one in found]


def _extras() -> dict[str, bool]:
    from importlib.util import find_spec

    return {name: find_spec(module) is not None for name, module in EXTRAS.items()}


def in_use(settings: Settings) -> frozenset[str]:
    """Name the profiles that have to work: those that are written down, and those that a call would take."""
    from tui_delegate.profiles import default_name, split

    named = [settings.default_profile, settings.roles.manager, settings.roles.worker]
    if not settings.roles.worker:
        named.append(default_name(settings))
    seated = [settings.agents[one].profile if one in settings.agents else split(one)[0] for one in named]
    return settings.written | {one for one in seated if one in settings.profiles}


def _wrong(found: Found, config_error: ConfigError | None) -> Iterator[Wrong]:
    from tui_delegate.cli.diagnosis import Wrong
    from tui_delegate.journal.health import place_is_writable
    from tui_delegate.profiles import default_name, find

    if config_error:
        yield Wrong("profiles file", config_error.message, config_error.hint, config_error.code)
    for name, (problem, hint) in found.settings.broken.items():
        yield Wrong(name, problem, hint)
    if found.health.problem:
        yield Wrong("journal", found.health.problem, found.health.hint, "ledger_not_written")
    for one in found.checkups:
        if one.problem and one.profile in found.used:
            yield Wrong(one.profile, one.problem, one.hint)
    try:
        find(found.settings, default_name(found.settings))
    except DelegateError as error:
        yield Wrong("default_profile", error.message, error.hint)
    if found.log and not place_is_writable(Path(found.log)):
        yield Wrong("log", f"The log {found.log} can't be written.", "Look at the rights of file and folder.")
