"""What leaves the process: envelopes without keys, colour and progress only where somebody sees them."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import pytest

from tui_delegate.cli import output
from tui_delegate.cli.progress import Progress
from tui_delegate.core.errors import AuthRefused, ResolveError
from tui_delegate.core.redact import HIDDEN, redact

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary/4711+key"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_servers_words_are_in_the_envelope_and_our_keys_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "profiles.toml").write_text(f'[profiles.p]\nbackend = "ollama"\napi_key = "{CANARY}"\n')
    monkeypatch.setenv("MY_API_KEY", "another-canary")
    body = json.dumps({"error": f"no such key: {CANARY}, another-canary"}) + "é" * 3000
    error = AuthRefused(f"The server answered 401: {CANARY}", "Check it.", status=401, body=body)
    told = output.error_envelope("ask", error, backend="openai-compat", profile="p", model="m")
    assert list(told) == ["ok", "command", "error", "profile", "model"]
    inner = told["error"]
    assert isinstance(inner, dict)
    assert list(inner) == ["type", "message", "code", "hint", "backend", "status", "body"]
    assert (inner["type"], inner["code"], inner["status"], len(inner["body"])) == (
        "backend_error",
        "auth",
        401,
        2000,
    )
    assert "canary" not in json.dumps(told)
    output.say_error(error)
    assert capsys.readouterr().err == f"tui-delegate: The server answered 401: {HIDDEN}\n  Check it.\n"


def test_what_is_not_known_is_no_key_of_the_envelope() -> None:
    told = output.error_envelope("write", ResolveError("There is no profile."), target="a.py")
    assert told == {
        "ok": False,
        "command": "write",
        "error": {
            "type": "resolve_error",
            "message": "There is no profile.",
            "code": "resolve_error",
            "hint": "",
        },
        "target": "a.py",
    }


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        "canary%2F4711%2Bkey",
        base64.b64encode(CANARY.encode()).decode(),
        "sk-proj-abcdefgh12345",
        "ghp_abcdefghijklmnop",
        "AKIAABCDEFGHIJKLMNOP",
        "eyJhbGciOiJI.eyJzdWIiOiIx.sig",
        "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_a_key_is_hidden_in_every_spelling(text: str) -> None:
    assert redact(f"before {text} after", [CANARY, "abc"]) == f"before {HIDDEN} after"


def test_what_only_introduces_a_key_stays() -> None:
    assert redact("Authorization: Bearer abcdefgh.123") == f"Authorization: Bearer {HIDDEN}"
    assert redact("http://me:word@h/") == f"http://{HIDDEN}@h/"
    assert redact("a bearer of news, sk-short, http://h:80/") == "a bearer of news, sk-short, http://h:80/"


@pytest.mark.parametrize(
    ("environ", "terminal", "pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_colour_goes_where_it_is_seen_or_forced(
    environ: dict[str, str], terminal: bool, pipe: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert (output.colour(Terminal()), output.colour(io.StringIO())) == (terminal, pipe)
    assert output.paint("ok", "good", Terminal()) == ("\x1b[32mok\x1b[0m" if terminal else "ok")


def test_talk_is_as_loud_as_was_asked(capsys: pytest.CaptureFixture[str]) -> None:
    heard = []
    for how in ({}, {"quiet": True}, {"verbose": True}, {"json": True}, {"verbose": True, "json": True}):
        output.speak(**how)
        output.tell("told")
        output.detail("detail")
        heard.append(capsys.readouterr().err)
    output.speak()
    assert heard == ["told\n", "", "told\ndetail\n", "", ""]


def test_progress_counts_on_a_terminal_and_leaves_nothing_behind() -> None:
    stream, clock = Terminal(), Clock()
    with Progress(stream, 4, "Reading", shown=True, clock=clock) as bar:
        bar.step(note="not drawn: too soon")
        clock.now = 1
        bar.step(note="b\x1b[2J.py")
        bar.step(2, "last")
    assert stream.getvalue().split("\r\x1b[K") == [
        "",
        "Reading 0/4 (0 %)",
        "Reading 2/4 (50 %) b.py",
        "Reading 4/4 (100 %) last",
        "",
    ]
    assert bar.done == 4


def test_progress_without_an_end_counts_only_and_a_long_note_stays_on_its_line() -> None:
    stream, clock = Terminal(), Clock()
    with Progress(stream, None, "Importing", shown=True, clock=clock) as bar:
        clock.now = 1
        bar.step(20, "x" * 500)
    assert len(stream.getvalue().split("\r\x1b[K")[2]) == 79


@pytest.mark.parametrize("how", [{"quiet": True}, {"json": True}, {}])
def test_no_progress_is_drawn_where_nobody_looks(
    how: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = Terminal() if how else io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    output.speak(**how)
    with output.progress(3, "Reading") as bar:
        bar.step(3)
    output.speak()
    assert (stream.getvalue(), bar.done) == ("", 3)
