from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.cli.beside import DONE, chats, with_server
from tests.cli.speaking import SSE, TASKS, answering, openai, text
from tests.loopback import Answer, Loopback
from tests.product import Product

LONG = text(*(f"{number} is followed by {number + 1}. " for number in range(8000)))


def test_a_reader_that_goes_away_leaves_no_traceback(tmp_path: Path) -> None:
    long = Answer(LONG, headers=SSE)

    async def check(tud: Product, server: Loopback) -> None:
        for form in ((), ("--events",), ("--json",)):
            ended = await replace(tud, shell='"$@" | head -c 1').tell("run", *form, "go")
            assert (ended.code, len(ended.out)) == (0, 1)
            assert "Traceback" not in ended.err
            assert "Exception" not in ended.err
            assert "Broken pipe" not in ended.err
        assert len(await tud.ledger()) == 3

    with_server(tmp_path, answering(long), check)


def test_a_journal_that_can_not_be_opened_lets_the_run_finish_loudly(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        (tud.home / "journal.db").mkdir()
        plain, one = await asyncio.gather(tud.tell("run", "go"), tud.tell("run", "--json", "go"))
        assert (plain.code, plain.out) == (74, f"{DONE}\n")
        assert "THE LEDGER WAS NOT WRITTEN" in plain.err
        assert (one.code, one.value["content"]) == (74, DONE)
        assert "THE LEDGER WAS NOT WRITTEN" in one.err

    with_server(tmp_path, openai(*TASKS), check)


def test_a_disk_that_fills_up_lets_the_run_finish_loudly(tmp_path: Path) -> None:
    long = Answer(LONG, headers=SSE)

    async def check(tud: Product, server: Loopback) -> None:
        assert (await tud.tell("run", "-q", "go")).code == 0
        full = replace(tud, shell='ulimit -f 80; exec "$@"')
        ended = await full.tell("run", "go")
        assert (ended.code, len(ended.out)) == (
            74,
            len((await tud.tell("run", "-q", "--no-keep-text", "go")).out),
        ), ended.err
        assert "THE LEDGER WAS NOT WRITTEN" in ended.err
        assert "Traceback" not in ended.err
        assert len(await tud.ledger()) >= 1

    with_server(tmp_path, answering(long), check)


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_a_stream_that_was_closed_from_the_start_is_done_without(tmp_path: Path, closed: str) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await replace(tud, shell=f'"$@" {closed}').tell("run", "go")
        assert (ended.code, "Traceback" in ended.err, chats(server)) == (0, False, 1)
        assert ended.out == ("" if closed.startswith(">") else "Hello.\n")

    with_server(tmp_path, openai(), check)


def test_a_dash_without_a_stdin_is_an_empty_prompt(tmp_path: Path) -> None:
    ended = asyncio.run(Product(tmp_path, shell='"$@" <&-').tell("run", "-"))
    assert (ended.code, "The prompt is empty." in ended.err) == (2, True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
def test_an_output_that_can_not_be_written_is_no_bug_of_ours(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await replace(tud, shell='"$@" >/dev/full').tell("run", "go")
        assert ended.code == 1
        assert "The output can't be written: No space left on device." in ended.err
        assert "bug" not in ended.err
        assert len(await tud.ledger()) == 1

    with_server(tmp_path, openai(), check)


def test_talk_that_nobody_hears_stops_nothing(tmp_path: Path) -> None:
    async def check(tud: Product, server: Loopback) -> None:
        ended = await replace(tud, shell='exec 3>&1; { "$@" 2>&1 >&3; echo $? >&3; } | true').tell(
            "run", "go"
        )
        assert ended.out == f"{DONE}\n0\n"

    with_server(tmp_path, openai(*TASKS), check)


def test_a_folder_that_is_gone_is_told_as_that(tmp_path: Path) -> None:
    gone = 'mkdir gone; cd gone; rmdir ../gone; exec "$@"'
    ended = asyncio.run(Product(tmp_path, shell=gone).tell("run", "--profile", "builtin", "go"))
    assert (ended.code, "The current folder is not there any more." in ended.err) == (2, True)
