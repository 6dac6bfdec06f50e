"""The verb `ledger`: every model call with its tokens, time and cost, and totals of them.

Its JSON is read by other tools, and made in `workspace.accounts`. Reading is not done here, and neither are
the actions `import` and `report`, which have files of their own.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from tui_delegate.core.errors import InputError
from tui_delegate.workspace.accounts import SINCE, EmptyLedger, since_when, total_of

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from tui_delegate.journal.ledger import Query
    from tui_delegate.journal.logs import LogLedger
    from tui_delegate.workspace.accounts import Source

_BY = (
    "totals by command, agent, profile, backend, model, answered, status, code, session, run, day, "
    "project, host, target, parent_pid, claude_session_id or codex_session_id. saved_tokens: what workers "
    "spent in place of their managers; saved_cost: what that would have cost more at the manager's price"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the flags. What they hold is checked when the verb runs, so that a slip is one line."""
    import argparse

    from tui_delegate.cli.flags import Filled

    parser.add_argument("--json", action="store_true", help="one JSON object on one line")
    parser.add_argument("--by", metavar="DIM", default="", help=_BY)
    parser.add_argument("--since", metavar="WHEN", default="", help=SINCE)
    parser.add_argument("--limit", metavar="N", default="20", help="show the last N calls (20; 0: all)")
    parser.add_argument("--export", metavar="FORMAT", default="", help="write all calls as csv or jsonl")
    parser.add_argument(
        "--log", action=Filled, metavar="FILE", default="", help="read a log of agent-delegate instead"
    )
    parser.add_argument("--journal", metavar="FILE", default="", help=argparse.SUPPRESS)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=False)
    form = parser.formatter_class
    for name, said in ACTIONS.items():
        action = actions.add_parser(
            name, help=said, description=said, allow_abbrev=False, formatter_class=form
        )
        _add_action(action, name)


ACTIONS = {
    "import": "bring logs of agent-delegate into the ledger, each line once however often it is read",
    "report": "say what was delegated in this session, else today in this project, for a final summary",
}


def _add_action(parser: argparse.ArgumentParser, name: str) -> None:
    """Declare an action's flags. Those of the verb itself may stand before it: no default puts them out."""
    from argparse import SUPPRESS

    parser.add_argument("--json", action="store_true", default=SUPPRESS, help="one JSON object on one line")
    parser.add_argument("--journal", metavar="FILE", default=SUPPRESS, help=SUPPRESS)
    if name == "import":
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="such a log; what it has had is left out"
        )
        return
    parser.add_argument("--since", metavar="WHEN", default=SUPPRESS, help=SINCE)
    parser.add_argument("--session", metavar="ID", default="", help="of Claude Code, Codex or ours")
    parser.add_argument("--project", metavar="DIR", default="", help="calls from this folder and those below")
    parser.add_argument(
        "--manager-tokens",
        metavar="N",
        default="",
        help="the tokens that the calling agent spent itself; nobody here sees them, so without this the "
        "delegated share of its work (the workers' part of all tokens) is not known",
    )


def run(args: argparse.Namespace) -> int:
    """Show the ledger, or do one of the actions."""
    args.journal = _journal(args.journal)
    if args.action == "import":
        from tui_delegate.cli.verbs.ledger_import import run_import

        return run_import(args.files, args.journal, as_json=args.json)
    if args.action == "report":
        from tui_delegate.cli.verbs.ledger_report import run_report

        return run_report(args)
    from tui_delegate.journal.ledger import Query, check_dimension

    if args.by:
        check_dimension(args.by)
    query = Query(since=since_when(args.since, time.time()), limit=_limit(args.limit))
    if args.export not in ("", "csv", "jsonl"):
        raise InputError(f"--export takes csv or jsonl, not {args.export!r}.")
    from tui_delegate.cli.verbs import ledger_show

    ledger, log, note = _source(args, query)
    try:
        if note and not args.json:
            from tui_delegate.cli import output

            output.tell(f"tui-delegate: {note}")
        if args.export:
            return _export(ledger, query, args.export)
        if args.json:
            return ledger_show.as_json(ledger, log, query, args.by, "" if log else note)
        return ledger_show.as_text(ledger, log, query, args.by)
    finally:
        ledger.close()


def _source(args: argparse.Namespace, query: Query) -> tuple[Source, LogLedger | None, str]:
    """Open the log that was named, else the journal; where that is empty, the log that calls go to.

    Also gives what is to be said of that choice.
    """
    import os

    from tui_delegate.journal.ledger import Ledger, Query

    if args.log:
        named = _read_log(args.log, query, args.by)
        return named, named, ""
    ledger = Ledger.open(args.journal)
    from tui_delegate.journal.jsonl import log_path

    log = log_path(os.environ)
    if not log or not os.path.isfile(log):
        return ledger, None, ""
    if not ledger.total(Query()).calls:
        ledger.close()
        found = _read_log(log, query, args.by)
        return found, found, f"the journal is empty; this is the log {log}"
    from tui_delegate.journal.logs import ends

    missing = (at for at in ends(log) if at >= (query.since or 0) and not ledger.has_call_at(at))
    return ledger, None, _not_in_the_journal(log) if any(missing) else ""


def _not_in_the_journal(log: str) -> str:
    from shlex import quote

    return (
        f"the log {log} holds calls that are not in the journal, and not in these figures."
        f" To bring them in, once: tui-delegate ledger import {quote(log)}"
    )


def _read_log(path: str, query: Query, by: str) -> LogLedger:
    from tui_delegate.journal.logs import LogLedger

    try:
        return LogLedger(path, query, by)
    except InputError as error:
        raise EmptyLedger(error.message, error.hint) from error


def _journal(named: str) -> Path:
    """Find the journal: the file that was named, else where it usually is."""
    import os
    from pathlib import Path

    from tui_delegate.profiles.places import journal_path

    return Path(named) if named else journal_path(os.environ)


def _limit(text: str) -> int:
    try:
        return min(int(text), 2**62)
    except ValueError:
        raise InputError(f"--limit takes a number, not {text!r}.") from None


def _export(ledger: Source, query: Query, form: str) -> int:
    from contextlib import closing

    from tui_delegate.cli import output
    from tui_delegate.journal.export import export

    total_of(ledger, query)
    with closing(ledger.all(query)) as calls:  # whoever reads the pipe may go away in the middle
        export(calls, form, sys.stdout)
    return output.OK
