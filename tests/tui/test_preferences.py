from __future__ import annotations

import json
import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_delegate.core.errors import ConfigError, InputError
from tui_delegate.core.limits import Limits
from tui_delegate.profiles import load as load_profiles
from tui_delegate.tui.preferences import (
    ITEMS,
    PREFIX,
    Preferences,
    choices_of,
    limit_text,
    load,
    load_keys,
    save_limits,
    store,
    store_keys,
    text_of,
    with_limit,
    with_text,
)
from tui_delegate.tui.themes import Themes


def other(name: str) -> str:
    """A pick that is not the usual one, as it is stored."""
    usual, choices = getattr(Preferences(), name), choices_of(name)
    if choices:
        return next(choice for choice in choices if choice != text_of(Preferences(), name))
    if isinstance(usual, int):
        return str(usual + 1)
    return "model,out" if isinstance(usual, tuple) else "paper"


OTHERS = load({PREFIX + name: other(name) for name in ITEMS}.get)


def test_every_pick_comes_back_as_it_was_stored() -> None:
    kept: dict[str, str] = {}
    store(Preferences(), OTHERS, kept.__setitem__)
    assert set(kept) == {PREFIX + name for name in ITEMS}
    assert load(kept.get) == OTHERS


def test_only_what_changed_is_stored() -> None:
    kept: dict[str, str] = {}
    store(OTHERS, replace(OTHERS, split=60), kept.__setitem__)
    assert kept == {"screen.split": "60"}


def test_every_pick_has_words_for_settings_and_a_usual_value_that_is_allowed() -> None:
    for name, item in ITEMS.items():
        assert item.title
        assert item.help.endswith(".")
        assert with_text(OTHERS, name, text_of(Preferences(), name)) != OTHERS
        assert all(text_of(with_text(OTHERS, name, choice), name) == choice for choice in choices_of(name))
    assert Preferences().theme in Themes().palettes
    assert Preferences().notify_after == 20


@given(st.sampled_from(list(ITEMS)), st.text(max_size=30))
def test_a_damaged_pick_is_as_if_it_had_never_been_made(name: str, told: str) -> None:
    found = load({PREFIX + name: told}.get)
    assert found == Preferences() or text_of(found, name) == text_of(with_text(found, name, told), name)


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("approval", "always", "ask before: must be one of off, tools, all."),
        ("mouse", "yes", "mouse: must be one of on, off."),
        ("split", "81", "width of the chat: must be a whole number from 20 to 80."),
        ("notify_after", "٣", "a run is long after: must be a whole number from 0 to 86400."),
        ("theme", "\x1b[31m", "theme: '' can't be its name."),
        ("columns", "model,model", "ledger columns: must be names, each of them once."),
        ("columns", "Model", "ledger columns: must be names with commas between them."),
    ],
)
def test_what_a_pick_may_be_is_said_in_one_line(name: str, told: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        with_text(Preferences(), name, told)
    assert caught.value.message == said


def test_keys_come_back_as_they_were_stored_and_damaged_ones_do_not() -> None:
    kept: dict[str, str] = {}
    store_keys({"pane.cancel": "c,C"}, kept.__setitem__)
    assert load_keys(kept.get) == {"pane.cancel": "c,C"}
    for damaged in (
        "",
        "{",
        "[]",
        "3",
        '{"a": 3}',
        '{"a": "\\u001b"}',
        '{"a\\u001b": "x"}',
        '{"a": ""}',
        "[" * 9000,
    ):
        assert load_keys({"keys": damaged}.get) == {}
    assert load_keys({"keys": json.dumps({"a": "x", "b": 3})}.get) == {"a": "x"}


def test_every_limit_can_be_typed_as_it_is_shown() -> None:
    limits = Limits(depth=4, tokens=1000, cost=0.25, nested=True)
    for one in fields(Limits):
        assert with_limit(limits, one.name, limit_text(limits, one.name)) == limits
    assert with_limit(limits, "tokens", "none").tokens is None
    assert limit_text(Limits(cost=1.5), "cost") == "1.5"


@pytest.mark.parametrize(
    ("name", "told", "said"),
    [
        ("depth", "0", "depth: must be a whole number, 1 or above"),
        ("depth", "none", "depth: must be a whole number, 1 or above"),
        ("max_tasks", "x", "max_tasks: must be a whole number"),
        ("nested", "perhaps", "nested: must be true or false"),
        ("seconds", "nan", "seconds: must be a number"),
        ("depth", " ", "depth: is empty; `none` takes a bound away."),
    ],
)
def test_what_a_limit_may_be_is_said_in_one_line(name: str, told: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        with_limit(Limits(), name, told)
    assert caught.value.message.startswith(said)


def test_saving_limits_keeps_all_else_in_the_file_and_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(
        "# mine\ndefault_profile = 'p'\n[limits]\ntokens = 5\nmax_uses = 10\n"
        "[profiles.p]\nbackend = 'builtin'\n"
    )
    save_limits(path, Limits(depth=5))
    written = tomllib.loads(path.read_text())
    assert written["limits"] == {"depth": 5, "max_uses": 10}
    assert (written["default_profile"], written["profiles"]) == ("p", {"p": {"backend": "builtin"}})
    (backup,) = tmp_path.glob("*.bak")
    assert backup.read_text().startswith("# mine")
    assert load_profiles({"TUI_DELEGATE_HOME": str(tmp_path)}, tmp_path).limits == Limits(depth=5)
    save_limits(path, Limits(max_uses=10))
    save_limits(path, Limits())
    assert tomllib.loads(path.read_text())["limits"] == {"depth": 3, "max_uses": 10}


def test_saving_usual_limits_where_there_is_no_file_says_nothing_of_them(tmp_path: Path) -> None:
    save_limits(tmp_path / "profiles.toml", Limits())
    assert tomllib.loads((tmp_path / "profiles.toml").read_text()) == {}
    save_limits(tmp_path / "profiles.toml", Limits(cost=0.5))
    assert tomllib.loads((tmp_path / "profiles.toml").read_text()) == {"limits": {"cost": 0.5}}


def test_a_file_that_is_wrong_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text("[limits\n")
    with pytest.raises(ConfigError, match=r"profiles\.toml:1"):
        save_limits(path, Limits(depth=5))
    assert path.read_text() == "[limits\n"
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        save_limits(path, Limits(depth=5))


def test_another_programs_file_is_not_shadowed(tmp_path: Path) -> None:
    theirs, ours = tmp_path / "theirs.toml", tmp_path / "profiles.toml"
    theirs.write_text("")
    with pytest.raises(InputError, match="another program's file"):
        save_limits(ours, Limits(depth=5), read_from=theirs)
    assert not ours.exists()
