from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tests.tools.rooms import put, state_of
from tui_delegate.core.errors import (
    BadTarget,
    NotAFile,
    NotWritten,
    RootEscape,
    TargetChanged,
    TargetExists,
)
from tui_delegate.tools import draft, walk
from tui_delegate.tools.target import Written, free, within


def test_a_file_that_is_there_is_kept_without_force(house: Path) -> None:
    (house / "a").write_bytes(b"old\n")
    with within(str(house), "a", str(house)) as target:
        with pytest.raises(TargetExists) as caught:
            target.check()
        with pytest.raises(TargetExists):
            target.write(b"new\n")
    assert (caught.value.code, caught.value.type) == ("target_exists", "target_exists")
    assert "--force" in caught.value.hint
    assert (house / "a").read_bytes() == b"old\n"


def test_what_force_replaces_is_kept_beside_it_with_its_rights(house: Path) -> None:
    (house / "a").write_bytes(b"old\n")
    (house / "a").chmod(0o750)
    written = put(free("a", str(house)), b"new\n", force=True, now=0.0)
    assert written == Written(str(house / "a"), "a.bak-19700101-000000")
    assert ((house / "a").read_bytes(), stat.S_IMODE((house / "a").stat().st_mode)) == (b"new\n", 0o750)
    backup = house / written.backup
    assert (backup.read_bytes(), stat.S_IMODE(backup.stat().st_mode)) == (b"old\n", 0o750)


def test_five_backups_are_kept_and_no_other_file_is_touched(house: Path) -> None:
    mine = {"a.bak-19700101-0000001": b"1", "a.bak-mine": b"2", "ab.bak-19700101-000000": b"3"}
    for name, data in {**mine, "a": b"0", "a.bak-19700101-000003": b"taken"}.items():
        (house / name).write_bytes(data)
    said = [put(free("a", str(house)), b"%d" % n, force=True, now=3.0 + (n > 2)).backup for n in range(1, 8)]
    assert said[:3] == [f"a.bak-19700101-000003-{n:03d}" for n in (1, 2)] + ["a.bak-19700101-000004"]
    assert {name: (house / name).read_bytes() for name in mine} == mine
    assert sorted(
        path.name for path in house.glob("a.bak-19700101-00000?*") if path.name not in mine
    ) == sorted(said[2:])


def test_the_newest_backup_stays_however_fast_they_come_and_whatever_the_clock_says(house: Path) -> None:
    (house / "a").write_bytes(b"0")
    for number in range(1, 20):
        written = put(free("a", str(house)), b"%d" % number, force=True, now=100.0)
        assert (house / written.backup).read_bytes() == b"%d" % (number - 1)
    kept = sorted(path.read_bytes() for path in house.glob("a.bak-*"))
    assert kept == [b"14", b"15", b"16", b"17", b"18"]
    written = put(free("a", str(house)), b"x", force=True, now=50.0)
    assert (house / written.backup).read_bytes() == b"19"


def test_a_name_too_long_for_a_backup_gets_a_shorter_one(house: Path) -> None:
    name = "é" * 127
    (house / name).write_bytes(b"old")
    written = put(free(name, str(house)), b"new", force=True)
    assert (house / written.backup).read_bytes() == b"old"
    assert written.backup.startswith("é" * 100)


def test_the_same_bytes_again_change_nothing(house: Path) -> None:
    (house / "a").write_bytes(b"old\r\n")
    before = (house / "a").stat()
    assert put(free("a", str(house)), b"old\n", force=True) == Written(str(house / "a"), changed=False)
    assert (house / "a").stat().st_mtime_ns == before.st_mtime_ns


def test_the_ends_of_lines_stay_what_they_were(house: Path) -> None:
    rows = [
        (b"a\r\nb\r\n", b"x\ny\n", b"x\r\ny\r\n"),
        (b"a\r\n", b"x\r\ny\n", b"x\r\ny\r\n"),
        (b"a\nb", b"x\r\ny\r\n", b"x\ny\n"),
        (b"a\nb\r\n", b"x\r\ny\n", b"x\r\ny\n"),
        (b"", b"x\r\n", b"x\r\n"),
        (b"\xef\xbb\xbfa\r\n", b"x\n", b"\xef\xbb\xbfx\r\n"),
        (b"a\r\n\0", b"x\n", b"x\n"),
        (b"a\r\n", b"\0\n", b"\0\n"),
    ]
    for before, data, after in rows:
        (house / "a").write_bytes(before)
        with free("a", str(house)) as target:
            assert target.fit(data) == after
            target.write(data, force=True)
        assert (house / "a").read_bytes() == after


def test_a_new_file_has_the_rights_of_any_new_file(house: Path) -> None:
    mask = os.umask(0o027)
    try:
        put(free("sub/a", str(house)), b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((house / "sub/a").stat().st_mode) == 0o640
    assert stat.S_IMODE((house / "sub").stat().st_mode) == 0o750


def test_a_file_that_appeared_or_changed_since_it_was_looked_at_is_not_replaced(house: Path) -> None:
    with free("a", str(house)) as target:
        target.check(force=True)
        (house / "a").write_bytes(b"theirs\n")
        with pytest.raises(TargetExists):
            target.write(b"new\n", force=True)
    with free("a", str(house)) as target:
        assert target.read() == b"theirs\n"
        (house / "a").write_bytes(b"changed\n")
        with pytest.raises(TargetChanged) as caught:
            target.write(b"new\n", force=True)
    assert (caught.value.code, caught.value.type) == ("target_changed", "target_exists")
    with free("a", str(house)) as target:
        assert target.read() == b"changed\n"
        (house / "other").write_bytes(b"changed\n")
        (house / "other").rename(house / "a")
        with pytest.raises(TargetChanged):
            target.write(b"new\n", force=True)
    assert (house / "a").read_bytes() == b"changed\n"
    assert not list(house.glob("a.bak*")) + list(house.glob(".tud-*"))


def test_a_file_that_is_gone_since_it_was_looked_at_is_not_made_again(house: Path) -> None:
    (house / "a").write_bytes(b"old\n")
    with free("a", str(house)) as target:
        target.check(force=True)
        (house / "a").unlink()
        with pytest.raises(TargetChanged):
            target.write(b"new\n", force=True)


def test_what_it_wrote_itself_it_writes_again_without_force_and_without_a_backup(house: Path) -> None:
    with free("a", str(house)) as target:
        target.check()
        target.write(b"1\n")
        assert target.write(b"2\n") == Written(str(house / "a"))
        (house / "a").write_bytes(b"2, tidied\n")
        written = target.write(b"3\n")
        assert (house / written.backup).read_bytes() == b"2, tidied\n"
        assert target.write(b"3\n").changed is False
    (house / "b").write_bytes(b"old\n")
    with free("b", str(house)) as target:
        target.check(force=True)
        backups = [target.write(b"%d\n" % n, force=True).backup for n in range(8)]
    assert (house / backups[0]).read_bytes() == b"old\n"
    assert backups[1:] == [""] * 7


def test_a_place_without_the_right_to_write_is_refused_before_the_call(house: Path) -> None:
    if os.access(house / "locked", os.R_OK):
        pytest.skip("whoever runs this may write everywhere")
    (house / "dir").chmod(0o555)
    with free("dir/a", str(house)) as target, pytest.raises(NotWritten):
        target.check()
    with free("locked", str(house)) as target, pytest.raises(NotAFile):
        target.check(force=True)


def test_a_disk_that_says_no_leaves_nothing_behind(house: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (house / "a").write_bytes(b"old\n")

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    before = state_of(house)
    monkeypatch.setattr(os, "write", full)
    for name in ("a", "b", "new/folder/c"):
        with free(name, str(house)) as target, pytest.raises(NotWritten) as caught:
            target.write(b"new\n", force=True)
        assert "No space left" in caught.value.message
    assert state_of(house) == before


@pytest.mark.parametrize(("held", "nameless"), [(True, True), (True, False), (False, False)])
def test_every_way_of_writing_gives_the_same_files(
    house: Path, held: bool, nameless: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "HELD", held)
    if not nameless:
        monkeypatch.setattr(draft, "_NAMELESS", 0)
    put(free("sub/a", str(house)), b"1\n")
    written = put(free("sub/a", str(house)), b"2\n", force=True)
    assert (house / "sub/a").read_bytes() == b"2\n"
    assert (house / "sub" / written.backup).read_bytes() == b"1\n"
    for name in ("../x", "link_out/x", "dangling_link", "link_out/new/x"):
        with pytest.raises(RootEscape):
            free(name, str(house))
    for name in ("locked/x", "fifo", "dir", "new/"):
        with pytest.raises((NotAFile, BadTarget)):
            put(free(name, str(house)), b"x", force=True)
    monkeypatch.setattr(os, "link", _no_links)
    put(free("sub/b", str(house)), b"3\n")
    replaced = put(free("sub/b", str(house)), b"4\n", force=True)
    assert (house / "sub/b").read_bytes() == b"4\n"
    with free("sub/c", str(house)) as target:
        target.check()
        (house / "sub/c").write_bytes(b"theirs")
        with pytest.raises(TargetExists):
            target.write(b"4\n", force=True)
    assert sorted(os.listdir(house / "sub")) == ["a", written.backup, "b", replaced.backup, "c"]


def _no_links(*_: object, **__: object) -> None:
    raise OSError(1, "Operation not permitted")
