"""The command line itself: flags before and after the verb, slips, and what a program is told of them."""

from __future__ import annotations

import argparse
import errno
import io
import json
from typing import TYPE_CHECKING

import pytest

from tui_delegate.cli import flags, output
from tui_delegate.cli import main as cli
from tui_delegate.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

Said = tuple[int, str, str]
PLACE = ["--profile", "p", "--model", "m", "--temperature", "0.3"]


def run(capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def read(*words: str) -> argparse.Namespace:
    """Parse words as the verb `ask` would have them, whatever flags of its own it has."""
    parser = cli.Parser(prog="ask")
    flags.add_one_shot(parser)
    parser.add_argument("--paths", nargs="+")
    flags.complete(parser, valued=True)
    verb, *rest = cli._with_verb(list(words))
    assert verb == "ask"
    return parser.parse_args(rest)


@pytest.mark.parametrize(
    "words",
    [
        [*PLACE, "ask", "--paths", "a", "b"],
        ["ask", "--paths", "a", "b", *PLACE],
        ["ask", *PLACE, "--paths", "a", "b"],
        ["--profile=p", "--json", "--temperature=0.3", "ask", "--paths", "a", "b", "--model", "m"],
        ["-q", "--profile", "p", "--model", "m", "ask", "--temperature", "0.3", "--paths", "a", "b", "-v"],
    ],
)
def test_a_place_may_stand_before_the_verb_and_after_it(words: list[str]) -> None:
    args = read(*words)
    assert (args.profile, args.model, args.temperature, args.paths) == ("p", "m", 0.3, ["a", "b"])
    assert args.json == ("--json" in words)
    assert (args.quiet, args.verbose) == ("-q" in words, "-v" in words)


def test_of_two_values_the_later_one_holds_and_none_is_none() -> None:
    assert read("--model", "a", "ask", "--model", "b").model == "b"
    args = read("ask")
    assert (args.profile, args.model, args.temperature, args.raw) == ("", "", None, False)


@pytest.mark.parametrize("verb", ["profiles", "ledger", "status"])
def test_whoever_put_its_flags_before_any_verb_still_may(verb: str) -> None:
    rest = ["list"] if verb == "profiles" else []
    words = cli._with_verb([*PLACE, "--json", verb, *rest])
    args = cli._parser(words[0]).parse_args(words)
    assert (args.verb, args.profile, args.model, args.temperature) == (verb, "p", "m", 0.3)
    assert args.json


@pytest.mark.parametrize("words", [["--json", "list"], ["list", "--json"]])
def test_an_action_does_not_hide_a_flag_that_stands_before_it(words: list[str]) -> None:
    args = cli._parser("profiles").parse_args(["profiles", *words])
    assert args.json
    assert not cli._parser("profiles").parse_args(["profiles", "list"]).json


def test_flags_without_a_verb_open_the_screen() -> None:
    assert cli._with_verb(["--profile", "x"]) == ["chat", "--profile", "x"]
    assert cli._with_verb(["--profile", "chat", "run", "hi"]) == ["run", "--profile", "chat", "hi"]
    assert cli._with_verb(["--theme", "paper"]) == ["chat", "--theme", "paper"]
    assert cli._with_verb(["--profile", "x", "--worker-model", "run"])[0] == "chat"
    assert cli._with_verb(["--json", "--version"]) == ["--version"]
    assert cli._with_verb(["--profile"]) == ["chat", "--profile"]


def test_an_unknown_verb_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--json", "proflies") == (
        2,
        '{"ok": false, "command": "-", "error": {"type": "corpus_error", "message": "There is no verb '
        '\'proflies\'.", "code": "input_error", "hint": "Did you mean profiles?"}}\n',
        "",
    )
    code, out, err = run(capsys, "led\x1b[2Jgr")
    usage = "usage: tui-delegate [-h] [--version] VERB ...\n"
    said = "tui-delegate: error: There is no verb 'ledgr'.\n  Did you mean ledger?\n"
    assert (code, out, err) == (2, "", usage + said)
    assert "run 'PROMPT'" in run(capsys, "what is this?")[2]
    assert "lists all verbs" in run(capsys, "xyzzy")[2]


@pytest.mark.parametrize(
    ("words", "verb", "said"),
    [
        (["run"], "run", "one of the arguments PROMPT --resume is required"),
        (["run", "hi", "--bogus\x1b[2J"], "run", "unrecognized arguments: --bogus"),
        (["profiles"], "profiles", "the following arguments are required: ACTION"),
        (["--temperature", "warm", "ledger"], "ledger", "argument --temperature: must be a number"),
        (["--temperature", "nan", "ledger"], "ledger", "argument --temperature: must be a number"),
    ],
)
def test_a_slip_is_an_envelope_for_programs_and_usage_for_people(
    words: list[str], verb: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, *words, "--json")
    answer = json.loads(out)
    assert (code, err, answer["ok"], answer["command"]) == (2, "", False, verb)
    assert answer["error"]["message"].startswith(said)
    assert (answer["error"]["type"], answer["error"]["code"]) == ("corpus_error", "input_error")
    assert answer["error"]["hint"].startswith(("usage: tui-delegate ", "`tui-delegate run --help`"))
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: tui-delegate ")
    assert f": error: {said}" in err
    assert "\x1b" not in err


def test_a_word_too_many_names_the_help_of_its_verb(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "summarize", "a.py")
    assert (code, err.splitlines()[-1]) == (2, "  It takes what is piped in: tui-delegate summarize < FILE")
    code, out, _ = run(capsys, "status", "--json", "now")
    assert (code, json.loads(out)["error"]["hint"]) == (2, "`tui-delegate status --help` says what it takes.")


def test_json_after_two_dashes_is_a_word_like_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "profiles", "show", "--", "--json", "more")
    assert (code, out) == (2, "")


@pytest.mark.parametrize(
    ("code", "few", "many"),
    [
        *[
            (name, 1, number)
            for name, number in output.EXIT_CODES.items()
            if 64 < number < 78 and number != 74
        ],
        ("target_exists", 2, 73),
        ("timeout", 1, 124),
        ("context_overflow", 1, 65),
        ("subagent_depth_exceeded", 1, 1),
        ("denied", 1, 1),
        ("error", 1, 1),
        ("resolve_error", 2, 78),
        ("missing_target", 2, 1),
        ("target_root_escape", 2, 1),
        ("corpus_error", 2, 2),
        ("input_error", 2, 2),
        ("empty_stdin", 2, 1),
        ("empty_ledger", 2, 2),
        ("ledger_not_written", 74, 74),
        ("config_error", 78, 78),
        ("cancelled", 130, 130),
        ("hangup", 130, 129),
    ],
)
def test_the_verbs_of_agent_delegate_have_few_exit_codes(code: str, few: int, many: int) -> None:
    if code == "target_exists" and few == 1:
        return
    assert {output.exit_code(code, verb) for verb in output.FEW_CODES} == {few}
    assert {output.exit_code(code, verb) for verb in ("run", "models", "map", "chat", "")} == {many}


def test_what_is_interrupted_says_so_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui_delegate.cli.verbs import status

    def stopped(args: argparse.Namespace) -> int:
        if args.quiet:
            output.data_json({"ok": True})
        raise KeyboardInterrupt

    monkeypatch.setattr(status, "run", stopped)
    code, out, err = run(capsys, "status", "--json")
    assert (code, err, json.loads(out)["error"]["code"]) == (130, "", "cancelled")
    assert run(capsys, "status", "--json", "-q") == (130, '{"ok": true}\n', "")
    assert run(capsys, "status") == (130, "", "")


@pytest.mark.parametrize("words", [["--json", "bogus"], ["ledger", "--json"], ["status", "--json"]])
def test_what_cannot_be_told_to_a_program_is_told_to_people(
    words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("sys.stdout", Full())
    code = main(words)
    err = capsys.readouterr().err
    assert (code, err.count("The output can't be written: No space left on device.")) in ((1, 1), (2, 1))
