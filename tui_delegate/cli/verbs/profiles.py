"""`profiles`: list, show, make and test them. Only `test` goes near a server, or loads what can."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate import profiles
from tui_delegate.cli import output
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from tui_delegate.profiles import Profile, Settings

Check = tuple[str, bool, str]
"""What was tried, whether it went well, and what was seen."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Bring the flags of `profiles`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser(
        "list", help="name every profile", allow_abbrev=False, formatter_class=parser.formatter_class
    )
    showing = actions.add_parser(
        "show",
        help="show one profile, without its key",
        allow_abbrev=False,
        formatter_class=parser.formatter_class,
    )
    showing.add_argument("name", metavar="NAME")
    making = actions.add_parser(
        "init",
        help="write a first profiles file, if there is none",
        allow_abbrev=False,
        formatter_class=parser.formatter_class,
    )
    testing = actions.add_parser(
        "test",
        help="try server, key and model of a profile",
        allow_abbrev=False,
        formatter_class=parser.formatter_class,
    )
    testing.add_argument("name", metavar="NAME", nargs="?", default="", help="left out: the default profile")
    for action in (listing, showing, making, testing):
        action.add_argument("--json", action="store_true", help="one JSON object on stdout")


def run(args: argparse.Namespace) -> int:
    """Do one of the four."""
    if args.action == "init":
        return _init(args.json)
    settings = profiles.load(os.environ, Path.home())
    if not args.json:
        for warning in settings.warnings:
            output.tell(f"tui-delegate: {warning}")
    if args.action == "list":
        return _list(settings, args.json)
    if args.action == "show":
        return _show(settings, args.name, args.json)
    return _test(args.name or profiles.default_name(settings), args.json)


def _list(settings: Settings, as_json: bool) -> int:
    if as_json:
        content = [
            {"default": name == profiles.default_name(settings), **_values(settings, profile)}
            for name, profile in settings.profiles.items()
        ]
        output.data_json({"ok": True, "command": "profiles", "content": content})
        return output.OK
    for name in settings.profiles:
        output.data(name + (" (default)" if name == profiles.default_name(settings) else ""))
    return output.OK


def _show(settings: Settings, name: str, as_json: bool) -> int:
    profile = profiles.find(settings, name)
    values = _values(settings, profile)
    if as_json:
        output.data_json({"ok": True, "command": "profiles", "content": values, "profile": name})
        return output.OK
    values["timeout"] = profile.timeout or USUAL_TIMEOUT
    for key, value in values.items():  # agent-delegate's labels and width, without a colon
        output.data(f"{_LABELS.get(key, key):<14} {clean_line(_words(value), 2000)}")
    if warning := profiles.key_warning(settings, profile):
        output.say(f"tui-delegate: {warning}")
    return output.OK


USUAL_TIMEOUT = 120.0
"""What agent-delegate shows where nothing is written. So long we wait too, between two words of an answer."""
_LABELS = {"api_key_set": "api_key set", "api_key_from": "api_key from", "written_in": "written in"}


def _values(settings: Settings, profile: Profile) -> dict[str, object]:
    """Give what may be shown of a profile: of a secret only whether it is there."""
    source = profiles.key_source(profile, os.environ)
    price = profile.price
    return {
        "name": profile.name,
        "backend": profile.backend,
        "base_url": profile.base_url,
        "default_model": profile.default_model,
        "api_key_env": profile.api_key_env,
        "api_key_set": bool(source),
        "timeout": profile.timeout,
        "api_key_from": source,
        "base_urls": list(profile.base_urls),
        "extra_headers": [name for name, _ in profile.extra_headers],
        "temperature": profile.temperature,
        "max_parallel": profile.max_parallel,
        "price": {"input": price.input, "cached": price.cached, "output": price.output} if price else None,
        "fallback": list(profile.fallback),
        "num_ctx": profile.num_ctx,
        "keep_alive": profile.keep_alive,
        "think": profile.think,
        "instructions": profile.instructions,
        "written_in": str(settings.source) if profile.name in settings.written else "",
    }


def _words(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} {amount}" for key, amount in value.items() if amount is not None)
    return " ".join(str(value).split()) if value not in (None, "") else "-"


def _init(as_json: bool) -> int:
    path = profiles.new_config_path(os.environ, Path.home())
    written = profiles.init(path)
    if as_json:
        output.data_json(
            {"ok": True, "command": "profiles", "content": {"path": str(path), "written": written}}
        )
        return output.OK
    output.data(f"config at {path}")
    output.tell(f"wrote default config -> {path}" if written else "it was there already: nothing was changed")
    return output.OK


def _test(name: str, as_json: bool) -> int:
    import asyncio

    return report(name, asyncio.run(_checks(name)), as_json)


async def _checks(name: str) -> list[Check]:
    from tui_delegate.workspace.seats import Workspace

    workspace = Workspace.open()
    try:
        checks: list[Check] = await workspace.check(name)
    finally:
        await workspace.aclose()
    return checks


def report(name: str, checks: Sequence[Check], as_json: bool) -> int:
    """Say how a profile's checks went; the exit code is 0 only if all went well."""
    failed = [f"{what}: {detail}" for what, ok, detail in checks if not ok]
    if as_json:
        content = [{"check": what, "ok": ok, "detail": detail} for what, ok, detail in checks]
        answer = {"ok": not failed, "command": "profiles", "profile": name, "content": content}
        if failed:
            error = DelegateError(f"Profile {name!r} does not work: {'; '.join(failed)}")
            answer["error"] = error.envelope()
        output.data_json(answer)
    else:
        output.data(output.table([("ok" if ok else "FAILED", what, detail) for what, ok, detail in checks]))
    return output.FAILED if failed else output.OK
