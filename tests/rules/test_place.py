from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tui_delegate.core.errors import FileRefused
from tui_delegate.rules import place

KILLED = """
import os, signal, sys
from pathlib import Path
from tui_delegate.rules import place
sys.addaudithook(lambda event, args: os.kill(os.getpid(), signal.SIGKILL) if event == sys.argv[2] else None)
place.replace(place.look(Path(sys.argv[1])), b"new")
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "CLAUDE.md"
    path.write_bytes(b"mine\r\n")
    return path


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def refusal(path: Path) -> str:
    with pytest.raises(FileRefused) as caught:
        place.look(path)
    assert caught.value.message.startswith(str(path))
    return caught.value.message


def test_a_file_is_replaced_whole_and_what_was_there_is_kept(file: Path) -> None:
    file.chmod(0o640)
    kept = place.replace(place.look(file), b"new")
    assert kept is not None
    assert (file.read_bytes(), kept.read_bytes()) == (b"new", b"mine\r\n")
    assert {stat.S_IMODE(path.stat().st_mode) for path in (file, kept)} == {0o640}
    assert names(file.parent) == sorted(["CLAUDE.md", kept.name])


def test_five_copies_are_kept_and_no_more(file: Path) -> None:
    for number in range(8):
        place.replace(place.look(file), b"%d" % number)
    copies = [name for name in names(file.parent) if name.endswith(".bak")]
    assert len(copies) == 5
    assert (file.parent / copies[-1]).read_bytes() == b"6"


def test_a_file_to_come_gets_the_mode_that_the_umask_gives(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        place.replace(place.look(tmp_path / "new.md"), b"x")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.md").stat().st_mode) == 0o600


def test_links_are_followed_and_both_names_are_shown(file: Path) -> None:
    one, two = file.with_name("one.md"), file.with_name("two.md")
    two.symlink_to(file.name)
    one.symlink_to(two)
    spot = place.look(one)
    assert spot.shown == f"{one} -> {file}"
    place.replace(spot, b"new")
    assert one.is_symlink()
    assert two.is_symlink()
    assert file.read_bytes() == b"new"


def test_a_link_to_a_file_to_come_is_written_through(tmp_path: Path) -> None:
    link = tmp_path / "CLAUDE.md"
    link.symlink_to(tmp_path / "dot.md")
    place.replace(place.look(link), b"new")
    assert link.is_symlink()
    place.remove(place.look(link))
    assert link.is_symlink()
    assert not link.exists()


def test_what_is_no_plain_file_is_refused_with_the_reason(file: Path, tmp_path: Path) -> None:
    folder, pipe, device, other = (tmp_path / name for name in ("folder", "pipe", "device", "other"))
    folder.mkdir()
    os.mkfifo(pipe)
    device.symlink_to(os.devnull)
    assert "is a folder" in refusal(folder)
    assert "is a named pipe" in refusal(pipe)
    assert "is a device" in refusal(device)
    os.link(file, other)
    assert "has 2 names (hard links)" in refusal(other)
    other.unlink()
    loop, back = tmp_path / "loop", tmp_path / "back"
    loop.symlink_to(back)
    back.symlink_to(loop)
    assert "lead round in a circle" in refusal(loop)
    astray = tmp_path / "astray"
    astray.symlink_to(tmp_path / "gone" / "x.md")
    assert "that folder isn't there" in refusal(astray)
    assert "is a file, not a folder" in refusal(file / "below")
    file.chmod(0o400)
    assert "is write-protected" in refusal(file)


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert "is a socket" in refusal(tmp_path / "s")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_users_file_is_refused(file: Path) -> None:
    os.chown(file, 12345, -1)
    assert "belongs to another user (number 12345)" in refusal(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be in any group")
def test_the_group_is_kept(file: Path) -> None:
    os.chown(file, -1, 12345)
    place.replace(place.look(file), b"new")
    assert file.stat().st_gid == 12345


def test_a_file_without_end_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "MOST_BYTES", 3)
    assert "is larger than" in refusal(file)


@pytest.mark.parametrize("sign", [".CLAUDE.md.swp", ".#CLAUDE.md", "#CLAUDE.md#", ".CLAUDE.md.kate-swp"])
def test_a_file_that_an_editor_has_open_is_refused(file: Path, sign: str) -> None:
    link = file.with_name("link.md")
    link.symlink_to(file)
    place.refuse_open(place.look(link))
    file.with_name(sign).symlink_to("nobody@nowhere.1")
    with pytest.raises(FileRefused, match="an editor has it open"):
        place.refuse_open(place.look(link))


def test_a_file_that_changed_since_it_was_read_is_left_alone(file: Path, tmp_path: Path) -> None:
    spot, fresh = place.look(file), place.look(tmp_path / "fresh.md")
    file.write_bytes(b"somebody else")
    (tmp_path / "fresh.md").write_bytes(b"somebody else")
    for seen in (spot, fresh):
        with pytest.raises(FileRefused, match="changed by another program just now"):
            place.replace(seen, b"new")
        assert seen.path.read_bytes() == b"somebody else"
    with pytest.raises(FileRefused, match="changed by another program just now"):
        place.remove(spot)
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


def test_a_file_that_was_exchanged_for_an_equal_one_is_left_alone(file: Path) -> None:
    spot = place.look(file)
    twin = file.with_name("twin")
    twin.write_bytes(b"mine\r\n")
    twin.replace(file)
    with pytest.raises(FileRefused, match="changed by another program just now"):
        place.replace(spot, b"new")


@pytest.mark.parametrize(
    ("before", "event", "after"), [(b"old", "os.rename", b"old"), (None, "os.remove", b"new")]
)
def test_a_process_that_is_killed_leaves_the_old_file_or_the_new_and_nothing_in_the_way(
    tmp_path: Path, before: bytes | None, event: str, after: bytes
) -> None:
    file = tmp_path / "CLAUDE.md"
    if before is not None:
        file.write_bytes(before)
    done = subprocess.run([sys.executable, "-c", KILLED, str(file), event], check=False, cwd=Path.cwd())
    assert done.returncode == -signal.SIGKILL
    assert file.read_bytes() == after
    assert [name for name in names(tmp_path) if name.endswith(".tmp")]
    with place.held(file):
        place.replace(place.look(file), b"newer")
    assert file.read_bytes() == b"newer"
    assert not [name for name in names(tmp_path) if name.endswith(".tmp")]


def test_two_of_us_never_work_in_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "PATIENCE", 0.0)
    one, two = tmp_path / "a.md", tmp_path / "b.md"
    with place.held(one), pytest.raises(FileRefused, match="another tui-delegate"), place.held(two):
        raise AssertionError("never reached")
    with place.held(two):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cant_be_written_is_named(file: Path) -> None:
    file.parent.chmod(0o500)
    try:
        with pytest.raises(FileRefused, match="can't be written: Permission denied"):
            place.replace(place.look(file), b"new")
    finally:
        file.parent.chmod(0o700)


FULL = """
import resource, sys
from pathlib import Path
from tui_delegate.core.errors import FileRefused
from tui_delegate.rules import place
spot = place.look(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    place.replace(spot, b"x" * 2000)
except FileRefused as error:
    print(error.message)
"""


def test_a_full_disk_leaves_the_file_as_it_was_and_nothing_beside_it(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(file)], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert done.stdout == f"{file}: can't be written: File too large\n"
    assert file.read_bytes() == b"mine\r\n"
    assert names(file.parent) == ["CLAUDE.md"]
