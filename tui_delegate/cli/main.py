"""From argv to one verb: the table of verbs, the parser, and the one place where errors become exit codes.

No verb's flags and no verb's work may live here: a verb's file brings its own, and only the verb that was
asked for is imported.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from tui_delegate import __version__

TYPE_CHECKING = False  # importing typing for it would cost a tenth of what `--version` costs
if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS = {
    "chat": "open the screen: chat, live workers, ledger (what no verb does, on a terminal)",
    "web": "serve the same screen to a browser on this machine",
    "run": "give a prompt to the manager, which delegates to its workers",
    "models": "list the models of every server here; load, unload and pull them",
    "profiles": "list, show, make and test profiles",
    "ledger": "show every model call: tokens, time and cost",
    "install": "teach the coding agents on this machine to delegate",
    "uninstall": "take out what install put in, to the byte",
}

EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 usage, 65 bad reply, 69 unavailable, 73 target exists, 74 journal,"
    " 75 try later, 77 key, 78 config, 124 out of time, 130 interrupted."
)


def main(argv: Sequence[str]) -> int:
    """Run one verb and give its exit code. The only broad catch of the command line is here."""
    _prepare_streams()
    argv = _with_verb(list(argv))
    verb = next((word for word in argv if not word.startswith("-")), "")
    args = _parser(verb).parse_args(argv)
    if not args.verb:
        _parser("").print_usage(sys.stderr)
        sys.stderr.write(
            "tui-delegate: the screen needs a terminal; in a pipe: tui-delegate run -\n"
            "  `tui-delegate --help` lists all verbs\n"
        )
        return 2
    return _run(args)


def _with_verb(words: list[str]) -> list[str]:
    """Open the screen where no verb is named: on a terminal, or with flags that only it can mean."""
    if words:
        own = words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")
        return ["chat", *words] if own else words
    on_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    return ["chat"] if on_terminal else words


def _prepare_streams() -> None:
    """Write UTF-8 whatever the locale; what was closed before we began takes everything and keeps nothing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (it lives as long as the process)
        if hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _parser(verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tui-delegate",
        description="A manager model hands bounded tasks to cheap, local, parallel workers.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=_help_formatter,
    )
    parser.add_argument("--version", action="version", version=f"tui-delegate {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    for name, help_line in VERBS.items():
        sub = verbs.add_parser(
            name,
            help=help_line,
            description=help_line,
            allow_abbrev=False,
            formatter_class=_help_formatter,
        )
        if name == verb:
            import_module(f"tui_delegate.cli.verbs.{name}").add_arguments(sub)
    return parser


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    """Tell argparse the width: it makes a formatter for every flag, and would load shutil to ask."""
    try:
        width = int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        width = os.get_terminal_size().columns if sys.stdout.isatty() else 80
    return argparse.HelpFormatter(prog, width=max(min(width, 110) - 2, 40))


def _run(args: argparse.Namespace) -> int:
    from tui_delegate.cli import output
    from tui_delegate.core.errors import DelegateError

    try:
        code: int = import_module(f"tui_delegate.cli.verbs.{args.verb}").run(args)
        sys.stdout.flush()
        return code
    except DelegateError as error:
        if getattr(args, "json", False):
            output.data_json(output.error_envelope(args.verb, error))
        else:
            output.say_error(error)
        return output.exit_code(error.code)
    except KeyboardInterrupt:
        return output.INTERRUPTED
    except BrokenPipeError:
        _close_stdout()
        return output.OK
    except (
        Exception
    ) as error:  # the front-end boundary: a bug is one line and an exit code, with a way to see more
        return _say_bug(args, error)


def _close_stdout() -> None:
    """Whoever read our output went away; keep the interpreter from saying so again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_bug(args: argparse.Namespace, error: Exception) -> int:
    from tui_delegate.cli import output
    from tui_delegate.core.errors import DelegateError

    if os.environ.get("TUI_DELEGATE_DEBUG"):
        raise error
    bug = DelegateError(
        f"{type(error).__name__}: {error}", "This is a bug. TUI_DELEGATE_DEBUG=1 shows where it happened."
    )
    if getattr(args, "json", False):
        output.data_json(output.error_envelope(args.verb, bug))
    else:
        output.say_error(bug)
    return output.FAILED
