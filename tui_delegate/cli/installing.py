"""What `install` and `uninstall` share: their flags, our own program, how their results are told."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.core.clean import clean
from tui_delegate.core.errors import FileRefused

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from tui_delegate.core.errors import DelegateError
    from tui_delegate.rules.apply import Result


def add_arguments(parser: argparse.ArgumentParser, *, shim: str, mcp: str) -> None:
    """Bring the flags that both have."""
    parser.add_argument(
        "--tool", metavar="A,B", help="only these tools: claude-code, codex-cli, cursor, gemini-cli, …"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, change nothing")
    parser.add_argument("--shim", nargs="?", const="", metavar="DIR", help=shim)
    parser.add_argument("--mcp", action="store_true", help=mcp)
    parser.add_argument(
        "--force", action="store_true", help="also where our text was edited by hand; a copy is kept"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")


def program() -> tuple[str, ...]:
    """Give the words that start this program from anywhere."""
    import shutil

    name = "tui-delegate.exe" if os.name == "nt" else "tui-delegate"
    called = Path(sys.argv[0]).absolute()
    beside = Path(sys.executable).parent / name
    if "archive-v0" in Path(sys.prefix).parts:  # uvx: what it made for this one call may be gone tomorrow
        return ("uvx", "tui-delegate")
    for path in (called if called.name == name else None, beside):
        if path is not None and os.access(path, os.X_OK):
            return (str(path),)
    found = shutil.which("tui-delegate")
    return (os.path.abspath(found),) if found else (sys.executable, "-m", "tui_delegate")


def environ_for_children() -> dict[str, str]:
    """Give the environment of a program that could call us again, one level further down."""
    from tui_delegate.core.depth import deeper

    return deeper(os.environ)


def usage(args: argparse.Namespace, error: DelegateError) -> int:
    """Say that the command line is wrong."""
    if args.json:
        output.data_json(output.error_envelope(args.verb, error))
    else:
        output.say_error(error)
    return output.USAGE


def tell(args: argparse.Namespace, results: Sequence[Result], more: Sequence[str] = ()) -> int:
    """Tell what became of every file. The exit code is 0 only where none was refused."""
    refused = [result for result in results if result.action == "refused"]
    if args.json:
        content = {"results": [_values(result, args.dry_run) for result in results], "next": list(more)}
        answer = {"ok": not refused, "command": args.verb, "model": "-", "content": content}
        if refused:
            first = refused[0]
            message = f"{len(refused)} refused; the first: {first.path}: {first.detail}"
            answer["error"] = FileRefused(message, first.hint).envelope()
        output.data_json(answer)
        return output.FAILED if refused else output.OK
    for result in results:
        output.data(clean(_line(result)))
    if args.dry_run:
        for line in _diffs(results):
            output.data(clean(line))
    for result in results:
        if result.snippet:
            output.data(clean(f"\n=== {result.tool}: {result.path} ===\n{result.snippet}"))
    for hint in dict.fromkeys(result.hint for result in refused if result.hint):
        output.say(f"  {hint}")
    for line in more:
        output.tell(line)
    return output.FAILED if refused else output.OK


def _line(result: Result) -> str:
    if result.action == "skipped":
        return f"{result.tool:<18} SKIPPED — {result.detail} ({result.path} missing)"
    detail = "; ".join(filter(None, (result.detail, result.backup and f"a copy is kept: {result.backup}")))
    line = f"{result.tool:<18} {result.action:<18} {result.path}" + (f"  ({detail})" if detail else "")
    return " ".join(line.splitlines())


def _values(result: Result, dry_run: bool) -> dict[str, object]:
    values: dict[str, object] = {
        "tool": result.tool,
        "action": result.action,
        "path": result.path,
        "detail": result.detail,
        "hint": result.hint,
        "backup": result.backup,
        "snippet": result.snippet,
    }
    if dry_run:
        values["diff"] = "\n".join(_diffs([result]))
    return values


def _diffs(results: Sequence[Result]) -> Iterator[str]:
    from difflib import unified_diff

    for result in results:
        if result.before != result.after:
            before, after = (_lines(data) for data in (result.before, result.after))
            yield from unified_diff(before, after, result.path, result.path, lineterm="")


def _lines(data: bytes) -> list[str]:
    *lines, last = data.decode("utf-8", "replace").split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines
