"""What `ask --paths` and `write --context` send, beside what a conversation's shelf takes."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tui_delegate.core.errors import InputError
from tui_delegate.corpus import gather
from tui_delegate.corpus.packet import preview_rows
from tui_delegate.corpus.packing import pack
from tui_delegate.corpus.values import Bounds, LeftOut


def plant(folder: Path, *names: str, text: str = "x\n") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def names(folder: Path, *words: str) -> list[str]:
    return [sheet.name for sheet in pack(words, folder).sheets]


def refusal(folder: Path, *words: str, bounds: Bounds | None = None) -> InputError:
    with pytest.raises(InputError) as caught:
        pack(words, folder, bounds)
    assert "\n" not in caught.value.message
    assert (caught.value.type, bool(caught.value.hint)) == ("corpus_error", True)
    return caught.value


def test_what_builds_have_made_is_left_out_below_a_folder_and_taken_if_named(tmp_path: Path) -> None:
    home = tmp_path / "build" / "dist"
    plant(
        home,
        "src/build/g.py",
        "dist/d.js",
        ".next/n",
        "node_modules/m/i.js",
        ".git/config",
        "a.py",
        "build2/b",
    )
    assert names(home, ".") == ["a.py", "build2/b"]
    assert names(home, "dist", "src/build/g.py") == ["dist/d.js", "src/build/g.py"]
    assert names(home, "src/build", "*/build/*.py") == ["src/build/g.py"]
    assert names(home, "**/*.py") == ["a.py"]
    assert {item.name for item in pack(["."], home).left_out} >= {"dist/", "src/build/", "node_modules/"}


def test_a_file_is_called_by_the_first_name_it_was_given(tmp_path: Path) -> None:
    plant(tmp_path, "in/a.py", "b.py", "z/c.py")
    (tmp_path / "in" / "0.py").symlink_to("a.py")
    inside, outside = tmp_path / "in", (tmp_path / "z").as_posix()
    assert names(inside, "../b.py", "a.py", "./a.py", "0.py", ".") == ["../b.py", "a.py"]
    assert names(inside, ".") == ["0.py"]
    assert names(inside, str(inside / "a.py"), outside, outside + "/c.py") == [f"{outside}/c.py", "a.py"]
    assert names(tmp_path, "z/../b.py", "B.py" if (tmp_path / "B.py").exists() else "b.py") == ["z/../b.py"]


def test_a_word_that_names_nothing_is_a_missing_file(tmp_path: Path) -> None:
    plant(tmp_path, "README.md", "only/.env", "only/x.png")
    (tmp_path / "empty").mkdir()
    assert refusal(tmp_path, "READM.md").hint == "Did you mean README.md?"
    assert refusal(tmp_path, "no/where\x1b[2J.md").message == "missing file: no/where.md"
    assert refusal(tmp_path, "README.md", "*.rs").message == "missing file: *.rs"
    assert refusal(tmp_path, "only").message == (
        "only gives no file. Left out: only/.env (may hold secrets), only/x.png (binary)."
    )
    assert refusal(tmp_path, "empty").message == "empty gives no file: nothing is in there."


def test_a_folder_that_gives_nothing_beside_others_is_said_not_refused(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "only/.env")
    packet = pack(["a.py", "only"], tmp_path)
    assert packet.missed == (LeftOut("only", "gives no file", wanted=True),)
    assert LeftOut("only/.env", "may hold secrets") in packet.left_out


def test_secrets_and_binaries_go_out_only_if_they_are_named(tmp_path: Path) -> None:
    plant(
        tmp_path,
        ".env",
        ".env.local",
        "server.pem",
        "Key.PeM",
        "id_ed25519",
        ".netrc",
        "service-account.json",
    )
    plant(tmp_path, "server.py", "client.js", "services.md", "key.md", ".npmrc")
    (tmp_path / "blob").write_bytes(b"a\0b")
    assert names(tmp_path, ".") == ["client.js", "key.md", "server.py", "services.md"]
    assert names(tmp_path, ".", ".env", "blob") == [".env", "blob", *names(tmp_path, ".")]
    assert not {".env", "blob"} & {item.name for item in pack([".", ".env", "blob"], tmp_path).left_out}
    assert "may hold secrets" in refusal(tmp_path, ".env*").message


def test_a_file_that_is_too_large_is_an_error_if_named_and_said_if_met(tmp_path: Path) -> None:
    plant(tmp_path, "big.txt", "small.txt", text="x" * 101)
    plant(tmp_path, "small.txt")
    bounds = Bounds(file_bytes=100)
    assert refusal(tmp_path, "big.txt", bounds=bounds).message == "big.txt: too large: 101 bytes > 100"
    packet = pack(["."], tmp_path, bounds)
    assert packet.missed == (LeftOut("big.txt", "too large: 101 bytes > 100", wanted=True),)


def test_too_much_says_by_how_much_and_because_of_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, "a", "b", text="x" * 60)
    plant(tmp_path, "c", "d", text="x" * 90)
    told = refusal(tmp_path, ".", bounds=Bounds(total_bytes=100))
    assert (
        told.message
        == "corpus too large: 300 bytes > 100, 200 too many. The biggest: d (90), c (90), b (60)."
    )
    assert "--split" in told.hint
    assert "AGENT_DELEGATE_MAX_CORPUS_BYTES" in told.hint
    monkeypatch.setattr(gather, "MOST_COUNTED", 1)
    plant(tmp_path, "e/f", "g/h", "i/j", text="x" * 60)
    assert "more than" in refusal(tmp_path, ".", bounds=Bounds(total_bytes=100)).message


def test_stdin_and_pages_stand_beside_files(tmp_path: Path) -> None:
    plant(tmp_path, "a.py")
    asked = []

    def fetch(url: str, most: int) -> bytes:
        asked.append((url, most))
        return b"page\r\n"

    packet = pack(
        ["-", "a.py", "http://x/y", "-", "http://x/y"], tmp_path, stdin=lambda: b"piped", fetch=fetch
    )
    assert [(sheet.name, sheet.text) for sheet in packet.sheets] == [
        ("a.py", "x\n"),
        ("http://x/y", "page\n"),
        ("stdin", "piped"),
    ]
    assert asked == [("http://x/y", 750_000)]
    assert refusal(tmp_path, "-").message == "Nothing is piped in, so `-` has nothing to stand for."
    assert refusal(tmp_path, "https://x").message == "https://x can't be fetched here."
    for piped, words in (
        (b" \n", "stdin is empty."),
        (b"a\0", "stdin is no text."),
        (b"xxx", "too large: 3 bytes"),
    ):
        with pytest.raises(InputError, match=words):
            pack(["-"], tmp_path, Bounds(file_bytes=2), stdin=partial(bytes, piped))


def test_a_preview_lists_what_is_sent_and_what_is_not(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", ".env")
    packet = pack(["."], tmp_path)
    assert [(row.name, row.size, row.why_not) for row in preview_rows(packet)] == [
        ("a.py", 2, ""),
        (".env", 0, "may hold secrets"),
    ]
    assert (packet.size, packet.tokens) == (2, preview_rows(packet)[0].tokens)


def test_wide_text_is_read_by_its_mark(tmp_path: Path) -> None:
    (tmp_path / "wide.txt").write_bytes("ünder\r\n".encode("utf-16"))
    assert pack(["."], tmp_path).sheets[0].text.lstrip("\ufeff") == "ünder\n"


def test_files_of_any_length_are_read_to_their_end(tmp_path: Path) -> None:
    for size in (0, 1, 65535, 65536, 65537, 200_000):
        (tmp_path / f"{size}").write_bytes(b"x" * size)
    assert {sheet.name: len(sheet.text) for sheet in pack(["."], tmp_path).sheets} == {
        str(size): size for size in (0, 1, 65535, 65536, 65537, 200_000)
    }


@pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes here")
def test_nothing_is_waited_for_and_no_link_leads_out(tmp_path: Path) -> None:
    plant(tmp_path, "d/a.py", "out.py")
    os.mkfifo(tmp_path / "d" / "pipe")
    (tmp_path / "d" / "out").symlink_to("../out.py")
    (tmp_path / "d" / "e").symlink_to("..", target_is_directory=True)
    packet = pack(["d"], tmp_path)
    assert [sheet.name for sheet in packet.sheets] == ["d/a.py"]
    assert {item.name: item.why for item in packet.left_out} == {
        "d/e": "a link to a folder",
        "d/out": "a link out of the folder",
        "d/pipe": "not a file",
    }
    assert refusal(tmp_path, "d/pipe").message == "d/pipe: not a file"


def test_a_call_that_sends_files_loads_nothing_heavy() -> None:
    heavy = {"asyncio", "pathspec", "pathlib", "difflib", "subprocess", "shutil", "tempfile", "textual"}
    code = (
        "import sys; from tui_delegate.corpus.packing import pack;"
        "from tui_delegate.corpus.frame import render;"
        "render(pack(['tests/corpus'], '.'), 'corpus');"
        f"sys.exit(', '.join({heavy} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)


def test_what_is_too_much_for_one_call_can_be_listed_and_split(tmp_path: Path) -> None:
    plant(tmp_path, "a", "b", text="x" * 90 + "\n")
    bounds = Bounds(file_bytes=80, total_bytes=100)
    packet = pack(["."], tmp_path, bounds.widened())
    assert [row.size for row in preview_rows(packet)] == [91, 91]
    with pytest.raises(InputError, match="182 bytes > 100"):
        packet.check(bounds)
