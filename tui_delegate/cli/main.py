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
from tui_delegate.cli import flags, output
from tui_delegate.core.clean import clean
from tui_delegate.core.errors import DelegateError, InputError, Interrupted

TYPE_CHECKING = False  # importing typing for it would cost a tenth of what `--version` costs
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from _typeshed import SupportsWrite

VERBS = {
    "chat": "open the screen: chat, live workers, ledger (what no verb does, on a terminal)",
    "web": "serve the same screen to a browser on this machine",
    "ask": "answer a question from files",
    "write": "draft one file from others and a specification",
    "summarize": "condense what comes in by the pipe",
    "map": "ask one question of many files, each by itself, side by side",
    "run": "give a prompt to the manager, which delegates to its workers",
    "models": "list the models of every server here; load, unload and pull them",
    "profiles": "list, show, make and test profiles",
    "ledger": "show every model call: tokens, time and cost",
    "status": "show version, default profile, files and what is installed; no server is asked",
    "doctor": "try every profile at once: server, key, model, tools; journal and sandbox too",
    "mcp": "serve these verbs as tools over stdin and stdout, for hosts that speak MCP",
    "install": "teach the coding agents on this machine to delegate",
    "uninstall": "take out what install put in, to the byte",
    "completions": "write a completion script for bash, zsh or fish",
    "man": "write the manual page",
}

NOT_FOR_PROGRAMS = frozenset({"chat", "web", "mcp", "completions", "man"})
"""Verbs with no JSON form and no talk of their own: they take no flag but theirs."""
TAKES_A_PLACE = output.FEW_CODES | {"map"}
"""Verbs that take profile, model and temperature also where these change nothing."""

EPILOG = (
    "--json, -q, -v, and for one-shot calls --profile, --model and --temperature, may stand before the verb."
    " Exit codes of ask, write, summarize, status, doctor, ledger, profiles, install and uninstall: 0 done,"
    " 1 failed, 2 usage, 74 journal, 78 config, 130 interrupted. Of the others: 0 done, 1 failed, 2 usage,"
    " 65 bad reply, 69 unavailable, 73 target exists, 74 journal, 75 try later, 77 key, 78 config,"
    " 124 out of time, 130 interrupted."
)


class Misuse(InputError):
    """Words on the command line that no verb can be made of."""

    program = "tui-delegate"
    usage = ""


# We speak one language. To look for another, at each heading, costs two thirds of a parser.
vars(argparse)["_"] = str


class Parser(argparse.ArgumentParser):
    """argparse that raises what it would say, so that a program can have it as JSON."""

    def error(self, message: str) -> NoReturn:
        """Raise it."""
        usage = clean(self.format_usage())
        misuse = Misuse(message, " ".join(usage.split()))
        misuse.program, misuse.usage = self.prog, usage
        raise misuse

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Write help and version as all that is asked for is written: argparse is silent where that fails."""
        output.data(message, end="")

    def _get_option_tuples(self, option_string: str) -> list[tuple[argparse.Action, str, str | None]]:
        found = super()._get_option_tuples(option_string)
        return [one for one in found if not flags.THEIRS.isdisjoint(one[0].option_strings)] or found


def main(argv: Sequence[str]) -> int:
    """Run one verb and give its exit code. The only broad catch of the command line is here."""
    _prepare_streams()
    words = _with_verb(list(argv))
    verb = words[0] if words and not words[0].startswith("-") else ""
    try:
        args = _parser(verb).parse_args(words)
        if not args.verb:
            raise _misuse("the screen needs a terminal; in a pipe: tui-delegate run -", _ALL_VERBS)
    except Misuse as error:
        if verb and error.message.startswith("unrecognized"):  # argparse shows the usage of all verbs
            error.hint = _TAKES.get(verb, f"`tui-delegate {verb} --help` says what it takes.")
        return _say_misuse(words, verb, error)
    except DelegateError as error:
        output.say(f"tui-delegate: {error.message}")
        return output.FAILED
    except BrokenPipeError:
        output.no_more(sys.stdout)
        return output.OK
    return _run(args)


def _say_misuse(words: Sequence[str], verb: str, error: Misuse) -> int:
    if "--json" in (words[: words.index("--")] if "--" in words else words):
        _say_json(output.error_envelope(verb if verb in VERBS else "-", error))
        return output.USAGE
    output.say(f"{error.usage}{error.program}: error: {error.message}")
    if not error.hint.startswith("usage:"):
        output.say(f"  {error.hint}")
    return output.USAGE


def _say_json(envelope: dict[str, object]) -> None:
    """Tell an error to a program. Where that can't be done it is told to people, and no second one comes."""
    try:
        output.data_json(envelope)
    except BrokenPipeError:
        output.no_more(sys.stdout)
    except DelegateError as error:
        output.say_error(error)


def _with_verb(words: list[str]) -> list[str]:
    """Put the verb first, and after it what stood before it; open the screen where no verb is named.

    It is opened on a terminal, or with flags that only it can mean.
    """
    at = flags.leading(words)
    named = words[at] if at < len(words) else ""
    if named in ("-h", "--help", "--version"):
        return words[at:]
    if named and not named.startswith("-"):
        return [named, *map(flags.whole, words[:at]), *words[at + 1 :]]
    on_terminal = sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
    return ["chat", *words] if words or on_terminal else words


def _prepare_streams() -> None:
    """Write UTF-8 whatever the locale; what was closed before we began takes everything and keeps nothing."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 (it lives as long as the process)
        if hasattr(stream := getattr(sys, name), "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")


def _parser(verb: str) -> argparse.ArgumentParser:
    """Make the parser; only the verb that was asked for has its flags. `*`: all of them have."""
    if verb and verb != "*" and verb not in VERBS:
        raise _unknown(verb)
    parser = Parser(
        prog="tui-delegate",
        description="A manager model hands bounded tasks to cheap, local, parallel workers.",
        epilog=EPILOG,
        allow_abbrev=False,
        formatter_class=_help_formatter,
    )
    parser.add_argument("--version", action="version", version=f"tui-delegate {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for name, help_line in {verb: VERBS[verb]}.items() if verb in VERBS else VERBS.items():
        sub = verbs.add_parser(
            name,
            help=help_line,
            description=help_line,
            allow_abbrev=name in output.FEW_CODES,  # as agent-delegate takes its flags
            formatter_class=_help_formatter,
        )
        if verb in (name, "*"):
            import_module(f"tui_delegate.cli.verbs.{name}").add_arguments(sub)
            if name not in NOT_FOR_PROGRAMS:
                flags.complete(sub, valued=name in TAKES_A_PLACE)
    return parser


def whole_parser() -> argparse.ArgumentParser:
    """Make the parser with the flags of all verbs, for whoever writes them down."""
    return _parser("*")


def _unknown(verb: str) -> Misuse:
    import difflib

    from tui_delegate.core.clean import clean_line

    close = difflib.get_close_matches(verb, VERBS, 1, 0.5)
    hint = f"Did you mean {close[0]}?" if close else _ALL_VERBS
    if len(verb.split()) > 1:
        hint = "To give a prompt: tui-delegate run 'PROMPT'"
    return _misuse(f"There is no verb {clean_line(verb, 60)!r}.", hint)


_TAKES = {"summarize": "It takes what is piped in: tui-delegate summarize < FILE"}
_ALL_VERBS = "`tui-delegate --help` lists all verbs."


def _misuse(message: str, hint: str) -> Misuse:
    misuse = Misuse(message, hint)
    misuse.usage = "usage: tui-delegate [-h] [--version] VERB ...\n"
    return misuse


def _help_formatter(prog: str) -> argparse.HelpFormatter:
    """Tell argparse the width: it makes a formatter for every flag, and would load shutil to ask."""
    try:
        width = int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        width = os.get_terminal_size().columns if sys.stdout.isatty() else 80
    return argparse.HelpFormatter(prog, width=max(min(width, 110) - 2, 40))


def _run(args: argparse.Namespace) -> int:
    said = {name: getattr(args, name, False) for name in ("quiet", "verbose", "json")}
    output.speak(**said)
    try:
        code: int = import_module(f"tui_delegate.cli.verbs.{args.verb}").run(args)
        sys.stdout.flush()
        return code
    except DelegateError as error:
        return _fail(args, error)
    except KeyboardInterrupt:
        return _fail(args, Interrupted("Interrupted.")) if said["json"] else output.INTERRUPTED
    except BrokenPipeError:
        output.no_more(sys.stdout)
        return output.OK
    except (
        Exception
    ) as error:  # the front-end boundary: a bug is one line and an exit code, with a way to see more
        if os.environ.get("TUI_DELEGATE_DEBUG"):
            raise
        hint = "This is a bug. TUI_DELEGATE_DEBUG=1 shows where it happened."
        return _fail(args, DelegateError(f"{type(error).__name__}: {error}", hint))


def _fail(args: argparse.Namespace, error: DelegateError) -> int:
    """Tell an error. A verb that has settled on a place writes it into its arguments, to be told here."""
    names = ("backend", "profile", "model", "target")
    told = {name: value for name in names if isinstance(value := getattr(args, name, ""), str)}
    if not getattr(args, "json", False):
        output.say_error(error)
    elif not output.has_answered():
        _say_json(output.error_envelope(args.verb, error, **told))
    return output.exit_code(error.code, args.verb)
