"""The flags of `web`, handed on to the screens that it starts."""

from __future__ import annotations

import argparse

import pytest

from tui_delegate.cli.main import _parser, main
from tui_delegate.cli.verbs import web


def read(verb: str, *words: str) -> argparse.Namespace:
    return _parser(verb).parse_args([verb, *words])


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--profile", "ollama", "--model", "qwen3:8b", "--worker-profile", "a b", "--worker-model", "'\"$x"),
        ("--limit", "max_uses=3", "--limit", "cost=0.5", "--nested", "--continue"),
        ("--session=--odd", "--theme=paper"),
    ],
)
def test_the_screens_get_the_flags_that_the_server_got(words: tuple[str, ...]) -> None:
    again = read("chat", *web.flags_of(read("web", *words, "--port", "8022")))
    assert vars(again) == vars(read("chat", *words))


def test_a_limit_that_cannot_be_is_told_before_anything_is_served(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["web", "--limit", "depth=none-at-all"]) == 2
    said = capsys.readouterr()
    assert (said.out, "depth" in said.err) == ("", True)


def test_the_screen_still_wants_a_terminal_where_no_server_of_ours_started_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert main(["chat"]) == 2
    assert "needs a terminal" in capsys.readouterr().err
