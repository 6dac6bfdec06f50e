"""What a pipe is told of an answer: what is missing, what changes, and each name on a line of its own."""

from __future__ import annotations

import os
import sys

import pytest

from tests.cli.conftest import PROFILES, Here
from tests.scripted import Chat, Raw, Scripted


def test_half_an_answer_is_told_also_where_nobody_sits(here: Here, server: Scripted) -> None:
    here.file("a.py", "x = 1\n")
    server.say(Chat("half of it", finish="length"), Chat("all of it"), Chat("half", finish="length"))
    ask = ("ask", "--paths", "a.py", "--question", "q")
    cut, whole, quiet = here.call(*ask), here.call(*ask), here.call(*ask, "-q")
    assert (cut.code, cut.out) == (0, "half of it\n")
    assert "cut at its longest length" in cut.err
    assert (whole.code, whole.out, whole.err) == (0, "all of it\n", "")
    assert quiet.err == ""


def test_the_body_of_an_error_in_a_200_is_json(here: Here, server: Scripted) -> None:
    here.file("a.py", "x = 1\n")
    server.say(Raw({"error": {"message": "it broke \u00fc", "code": 500}}))
    error = here.call("ask", "--paths", "a.py", "--question", "q", "--json").envelope["error"]
    assert isinstance(error, dict)
    assert error["body"] == '{"error": {"message": "it broke \u00fc", "code": 500}}'


def test_a_diff_stands_in_the_envelope_too(here: Here, server: Scripted) -> None:
    path = here.file("out.py", "old = 1\n")
    write = ("write", "--context", "out.py", "--spec", "s", "--target", "out.py", "--json")
    server.say(Chat("new = 2"), Chat("new = 3"), Chat("new = 4"))
    shown, done = here.call(*write, "--dry-run").envelope, here.call(*write, "--force", "--diff").envelope
    assert "-old = 1\n+new = 2\n" in str(shown["diff"])
    assert (shown["written"], done["written"]) == (False, True)
    assert "-old = 1\n+new = 3\n" in str(done["diff"])
    assert "diff" not in here.call(*write, "--force").envelope
    assert path.read_text() == "new = 4\n"


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names are narrower there")
def test_a_name_of_two_lines_is_one_line_of_a_preview(here: Here) -> None:
    here.file("a\n9 files  1  1.py", "x = 1\n")
    here.file("b\nleft out: c.pem", b"\0\0")
    ended = here.call("ask", "--paths", ".", "--question", "q", "--preview")
    assert [line.split("  ")[0] for line in ended.out.splitlines()] == ["file", "a 9 files 1 1.py", "1 files"]
    assert len(ended.err.splitlines()) == 1


def test_a_preview_says_what_would_be_refused_as_far_as_nobody_has_to_be_asked(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.file("a.txt", "word " * 4000)
    call = ("ask", "--paths", "a.txt", "--question", "q", "--preview")
    assert "would not be sent" not in here.call(*call).err
    assert "would not be sent" in here.call(*call, "--profile", "narrow").err
    monkeypatch.setenv("AGENT_DELEGATE_MAX_FILE_BYTES", "5")
    assert "a.txt: too large: 20000 bytes > 5" in here.call(*call).err


def test_a_preview_and_the_call_refuse_the_same(here: Here, server: Scripted) -> None:
    for words in (1200, 1300, 1500):
        here.file("a.txt", "word " * words)
        call = ("--profile", "narrow", "ask", "--paths", "a.txt", "--question", "q " * 200)
        shown, asked = here.call(*call, "--preview").err, here.call(*call)
        assert (asked.code == 2) == ("would not be sent" in shown)
        if asked.code:
            assert asked.err.splitlines()[0].partition("tui-delegate: ")[2] in shown


def test_flags_may_be_cut_short_as_agent_delegates_are(here: Here) -> None:
    here.file("a.txt", "word\n")
    assert here.call("ask", "--path", "a.txt", "--quest", "q", "--prev").code == 0


def test_a_newcomer_without_a_server_is_told_of_the_engine_that_needs_none(here: Here) -> None:
    here.file("a.py", "x = 1\n")
    call = ("ask", "--paths", "a.py", "--question", "q")
    named = here.call(*call, "--profile", "dead")
    assert (named.code, "--profile builtin" in named.err) == (1, False)
    here.profiles(PROFILES.replace('"worker"', '"dead"'))
    assert "Without a server: --profile builtin" in here.call(*call).err
    drafted = here.call("write", "--context", "a.py", "--spec", "s", "--target", "n.py")
    assert (drafted.code, "--profile builtin" in drafted.err) == (1, False)
