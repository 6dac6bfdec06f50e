from __future__ import annotations

import difflib
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tui_delegate.tools.diff import for_eyes, unified


def test_a_new_file_comes_from_nowhere() -> None:
    assert unified("a.py", None, b"x\ny\n") == "--- /dev/null\n+++ a.py\n@@ -0,0 +1,2 @@\n+x\n+y\n"


def test_the_file_s_name_stands_on_both_sides() -> None:
    assert unified("a", b"x\n", b"y\n") == "--- a\n+++ a\n@@ -1 +1 @@\n-x\n+y\n"
    assert unified("a", b"x\n", b"") == "--- a\n+++ a\n@@ -1 +0,0 @@\n-x\n"


def test_the_same_is_no_difference() -> None:
    assert unified("a", b"x\n", b"x\n") == unified("a", b"", b"") == ""
    assert unified("a", None, b"") == "--- /dev/null\n+++ a\n"


def test_a_line_without_its_end_is_said() -> None:
    assert unified("a", b"x", b"x\n").splitlines()[3:] == ["-x", "\\ No newline at end of file", "+x"]
    assert unified("a", b"x\n", b"y").splitlines()[3:] == ["-x", "+y", "\\ No newline at end of file"]


def test_bytes_that_are_no_text_are_named_only() -> None:
    assert unified("a", b"\0", b"x") == "Binary files a and a differ\n"
    assert unified("a", None, b"\0") == "Binary files /dev/null and a differ\n"
    assert "-caf\\xe9\n+café\n" in unified("a", b"caf\xe9\n", "café\n".encode())


def test_only_a_line_feed_ends_a_line() -> None:
    assert unified("a", "x\x0cy\u2028z\r\n".encode(), b"x\n").count("\n") == 5


def test_it_says_what_difflib_says_and_patch_makes_the_new_file_of_it(tmp_path: Path) -> None:
    dice = random.Random(7)
    patch = shutil.which("patch")
    for number in range(150):
        old = [f"{dice.randrange(6)}\n" for _ in range(dice.randrange(40))]
        new = [line for line in old if dice.random() > 0.1]
        for _ in range(dice.randrange(4)):
            new.insert(dice.randrange(len(new) + 1), f"{dice.randrange(9)}\n")
        before, after = "".join(old).encode(), "".join(new).encode().rstrip(b"\n" if number % 5 == 0 else b"")
        diff = unified("a", before, after)
        if not diff or not patch or number > 20:
            continue
        (tmp_path / "a").write_bytes(before)
        subprocess.run([patch, "-s", "-p0"], input=diff.encode(), cwd=tmp_path, check=True)
        assert ((tmp_path / "a").read_bytes() if (tmp_path / "a").exists() else b"") == after
    old, new = [f"{n}\n" for n in range(60)], [f"{n}\n" for n in range(60) if n not in (3, 4, 30, 36, 59)]
    theirs = "".join(difflib.unified_diff(old, new, "a", "a"))
    assert unified("a", "".join(old).encode(), "".join(new).encode()) == theirs


def test_two_long_files_without_a_line_in_common_are_compared_in_no_time() -> None:
    old, new = b"a\n" * 30_000, b"b\n" * 30_000
    assert unified("x", old, new).count("\n") == 60_003


@pytest.mark.parametrize("colour", [False, True])
def test_nothing_in_a_diff_can_speak_to_the_terminal(colour: bool) -> None:
    text = b"\x1b]52;c;eA==\x07 \x9b31m\xe2\x80\xae x\r\n"
    shown = for_eyes(unified("a", b"old\n", text), colour=colour)
    own = {"\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[32m", "\x1b[0m"}
    for code in own if colour else ():
        shown = shown.replace(code, "")
    assert shown.replace("\n", "").isprintable()
    assert "␛]52;c;eA==␇ \\x9b31m⟨U+202E⟩ x␍" in shown


def test_colours_come_only_when_wanted() -> None:
    diff = unified("a", b"--x\n", b"++y\n")
    assert for_eyes(diff, colour=False) == diff
    assert for_eyes(diff, colour=True).splitlines() == [
        "\x1b[1m--- a\x1b[0m",
        "\x1b[1m+++ a\x1b[0m",
        "\x1b[36m@@ -1 +1 @@\x1b[0m",
        "\x1b[31m---x\x1b[0m",
        "\x1b[32m+++y\x1b[0m",
    ]
