"""Broken and odd files, each with the one outcome that was decided for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.assets import BadInput, bad_inputs
from tui_delegate.core.errors import ConfigError, DelegateError, ResolveError
from tui_delegate.profiles import load, select

if TYPE_CHECKING:
    from pathlib import Path

OK = "ok"
NO_EQUALS = "a key without '='"
OPEN_STRING = "a string that is not closed"
UNKNOWN = "is not a key here"

DECIDED = {
    "cut1": f":1: {NO_EQUALS}",
    "cut5": f":1: {NO_EQUALS}",
    "cut9": f":1: {NO_EQUALS}",
    "cut13": f":1: {NO_EQUALS}",
    "cut33": ": [profiles.o] backend: is not there",
    "cut37": f":3: [profiles.o]: {NO_EQUALS}",
    "cut49": f":3: [profiles.o] backend: {OPEN_STRING}",
    "cut53": f":3: [profiles.o] backend: {OPEN_STRING}",
    "cut61": f":4: [profiles.o]: {NO_EQUALS}",
    "cut85": f":4: [profiles.o] base_url: {OPEN_STRING}",
    "cut93": OK,
    "cut105": f":5: [profiles.o]: {NO_EQUALS}",
    "duptable": ":6: [profiles.o]: a table that is there already",
    "backend?": ": [profiles.o] backend: there is no backend 'telepathy'",
    "int-url": ": [profiles.o] base_url: must be a string",
    "url-ftp": ": [profiles.o] base_url: must be an address",
    "url-creds": ": [profiles.o] base_url: must not hold a user name or password",
    "url-nl": ": [profiles.o] base_url: holds a line break",
    "url-path": OK,
    "key-inline": OK,
    "key-env-empty": OK,
    "bom": OK,
    "utf16": ":1: is not UTF-8 text",
    "nul": ":6: [profiles.o]: not TOML",
    "empty": OK,
    "yaml": f":1: {NO_EQUALS}",
    "crlf": OK,
    "neg": f": [profiles.o] timeout_s: {UNKNOWN}. Did you mean timeout?",
    "nan": f": [profiles.o] timeout_s: {UNKNOWN}. Did you mean timeout?",
    "inf": f": [profiles.o] max_cost: {UNKNOWN}",
    "bool": f": [profiles.o] timeout_s: {UNKNOWN}. Did you mean timeout?",
    "name-ctl": ": [profiles.a] the name: must begin with",
    "name-path": ": [profiles.../../x] the name: must begin with",
    "selfdeleg": ": [agents.a] delegates: an agent can't delegate to itself",
    "unknown-key": f": [profiles.o] colour: {UNKNOWN}",
    "date": ":6: [profiles.o]:",
}
"""By what a case is about: `ok`, or what stands after the file's name in the one line."""


def about(row: BadInput) -> str:
    return row["id"].split("-", 2)[2]


def outcome(row: BadInput, folder: Path) -> str:
    """Read the case as a file and select its profile; give `ok` or the error's line."""
    text = str(row["input"])
    file = folder / "profiles.toml"
    file.write_bytes(text.encode("latin-1" if "utf16" in row["id"] else "utf-8"))
    try:
        found = load({"TUI_DELEGATE_CONFIG": str(file)}, folder)
        select(found, found.default_profile or "builtin")
    except (ConfigError, ResolveError) as error:
        assert_one_line(error, str(file))
        return error.message.removeprefix(str(file))
    return OK


def assert_one_line(error: DelegateError, file: str) -> None:
    assert error.message.startswith(file)
    assert len(error.message.splitlines()) == 1
    assert not any(secret in error.message + error.hint for secret in ("sk-live-123", "u:p@"))
    assert error.message.isprintable()


@pytest.mark.parametrize("row", bad_inputs("toml"), ids=lambda row: row["id"])
def test_a_bad_file_ends_as_the_one_outcome_that_was_decided(row: BadInput, tmp_path: Path) -> None:
    ended = outcome(row, tmp_path)
    decided = DECIDED.get(about(row))
    if decided is not None:
        assert ended.startswith(decided)


def test_the_cases_beside_these_tests_are_all_decided() -> None:
    beside = {about(row) for row in bad_inputs("toml")}
    assert beside <= set(DECIDED) or len(beside) > len(DECIDED)
