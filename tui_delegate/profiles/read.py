"""Finds the profiles file, reads it, and lays it over what is built in.

What a table may hold is `keys`'s. Nothing here looks at a server, and a profile that lacks something is
let through: only the one that is selected has to be whole.
"""

from __future__ import annotations

import os
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError
from tui_delegate.profiles import builtin, keys
from tui_delegate.profiles.places import FILE, agent_delegate_paths, config_path, is_told
from tui_delegate.profiles.table import Source, Table
from tui_delegate.profiles.values import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_delegate.profiles.values import Profile

MOST_BYTES: Final = 4_000_000
"""More than anybody writes by hand: what is longer is some other file."""

_PLACE = r"\(at (?:line (\d+), column \d+|end of document)\)"
_KEY_OF_LINE = r"\s*([A-Za-z_]+)\s*="
_TABLE_OF_LINE = r"\s*\[([A-Za-z0-9_.\"' -]{1,80})\]"
_PLAIN_WORDS: Final = {
    "Cannot declare": "a table that is there already",
    "Cannot overwrite": "a key that is there already",
    "Cannot mutate": "a key that is there already",
    "Duplicate": "a key that is there already",
    "Expected '='": "a key without '='",
    "Expected newline": "more than one thing in one line",
    "Illegal character": "a character that can't stand there",
    "Unterminated": "a string that is not closed",
    "Unclosed": "a bracket that is not closed",
    "Invalid date": "a date that does not exist",
    "Invalid initial character": "a key that is missing",
    "Invalid value": "a value that is missing, or not quoted",
}


def load(environ: Mapping[str, str], home: Path) -> Settings:
    """Read our file, or agent-delegate's where ours is absent, or only what is built in.

    What the environment names comes first: our names of a place, then agent-delegate's. Where that is not
    there no file that nobody named stands in for it: its servers and keys would be others than were meant.
    """
    ours, named = config_path(environ), agent_delegate_paths(environ)
    theirs = named[0] if named else home / ".agent-delegate" / FILE
    for path in (theirs,) if named and not is_told(environ) else (ours, theirs):
        if os.path.lexists(path) if path == ours else path.is_file():
            return read(path, environ, lenient=path != ours)
    missing = [
        f"{name} names a file that is not there: {clean_line(str(path), 300)}"
        for name, path in (("TUI_DELEGATE_CONFIG", ours), ("AGENT_DELEGATE_CONFIG", theirs))
        if environ.get(name)
    ]
    return settings_of({}, Source("", warnings=missing), environ)


def read(path: Path, environ: Mapping[str, str], *, lenient: bool = False) -> Settings:
    """Read one file."""
    source = Source(clean_line(str(path), 300), lenient)
    try:
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{source.file}: can't be read: {error.strerror}") from None
    return settings_of(parse(raw, source), source, environ, path)


def parse(raw: bytes, source: Source) -> dict[str, object]:
    """Make TOML of bytes; what is wrong is said without a word of the file."""
    import tomllib

    if len(raw) > MOST_BYTES:
        raise ConfigError(f"{source.file}: is too long to be a profiles file")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{source.file}:{line}: is not UTF-8 text", "Save it as UTF-8.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = _syntax(text, str(error), source.file)
    except (ValueError, RecursionError):  # a number of thousands of digits, brackets in thousands of brackets
        problem = f"{source.file}: is not TOML that can be read"
    raise ConfigError(problem, "The file is TOML; `tui-delegate profiles init` shows what may stand in one.")


def _syntax(text: str, said: str, file: str) -> str:
    lines = text.split("\n")
    place = re.search(_PLACE, said)
    number = int(place[1]) if place and place[1] else max(len(text.rstrip().split("\n")), 1)
    words = next((plain for start, plain in _PLAIN_WORDS.items() if said.startswith(start)), "not TOML")
    line = lines[number - 1] if number <= len(lines) else ""
    headers = [found[1] for earlier in lines[:number] if (found := re.match(_TABLE_OF_LINE, earlier))]
    key = re.match(_KEY_OF_LINE, line)
    known = {key for names in keys.KEYS.values() for key in names}
    table = f" [{headers[-1]}]" if headers else ""
    named = f" {key[1]}" if key and key[1] in known else ""
    where = f"{table}{named}:" if table or named else ""
    return f"{file}:{number}:{where} {words}"


def settings_of(
    data: Mapping[str, object], source: Source, environ: Mapping[str, str], path: Path | None = None
) -> Settings:
    """Make settings of a parsed file, over what is built in."""
    top = Table(source, "", data, keys.KEYS[""])
    agents_at = top.named("agents", keys.KEYS["agents"])
    agents = {name: keys.agent(table, name) for name, table in agents_at.items()}
    written = top.named("profiles", keys.KEYS["profiles"])
    return Settings(
        top.text("default_profile"),
        MappingProxyType(_profiles(written, source, environ)),
        keys.roles(top.table("roles", keys.KEYS["roles"])),
        keys.limits(top.table("limits", keys.KEYS["limits"])) if "limits" in data else None,
        MappingProxyType(agents),
        MappingProxyType(
            {
                name: keys.delegates(table, name, agents)
                for name, table in agents_at.items()
                if "delegates" in table.values
            }
        ),
        MappingProxyType({n: keys.team(t, n) for n, t in top.named("teams", keys.KEYS["teams"]).items()}),
        MappingProxyType({n: keys.tool(t, n) for n, t in top.named("tools", keys.KEYS["tools"]).items()}),
        frozenset(written) - set(source.broken),
        path,
        tuple(source.warnings),
        MappingProxyType(source.broken),
    )


def _profiles(written: Mapping[str, Table], source: Source, environ: Mapping[str, str]) -> dict[str, Profile]:
    ollama = builtin.ollama_url(environ.get("OLLAMA_HOST", ""))
    if ollama is None:
        source.warnings.append("OLLAMA_HOST: is not an address that can be read, left alone")
    found = {}
    for name, table in written.items():
        try:
            whole = _over_builtin(name, table)
            found[name] = keys.profile(whole, name, _usual_url(whole, ollama))
        except ConfigError as error:
            source.leave_out(name, error)
    for name, values in builtin.PROFILES.items():
        if name not in written and name not in source.broken:
            table = Table(source, f"profiles.{name}", values, keys.KEYS["profiles"])
            found[name] = keys.profile(table, name, _usual_url(table, ollama))
    return found


def _usual_url(table: Table, ollama: str | None) -> str:
    return ollama or "" if table.values.get("backend") == "ollama" else ""


def _over_builtin(name: str, table: Table) -> Table:
    """Lay a written profile over the built-in one of its name, as far as they speak of the same thing.

    Another backend is another thing altogether. Another address keeps all but the key, which belongs to
    the address that it was made for.
    """
    under = dict(builtin.PROFILES.get(name, {}))
    if table.values.get("backend", under.get("backend")) != under.get("backend"):
        return table
    moved = any(key in table.values for key in ("base_url", "base_urls"))
    if moved and not _same_origin(table.values, under):
        under.pop("api_key_env", None)
    if "base_urls" in table.values:
        under.pop("base_url", None)
    return Table(table.source, table.name, {**under, **table.values}, table.known)


def _same_origin(values: Mapping[str, object], under: Mapping[str, object]) -> bool:
    told = str(under.get("base_url", ""))
    origin = "/".join(told.split("/")[:3])
    urls = values.get("base_urls")
    several = urls if isinstance(urls, list) else []
    addresses = [str(url) for url in (values.get("base_url", told), *several)]
    return all(url.rstrip("/") == origin or url.startswith(origin + "/") for url in addresses)
