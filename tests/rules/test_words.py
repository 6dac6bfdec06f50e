"""The texts that `install` puts into other tools: complete, plain, and every command in them can be given."""

from __future__ import annotations

import hashlib
import shlex

import pytest

from tui_delegate.cli import main
from tui_delegate.rules import block, texts

BLOCKS = ("policy", "codex", "chat")
FILES = ("policy", "skill", "agent", "cursor")
ALL = [*(texts.block(kind) for kind in BLOCKS), *(texts.own(kind) for kind in FILES)]
PINNED = "9306addf8c19e588"
FLAGS_OF_AGENT_DELEGATE = {
    "ask": {"--paths", "--question", "--json", "--profile", "--model"},
    "write": {"--context", "--spec", "--target", "--target-root", "--json", "--profile", "--model"},
    "summarize": {"--json", "--profile", "--model"},
}


def commands(text: bytes) -> list[list[str]]:
    """The commands that start this program, on the lines between code fences."""
    found, inside = [], False
    for line in text.decode().splitlines():
        if line.startswith("```"):
            inside = not inside
        elif inside and "tui-delegate " in line and not line.startswith("prefix_rule"):
            found.append(shlex.split(line[line.index("tui-delegate ") :])[1:])
    return found


def test_a_changed_text_has_a_new_version() -> None:
    digest = hashlib.sha256(b"".join(ALL)).hexdigest()[:16]
    assert (texts.VERSION, digest) == (2, PINNED), "raise texts.VERSION, then pin the new digest here"


@pytest.mark.parametrize("text", ALL)
def test_each_text_is_plain_and_holds_one_whole_block(text: bytes) -> None:
    assert text.isascii()
    assert b"\r" not in text
    found = block.find(text)
    assert found is not None
    assert found.version == f"v{texts.VERSION}"
    assert text.count(b"```") % 2 == 0


@pytest.mark.parametrize("text", [texts.block(kind) for kind in BLOCKS])
def test_a_block_carries_all_that_agent_delegates_carries(text: bytes) -> None:
    words = " ".join(text.decode().lower().split())
    for said in (
        *("manager", "worker", "three or more files", "boilerplate", "logs", "facts", "secrets", "security"),
        *("authentication", "root cause", "migrations", "edits of a line or two", "review of what a worker"),
        *("--json --paths", "--target-root .", "summarize --json", "--profile", "--model", "profiles list"),
        *("plan:", "spec:", "delegate:", "review:", "explain", "profiles show", "agent_delegate_log_dir"),
        *("delegating to tui-delegate worker: profile=", "model=", "task=", "ledger report", "exit codes: 0"),
    ):
        assert said in words, said


def test_codex_is_also_told_of_drafts_and_of_its_sandbox() -> None:
    text = texts.block("codex").decode()
    assert "commit messages" in text
    assert 'prefix_rule(pattern=["tui-delegate"], decision="allow")' in text
    assert texts.block("policy")[: -len(block.END)] in texts.block("codex")


@pytest.mark.parametrize("text", ALL)
def test_every_command_in_a_text_can_be_given(text: bytes) -> None:
    given = commands(text)
    assert given
    for words in given:
        verb = words[0]
        if verb in FLAGS_OF_AGENT_DELEGATE and verb not in main.VERBS:
            assert {word for word in words if word.startswith("--")} <= FLAGS_OF_AGENT_DELEGATE[verb]
        elif verb in main.VERBS:
            try:
                assert main._parser(verb).parse_args(words).verb == verb
            except SystemExit:
                assert words == ["ledger", "report"], words
        else:
            assert words == ["status"]


@pytest.mark.parametrize("kind", ["skill", "agent"])
def test_a_skill_and_an_agent_begin_with_what_their_readers_look_for(kind: str) -> None:
    head, _, rest = texts.own(kind).decode().removeprefix("---\n").partition("\n---\n")
    keys = dict(line.split(": ", 1) for line in head.splitlines())
    assert keys["name"] == "tui-delegate"
    assert 80 < len(keys["description"]) < 1024
    assert ": " not in keys["description"]
    assert "<!-- tui-delegate:begin" in rest
