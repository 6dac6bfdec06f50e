"""`map`: one question of many files, each by itself; nothing is paid for twice and nothing is lost."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Here
from tests.desk import Ended
from tests.scripted import Chat, Raw, Scripted
from tui_delegate.core.fitting import AnswerSchema
from tui_delegate.corpus.packet import Sheet
from tui_delegate.workspace.mapping import Wish
from tui_delegate.workspace.seating import Place

OUT = "results.jsonl"
FULL = Raw({"error": {"message": "no such model"}}, 404)


@pytest.fixture
def docs(here: Here) -> Here:
    """A desk with four files below `docs`."""
    for name in "abcd":
        here.file(f"docs/{name}.md", f"# Title {name}\n")
    return here


def ask(here: Here, *more: str, out: str = OUT, question: str = "title?") -> Ended:
    to = ("--out", out) if out else ()
    return here.call("map", "--input", "docs/*.md", "--question", question, *to, *more)


def records(here: Here, name: str = OUT) -> list[dict[str, object]]:
    return [json.loads(line) for line in (here.folder / name).read_text().splitlines()]


def names_asked(server: Scripted) -> Counter[str]:
    return Counter(name for asked in server.asked for name in "abcd" if f"Title {name}" in str(asked.raw))


def test_every_file_is_asked_about_by_itself_and_its_answer_is_a_line(docs: Here, server: Scripted) -> None:
    server.say(Chat("fine", prompt=20, completion=4))
    ended = ask(docs)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "· 4 done; 80 tokens in, 16 out, $0.0000\n"
    assert names_asked(server) == dict.fromkeys("abcd", 1)
    found = records(docs)
    assert sorted(str(one["input"]) for one in found) == [f"docs/{name}.md" for name in "abcd"]
    one = found[0]
    assert {key: one[key] for key in ("ok", "content", "model", "profile", "calls")} == {
        "ok": True,
        "content": "fine",
        "model": "small",
        "profile": "worker",
        "calls": 1,
    }
    assert str(one["run"]) in docs.call("ledger", "--json").out


def test_the_model_that_was_found_is_told(docs: Here, server: Scripted) -> None:
    docs.profiles('default_profile = "bare"\n[profiles.bare]\nbackend = "lmstudio"\nbase_url = "ORIGIN"\n')
    envelope = ask(docs, "--json").envelope
    assert envelope.get("model") == "small", envelope


def test_a_second_call_asks_nobody_and_changes_nothing(docs: Here, server: Scripted) -> None:
    ask(docs)
    before = (docs.folder / OUT).read_bytes()
    ended = ask(docs)
    assert (ended.code, len(server.asked), (docs.folder / OUT).read_bytes()) == (0, 4, before)
    assert ended.err == "· 0 done, 4 were done before; 0 tokens in, 0 out, $0.0000\n"


def test_what_has_changed_is_asked_again_and_nothing_else(docs: Here, server: Scripted) -> None:
    ask(docs)
    docs.file("docs/b.md", "# Title b, changed\n")
    docs.file("docs/e.md", "# Title a, once more\n")
    server.say(Chat())
    assert ask(docs).code == 0
    assert names_asked(server) == {"a": 1, "b": 1}
    server.say(Chat())
    ask(docs, question="another?")
    ask(docs, "--model", "large")
    assert len(server.asked) == 10
    assert len(records(docs)) == 4 + 2 + 10


def test_half_a_line_at_the_end_counts_as_not_done_and_spoils_no_other(docs: Here, server: Scripted) -> None:
    ask(docs)
    path = docs.folder / OUT
    path.write_bytes(path.read_bytes()[:-9])
    server.say(Chat())
    ended = ask(docs)
    assert (ended.code, len(server.asked)) == (0, 1)
    assert "1 lines of results.jsonl are no results" in ended.err
    whole = [line for line in path.read_text().splitlines() if line.endswith("}")]
    assert len([json.loads(line) for line in whole]) == 4


def test_a_whole_line_without_its_end_is_done(docs: Here, server: Scripted) -> None:
    ask(docs)
    path = docs.folder / OUT
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    docs.file("docs/a.md", "# Title a, changed\n")
    server.say(Chat())
    assert (ask(docs).code, len(server.asked), len(records(docs))) == (0, 1, 5)


def test_junk_in_the_file_is_left_alone_and_told(docs: Here) -> None:
    junk = b'\n{"key":1}\n[1]\n\xff\xfe\n' + b"[" * 100_000 + b'\n{"key":"x","ok":false}\n'
    docs.file(OUT, junk)
    ended = ask(docs)
    assert ended.code == 0
    assert "4 lines of results.jsonl are no results, and are left alone" in ended.err
    assert (docs.folder / OUT).read_bytes().startswith(junk)


@pytest.mark.parametrize("out", ["/dev/null", "/dev/zero", "pipe"])
def test_answers_go_to_a_regular_file_only(docs: Here, server: Scripted, out: str) -> None:
    os.mkfifo(docs.folder / "pipe")
    ended = ask(docs, out=out)
    assert (ended.code, server.asked) == (2, [])
    assert f"--out {out} is no regular file." in ended.err


def test_while_another_process_writes_the_file_nobody_is_asked(docs: Here, server: Scripted) -> None:
    with open(docs.file(OUT, ""), "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = ask(docs)
    assert (ended.code, server.asked) == (2, [])
    assert "Another process writes results.jsonl now." in ended.err


def test_the_answers_are_never_asked_about(docs: Here, server: Scripted) -> None:
    for _ in range(2):
        docs.call("map", "--input", ".", "--question", "title?", "--out", "docs/r.jsonl")
    assert len(server.asked) == 4
    os.symlink("docs/r.jsonl", docs.folder / "link.jsonl")
    ended = docs.call("map", "--input", "link.jsonl", "--question", "title?", "--out", "docs/r.jsonl")
    assert (ended.code, len(server.asked)) == (2, 4)


def test_a_place_that_can_not_be_written_is_said_at_once(docs: Here, server: Scripted) -> None:
    docs.file("file", "x")
    for out in ("docs", "file/below.jsonl", "x" * 300):
        ended = ask(docs, out=out)
        assert (ended.code, server.asked) == (2, [])
        assert f"--out {out[:100]}" in ended.err
        assert "can't be written: " in ended.err


def test_failures_are_listed_and_tried_again_next_time(docs: Here, server: Scripted) -> None:
    docs.file("docs/b.md", b"\xff\xfe\x00\x01binary\x00")
    docs.file("docs/c.md", "")
    server.say(FULL, Chat("fine"))
    first = docs.call(
        "map", "--input", *(f"docs/{name}.md" for name in "acd"), "--question", "q", "--out", OUT
    )
    assert first.code == 1
    assert "no such model" in first.err
    assert ", 1 failed; " in first.err
    server.say(Chat("fine"))
    again = docs.call(
        "map", "--input", *(f"docs/{name}.md" for name in "acd"), "--question", "q", "--out", OUT
    )
    assert (again.code, len(server.asked), len(records(docs))) == (0, 1, 3)


def test_what_the_next_file_would_meet_too_ends_it_soon(docs: Here) -> None:
    for number in range(60):
        docs.file(f"docs/{number}.md", f"{number}\n")
    ended = ask(docs, "--profile", "dead", "--parallel", "1", "--json")
    assert (ended.code, ended.err) == (69, "")
    body = ended.envelope
    failed = body["failed"]
    assert isinstance(failed, list)
    assert (len(failed), body["not_begun"], body["done"], body["ok"]) == (3, 61, 0, False)
    assert failed[0]["error"]["code"] == "unreachable"


def test_a_key_that_the_server_repeats_is_not_told(docs: Here, server: Scripted) -> None:
    refused = Raw({"error": {"message": "bad key sk-very-secret"}}, 401)
    busy = Raw({"error": {"message": "busy, sk-very-secret"}}, 429, {"retry-after": "0"})
    server.say(busy, refused)
    told = ask(docs, "--profile", "keyed", "--parallel", "1")
    as_json = ask(docs, "--profile", "keyed", "--json")
    assert (told.code, as_json.code) == (77, 77)
    assert "bad key" in told.err
    assert "sk-very-secret" not in told.out + told.err + as_json.out


def test_one_answer_in_between_makes_it_go_on(docs: Here, server: Scripted) -> None:
    for number in range(6):
        docs.file(f"docs/{number}.md", f"{number}\n")
    server.say(FULL, FULL, Chat(), FULL, FULL, Chat(), FULL, FULL, Chat())
    ended = ask(docs, "--parallel", "1", "--json")
    assert (ended.code, ended.envelope["done"], len(server.asked)) == (1, 4, 10)


def test_an_answer_under_way_makes_it_go_on_with_every_file(docs: Here, server: Scripted) -> None:
    for number in range(6):
        docs.file(f"docs/{number}.md", f"{number}\n")
    slow = threading.Event()
    server.say(Chat(hold=slow), FULL, FULL, FULL, Chat())
    later = threading.Timer(0.3, slow.set)
    later.start()
    ended = ask(docs, "--parallel", "4", "--json")
    later.join()
    body = ended.envelope
    assert (body["done"], body["not_begun"], len(server.asked)) == (7, 0, 10)


def test_a_combined_answer_is_the_only_thing_on_stdout(docs: Here, server: Scripted) -> None:
    server.say(Chat("one"), Chat("two"), Chat("three"), Chat("four"), Chat("all of them\x1b[2J"))
    ended = ask(docs, "--combine", "--parallel", "1")
    assert (ended.code, ended.out) == (0, "all of them\n")
    last = server.messages[-2][1]
    for name, word in zip("abcd", ("one", "two", "three", "four"), strict=True):
        assert f'<answer of="docs/{name}.md">\n{word}\n</answer>' in last
    assert server.messages[-1] == ("user", "title?")
    server.say(Chat("again"))
    assert (ask(docs, "--combine").out, len(server.asked)) == ("again\n", 1)


def test_a_file_that_failed_is_named_to_the_one_who_combines(docs: Here, server: Scripted) -> None:
    server.say(FULL, Chat("fine"), Chat("fine"), Chat("fine"), Chat("nearly all"))
    ended = ask(docs, "--combine", "--parallel", "1", "--json")
    assert (ended.code, ended.envelope["content"], ended.envelope["ok"]) == (1, "nearly all", False)
    assert 'failed="true"' in server.messages[-2][1]


def test_a_file_too_large_for_the_window_fails_by_itself_or_is_read_in_parts(
    docs: Here, server: Scripted
) -> None:
    docs.file("docs/b.md", "".join(f"line {number} of a long file\n" for number in range(400)))
    ended = ask(docs, "--profile", "narrow")
    assert (ended.code, len(server.asked)) == (1, 3)
    assert "docs/b.md: Too much for small: about" in ended.err
    server.say(Chat("a part"))
    ended = ask(docs, "--profile", "narrow", "--split")
    assert (ended.code, len(records(docs))) == (0, 4)
    assert len(server.asked) > 2
    assert records(docs)[-1]["calls"] == len(server.asked)


def test_as_json_it_is_one_object_with_all_results_and_no_talk(docs: Here, server: Scripted) -> None:
    server.say(Chat("fine", prompt=20, completion=4))
    ended = ask(docs, "--json", out="")
    body = ended.envelope
    assert (ended.code, ended.err) == (0, "")
    assert {key: body[key] for key in ("ok", "command", "done", "done_before", "not_begun", "failed")} == {
        "ok": True,
        "command": "map",
        "done": 4,
        "done_before": 0,
        "not_begun": 0,
        "failed": [],
    }
    results = body["results"]
    assert isinstance(results, list)
    assert [one["input"] for one in results] == [f"docs/{name}.md" for name in "abcd"]
    assert body["usage"] == {
        "prompt_tokens": 80,
        "completion_tokens": 16,
        "cached_tokens": 0,
        "reasoning_tokens": 0,
    }
    assert "results" not in ask(docs, "--json").envelope


def test_without_a_file_each_answer_is_a_line_on_stdout(docs: Here) -> None:
    ended = ask(docs, out="")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert {one["input"] for one in lines} == {f"docs/{name}.md" for name in "abcd"}


def test_only_so_many_are_asked_at_once(docs: Here, server: Scripted) -> None:
    most = 0
    lock = threading.Lock()
    inside = [0]
    reply = server._reply

    def counted(asked: object) -> Raw:
        nonlocal most
        with lock:
            inside[0] += 1
            most = max(most, inside[0])
        time.sleep(0.02)
        with lock:
            inside[0] -= 1
        return reply(asked)  # type: ignore[arg-type]

    server._reply = counted  # type: ignore[method-assign]
    try:
        assert ask(docs, "--parallel", "1").code == 0
        assert most == 1
    finally:
        server._reply = reply  # type: ignore[method-assign]
    assert ask(docs, "--parallel", "-1").code == 2


def test_a_schema_gives_each_line_its_value(docs: Here, server: Scripted) -> None:
    docs.file("schema.json", '{"type":"object","required":["n"]}')
    server.say(Chat("no"), Chat('{"n": 1}'))
    ended = ask(docs, "--schema", "schema.json", "--parallel", "1")
    assert ended.code == 0
    assert [one["data"] for one in records(docs)] == [{"n": 1}] * 4
    assert [one["calls"] for one in records(docs)] == [2, 1, 1, 1]


def test_nothing_to_ask_about_is_said_and_a_preview_asks_nobody(docs: Here, server: Scripted) -> None:
    assert docs.call("map", "--input", "docs/*.txt", "--question", "q").code == 2
    assert docs.call("map", "--input", "docs", "missing.md", "--question", "q").code == 2
    shown = ask(docs, "--preview")
    assert (shown.code, shown.out.splitlines()[-1], server.asked) == (0, "4 files", [])
    assert not (docs.folder / OUT).exists()


def test_no_more_is_paid_for_once_an_answer_can_not_be_kept(docs: Here, server: Scripted) -> None:
    for number in range(40):
        docs.file(f"docs/{number}.md", f"{number}\n")
    server.say(Chat("long " * 100))
    words = docs.command("map", "--input", "docs", "--question", "q", "--out", OUT, "--parallel", "1")
    done = subprocess.run(
        words,
        cwd=docs.folder,
        env=docs.env({"TUI_DELEGATE_HOME": "/dev/null/none", "PYTHONDONTWRITEBYTECODE": "1"}),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000)),
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "--out results.jsonl can't be written: File too large." in done.stderr
    assert len(server.asked) < 10
    before = len(server.asked)
    assert docs.call("map", "--input", "docs", "--question", "q", "--out", OUT).code == 0
    assert len(server.asked) == 44 + 1, before


def test_a_reader_that_goes_away_is_no_failure(docs: Here) -> None:
    for number in range(40):
        docs.file(f"docs/{number}.md", f"{number}\n")
    words = " ".join(docs.command("map", "-q", "--input", "docs", "--question", "q"))
    done = subprocess.run(
        ["sh", "-c", f"{words} | head -n 1"],
        cwd=docs.folder,
        env=docs.env(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_ctrl_c_in_the_middle_loses_nothing_that_was_answered(docs: Here, server: Scripted) -> None:
    for number in range(12):
        docs.file(f"docs/{number}.md", f"{number}\n")
    server.say(*[Chat(f"answer {number}") for number in range(5)], Raw(silent=True))
    words = docs.command("map", "--input", "docs", "--question", "q", "--out", OUT, "--parallel", "2")
    process = subprocess.Popen(
        words, cwd=docs.folder, env=docs.env(), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    wait_until(lambda: (docs.folder / OUT).exists() and len(records(docs)) == 5 and len(server.asked) == 7)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (130, "")
    assert "stopped: 5 done, 11 not begun; " in err
    assert "the same call again goes on where this one stopped" in err
    assert len(records(docs)) == 5
    server.say(Chat())
    assert docs.call("map", "--input", "docs", "--question", "q", "--out", OUT).code == 0
    assert len(server.asked) == 11


def wait_until(ready: object, patience: float = 10.0) -> None:
    assert callable(ready)
    end = time.monotonic() + patience
    while not ready():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def test_progress_is_for_a_terminal_only(docs: Here) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        docs.command("map", "--input", "docs", "--question", "q", "--out", OUT),
        cwd=docs.folder,
        env=docs.env({"TERM": "xterm"}),
        stderr=theirs,
        stdout=theirs,
    )
    os.close(theirs)
    said = b"".join(_read(ours))
    os.close(ours)
    assert (process.wait(), b"4/4" in said or b"files" in said) == (0, True)
    assert b"\r" in said.replace(b"\r\n", b"")
    assert "\r" not in ask(docs).err


def _read(terminal: int) -> Iterator[bytes]:
    try:
        while more := os.read(terminal, 4096):
            yield more
    except OSError:
        return


def test_a_file_of_something_else_is_left_as_it_is(docs: Here, server: Scripted) -> None:
    mine = docs.file("mine.txt", "two lines\nof a person\n")
    ended = docs.call("map", "--input", "docs", "--question", "q", "--out", "mine.txt")
    assert (ended.code, server.asked, mine.read_text()) == (2, [], "two lines\nof a person\n")
    assert "mine.txt holds something else than results" in ended.err


def test_the_same_work_has_the_same_key_and_other_work_another() -> None:
    wish, sheet, place = Wish("q"), Sheet("a", "b", 1), Place("p", "m")
    assert wish.key(sheet, place) == Wish("q").key(Sheet("a", "b", 9), Place("p", "m"))
    others = [
        Wish().key(sheet, place),
        wish.key(Sheet("ab", "", 1), place),
        wish.key(Sheet("a", "\ud800", 1), place),
        wish.key(Sheet("a", "?", 1), place),
        wish.key(sheet, Place("p", "other")),
        Wish("q", AnswerSchema("{}")).key(sheet, place),
    ]
    assert len({wish.key(sheet, place), *others}) == 7
