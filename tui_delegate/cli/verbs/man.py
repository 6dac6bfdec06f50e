"""`man`: the manual page, in roff, on stdout. Made of the parser; only what it can't know is written here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli import output

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tui_delegate.cli.outline import Flag, Outline

ABOUT = "To read it: tui-delegate man | man -l -   To keep it: tui-delegate man > …/man/man1/tui-delegate.1"
DESCRIPTION = (
    "You give a prompt to a manager model, and it hands bounded tasks to cheap, local worker models, side by"
    " side. Without a verb the screen is opened. `ask`, `write` and `summarize` are one call each, for coding"
    " agents and pipes. Every model call stands in the ledger, with its tokens, time and cost."
)
VARIABLES = {
    "TUI_DELEGATE_HOME": "The folder of the profiles file and the journal.",
    "TUI_DELEGATE_CONFIG": "The profiles file.",
    "TUI_DELEGATE_DEPTH": "How many calls of this program lie above this one; set for those below.",
    "TUI_DELEGATE_DEBUG": "Where it is 1, a fault of this program shows where it happened.",
    "AGENT_DELEGATE_HOME, AGENT_DELEGATE_CONFIG": "Where agent-delegate's profiles are.",
    "AGENT_DELEGATE_LOG, AGENT_DELEGATE_LOG_DIR, OLLAMA_DELEGATE_USAGE_LOG, TOKEN_METER_HOME": (
        "Where one line a call is written as agent-delegate writes it; the first that is set counts."
    ),
    "AGENT_DELEGATE_MAX_FILE_BYTES": "The most bytes of one file that is sent.",
    "AGENT_DELEGATE_MAX_CORPUS_BYTES": "The most bytes of all files that are sent.",
    "CLAUDE_SESSION_ID, CODEX_SESSION_ID": "Whose session a call is; kept in the ledger.",
    "OLLAMA_HOST": "Where Ollama is, where its profile does not say.",
    "NO_COLOR, FORCE_COLOR": "No colour at all, and colour in a pipe too.",
}
_CODES = {0: "Done.", 1: "Any other failure.", 2: "Words that can't be used."}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say how to read it."""
    parser.epilog = ABOUT


def run(args: argparse.Namespace) -> int:
    """Write the page."""
    from tui_delegate.cli.main import whole_parser
    from tui_delegate.cli.outline import outline

    output.data("\n".join(_page(outline(whole_parser()))))
    return output.OK


def _page(top: Outline) -> Iterator[str]:
    from tui_delegate import __version__

    yield f'.TH TUI-DELEGATE 1 "" "tui-delegate {__version__}" "User commands"'
    yield from (".SH NAME", "tui\\-delegate, tud \\- hand bounded tasks to cheap, local, parallel models")
    yield from (".SH SYNOPSIS", ".B tui\\-delegate", _text(top.usage.partition(" ")[2]))
    yield from (".SH DESCRIPTION", _text(DESCRIPTION))
    yield from (".SH VERBS", *_entries({one.name: one.help for one in top.below}))
    yield ".SH FLAGS OF EACH VERB"
    for one in top.below:
        yield from _verb(one, one.name)
    yield from (".SH EXIT STATUS", _text(top.epilog))
    yield from _entries({str(number): words for number, words in _codes().items()})
    yield from (".SH ENVIRONMENT", *_entries(VARIABLES))
    yield from (
        ".SH FILES",
        *_entries({"profiles.toml": _WHERE, "journal.db": "Runs, events and model calls."}),
    )


_WHERE = (
    "Profiles, roles, limits and agents. `tui-delegate status` says where it is, `profiles init` makes one."
)


def _verb(one: Outline, name: str) -> Iterator[str]:
    yield from (f".SS {_text(name)}", _text(one.help), ".PP", f".B {_text(one.usage)}")
    for flag in (*one.places, *one.flags):
        if flag.names != ("-h", "--help"):
            yield from _flag(flag)
    if one.epilog:
        yield from (".PP", _text(one.epilog))
    for inner in one.below:
        yield from _verb(inner, f"{name} {inner.name}")


def _flag(flag: Flag) -> Iterator[str]:
    value = f" \\fI{_text(flag.metavar)}\\fR" if flag.metavar else ""
    names = ", ".join(f"\\fB{_text(one)}\\fR{value}" for one in flag.names)
    yield from (".TP", names or value.strip(), _text(flag.help) or "\\&")


def _codes() -> dict[int, str]:
    """Say which failures end in which number, for verbs that tell them apart."""
    by_number: dict[int, list[str]] = {}
    for name, number in output.EXIT_CODES.items():
        by_number.setdefault(number, []).append(name)
    told = {number: f"{', '.join(names)}." for number, names in sorted(by_number.items())}
    return _CODES | {number: f"{_CODES.get(number, '')} {words}".strip() for number, words in told.items()}


def _entries(rows: dict[str, str]) -> Iterator[str]:
    for name, words in rows.items():
        yield from (".TP", f"\\fB{_text(name)}\\fR", _text(words))


def _text(text: str) -> str:
    """Write a text so that roff takes no letter of it for a command."""
    text = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    text = "".join(letter if letter.isascii() else f"\\[u{ord(letter):04X}]" for letter in text)
    return f"\\&{text}" if text.startswith((".", "'")) else text
