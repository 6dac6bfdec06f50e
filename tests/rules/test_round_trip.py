"""On the disk: whatever a file holds and however it stands there, it comes back to the byte."""

from __future__ import annotations

import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_delegate.rules import apply, hosts

BEGIN, END = "<!-- tui-delegate:begin v2 -->", "<!-- tui-delegate:end -->"
BLOCK = f"{BEGIN}\nX\n{END}"
TEXTS: dict[str, bytes | None] = {
    "absent": None,
    "empty": b"",
    "one line": b"a\n",
    "no last line end": b"a",
    "crlf": b"a\r\nb\r\n",
    "mixed": b"a\r\nb\n",
    "bom": b"\xef\xbb\xbfa\n",
    "latin-1": b"caf\xe9\n",
    "blank runs": b"a\n\n\n\n\nb\n\n\n",
    "in a fence": f"```\n{BLOCK}\n```".encode(),
    "inline block of the other tool": b"<!-- agent-delegate:begin v1 -->q<!-- agent-delegate:end -->",
    "backslashes": b"\\1 \\g<0> C:\\u",
    "include": b"@AGENTS.md\n",
    "percent and braces": b"%s {0} $1\n",
    "emoji and tabs": "\t🙂\n".encode(),
}
REFUSED = {
    "a block of another's words": BLOCK,
    "edited": f"{BEGIN}\nuser edit\n{END}",
    "two": f"{BLOCK}\nkeep\n{BLOCK}",
    "begin only": f"{BEGIN}\nkeep",
    "end only": f"keep\n{END}",
    "nested": f"{BEGIN}\n{BEGIN}\nX\n{END}\n{END}",
    "reversed": f"{END}keep{BEGIN}",
    "reversed lines": f"{END}\nkeep\n{BEGIN}\n",
    "indented": f"  {BLOCK}",
    "open fence": "a\n```\ncode\n",
    "open fence around a block": f"```\n{BLOCK}\n",
}


def both(home: Path) -> tuple[str, str]:
    everyone = hosts.table(home, {})
    tools = hosts.chosen(everyone, "codex-cli")
    put = apply.install(tools, everyone, dry_run=False, force=False)[0]
    taken = apply.uninstall(tools, everyone, dry_run=False, force=False)[0]
    return put.action, taken.action


def stand(home: Path, data: bytes | None, how: str) -> Path:
    file = home / ".codex" / "AGENTS.md"
    file.parent.mkdir()
    real = home / "dot.md" if how == "link" else file
    if how == "link":
        file.symlink_to(real)
    if data is not None:
        real.write_bytes(data)
        real.chmod(0o600 if how == "0600" else 0o644)
    return file


@pytest.mark.parametrize("how", ["file", "link", "0600"])
@pytest.mark.parametrize("name", TEXTS)
def test_bytes_mode_and_link_come_back(tmp_path: Path, name: str, how: str) -> None:
    file = stand(tmp_path, TEXTS[name], how)
    assert both(tmp_path) == ("wrote_new" if TEXTS[name] is None else "appended", "removed")
    assert (file.read_bytes() if file.exists() else None) == TEXTS[name]
    assert file.is_symlink() == (how == "link")
    if TEXTS[name] is not None:
        assert stat.S_IMODE(file.stat().st_mode) == (0o600 if how == "0600" else 0o644)
        assert len(list(file.resolve().parent.glob("*.bak"))) == 2
    assert not list(tmp_path.rglob(".*.tmp"))


@pytest.mark.parametrize("how", ["file", "link"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_damaged_is_refused_and_not_a_byte_changes(tmp_path: Path, name: str, how: str) -> None:
    file = stand(tmp_path, REFUSED[name].encode(), how)
    put, taken = both(tmp_path)
    assert put == "refused"
    assert taken == ("noop" if name == "open fence" else "refused")
    assert file.read_bytes() == REFUSED[name].encode()
    assert not list(tmp_path.rglob("*.bak"))


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=80) | st.text(max_size=40).map(str.encode), st.sampled_from(["file", "link", "0600"])
)
def test_any_bytes_come_back(data: bytes, how: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = stand(Path(folder), data, how)
        both(Path(folder))
        assert file.read_bytes() == data
        assert file.is_symlink() == (how == "link")
        assert stat.S_IMODE(file.stat().st_mode) == (0o600 if how == "0600" else 0o644)


@pytest.mark.parametrize("data", [b"mine\n", "mine\n".encode("utf-16")])
def test_what_was_refused_and_holds_no_block_does_not_keep_files_of_ours(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / ".claude" / "CLAUDE.md"
    file.parent.mkdir()
    file.write_bytes(data)
    file.chmod(0o444)
    everyone = hosts.table(tmp_path, {})
    tools = hosts.chosen(everyone, "claude-code")
    assert "refused" in {one.action for one in apply.install(tools, everyone, dry_run=False, force=False)}
    taken = apply.uninstall(tools, everyone, dry_run=False, force=False)
    assert {one.action for one in taken} == {"noop", "removed"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert file.read_bytes() == data
