from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from tui_delegate import disk


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_gets_new_bytes_and_the_mode_that_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "a"
    for text in (b"one", b"two"):
        disk.replace(file, text, 0o640)
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode), names(tmp_path)) == (b"two", 0o640, ["a"])


def test_a_full_disk_leaves_what_was_there_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    file = tmp_path / "a"
    file.write_bytes(b"mine")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        disk.replace(file, b"new")
    assert (file.read_bytes(), names(tmp_path)) == (b"mine", ["a"])


def test_what_got_no_name_is_gone_again(tmp_path: Path) -> None:
    with disk.aside(tmp_path / "a", b"new") as fresh:
        assert fresh.read_bytes() == b"new"
    assert names(tmp_path) == []


def test_what_it_held_stands_in_the_order_of_time_also_within_a_second(tmp_path: Path) -> None:
    file = tmp_path / "[a]"
    kept = [disk.keep(file, str(count).encode(), 0o600, now=0.0) for count in range(7)]
    assert names(tmp_path) == [path.name for path in kept[2:]]
    assert kept[-1].name == "[a].19700101-000000-06.bak"
    with pytest.raises(FileExistsError):
        disk.write_new(kept[-1], b"other")
    assert kept[-1].read_bytes() == b"6"


def test_what_a_person_named_is_new_or_replaced_where_they_said_so(tmp_path: Path) -> None:
    file, link = tmp_path / "a", tmp_path / "link"
    disk.save(file, b"one", mode=0o640)
    link.symlink_to(file)
    for path in (file, link):
        with pytest.raises(FileExistsError):
            disk.save(path, b"two")
    disk.save(link, lambda out: out.write(b"three"), over=True)
    assert (link.is_symlink(), file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (
        True,
        b"three",
        0o640,
    )
    with pytest.raises(OSError, match="it is no file"):
        disk.save(tmp_path, b"four", over=True)
    assert names(tmp_path) == ["a", "link"]


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    file = tmp_path / "a"
    with pytest.raises(FileExistsError):
        disk.save(file, lambda out: file.write_bytes(b"theirs"))
    assert (file.read_bytes(), names(tmp_path)) == (b"theirs", ["a"])


def test_without_links_a_new_file_is_renamed_into_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    disk.save(tmp_path / "a", b"one")
    assert ((tmp_path / "a").read_bytes(), names(tmp_path)) == (b"one", ["a"])
