from __future__ import annotations

import errno
import os
import tomllib
from pathlib import Path

import pytest

from tui_delegate.core.errors import ConfigError
from tui_delegate.core.limits import Limits
from tui_delegate.profiles import KEYS, example, init, load, save, select, starter

DATA = {"default_profile": "p", "profiles": {"p": {"backend": "ollama", "default_model": "m"}}}
ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_is_read_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "profiles.toml"
    save(file, DATA)
    assert load({"TUI_DELEGATE_CONFIG": str(file)}, tmp_path).profiles["p"].default_model == "m"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert names(file.parent) == ["profiles.toml"]


def test_a_file_that_was_there_becomes_a_backup_and_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text("# mine\n")
    file.chmod(0o640)
    save(file, DATA, now=0)
    backup = tmp_path / "profiles.toml.19700101-000000-00.bak"
    assert names(tmp_path) == [file.name, backup.name]
    assert backup.read_text() == "# mine\n"
    assert (file.stat().st_mode & 0o777, backup.stat().st_mode & 0o777) == (0o640, 0o640)


def test_saving_the_same_again_touches_nothing(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    save(file, DATA)
    save(file, DATA)
    assert names(tmp_path) == ["profiles.toml"]


def test_five_backups_are_kept_and_nothing_else_is_taken_away(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    (tmp_path / "profiles.toml.mine.bak").write_text("")
    for count in range(8):
        save(file, {"limits": {"depth": count + 1}}, now=count // 2)
    backups = [name for name in names(tmp_path) if name.startswith("profiles.toml.1970")]
    assert len(backups) == 5
    assert backups[-1] == "profiles.toml.19700101-000003-01.bak"
    assert tomllib.loads((tmp_path / backups[-1]).read_text()) == {"limits": {"depth": 7}}
    assert (tmp_path / "profiles.toml.mine.bak").exists()


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "p.toml"
    target.parent.mkdir()
    target.write_text("")
    link = tmp_path / "profiles.toml"
    link.symlink_to(target)
    save(link, DATA, now=0)
    assert link.is_symlink()
    assert tomllib.loads(target.read_text()) == DATA
    assert names(target.parent) == ["p.toml", "p.toml.19700101-000000-00.bak"]


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text("# mine\n")
    with pytest.raises(ConfigError, match="colour"):
        save(file, {"colour": "red"})
    assert file.read_text() == "# mine\n"
    assert names(tmp_path) == ["profiles.toml"]


def test_a_failed_write_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "profiles.toml"
    file.write_text("# mine\n")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="can't be written: No space left on device"):
        save(file, DATA)
    with pytest.raises(ConfigError, match="can't be written"):
        init(tmp_path / "other.toml")
    assert (file.read_text(), names(tmp_path)) == ("# mine\n", ["profiles.toml"])


def test_init_writes_once_and_never_over_a_file(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "profiles.toml"
    assert init(file)
    assert file.read_text(encoding="utf-8") == starter()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("# mine\n")
    assert not init(file)
    assert file.read_text() == "# mine\n"


def test_the_starter_changes_nothing_until_a_line_is_switched_on(tmp_path: Path) -> None:
    file = tmp_path / "profiles.toml"
    init(file)
    found = load({"TUI_DELEGATE_CONFIG": str(file)}, tmp_path)
    nothing = load({"TUI_DELEGATE_HOME": str(tmp_path / "none")}, tmp_path)
    assert (found.profiles, found.limits, found.agents) == (nothing.profiles, Limits(), {})
    assert tomllib.loads(starter()) == {}


def test_the_example_loads_unchanged_and_every_profile_in_it_can_be_selected(tmp_path: Path) -> None:
    assert example() == (ROOT / "profiles.example.toml").read_text(encoding="utf-8")
    found = load({"TUI_DELEGATE_CONFIG": str(ROOT / "profiles.example.toml")}, tmp_path)
    assert found.warnings == ()
    assert all(select(found, name) for name in found.profiles)


def test_the_example_shows_every_table_and_key_with_a_comment_before_it() -> None:
    data = tomllib.loads(example())
    assert set(data) == set(KEYS[""])
    for table in ("profiles", "agents", "teams", "tools"):
        shown = {key for entry in data[table].values() for key in entry}
        assert shown == set(KEYS[table]), table
    assert set(data["profiles"]["openrouter"]["price"]) == set(KEYS["price"])
    assert set(data["roles"]) == set(KEYS["roles"])
    assert set(data["limits"]) == set(KEYS["limits"])


def test_the_limits_of_the_example_are_the_usual_ones() -> None:
    shown = tomllib.loads(example())["limits"]
    usual = {name: getattr(Limits(), name) for name in shown}
    assert {name: value for name, value in shown.items() if usual[name] is not None} == {
        name: value for name, value in usual.items() if value is not None
    }
