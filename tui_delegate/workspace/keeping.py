"""Changes the profiles file: one table, the rest as it was, what was there before kept in a backup.

Comments can't be kept: whoever calls this says so. What may stand in the file is the reader's to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate import profiles
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError
from tui_delegate.core.records import dataclass
from tui_delegate.profiles.read import MOST_BYTES, parse
from tui_delegate.profiles.table import Source

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tui_delegate.core.choice import Choice
    from tui_delegate.profiles import Settings

_ROWS: Final = ("profiles", "agents", "teams", "tools")
"""Tables of tables with names of the person's own."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What was written."""

    path: Path
    backup: Path | None
    comments: bool
    """Whether the file held comments, which only the backup holds now."""
    copied: Path | None = None
    """The other program's file that the rest was copied from."""

    @property
    def words(self) -> str:
        """Say it in a line. Paths in it are clean."""
        said = f"Saved to {_shown(self.path)}."
        if self.copied:
            said += f" The rest is copied from {_shown(self.copied)}, which is not read any more."
        if self.backup:
            lost = " Its comments are only there now." if self.comments else ""
            said += f" What was there before: {clean_line(self.backup.name)}.{lost}"
        return said


@dataclass(frozen=True, slots=True)
class ProfilesFile:
    """The file that holds a person's profiles, or will."""

    path: Path
    source: Path | None
    """The file that was read: ours, another program's, or none."""

    @classmethod
    def of(cls, settings: Settings, environ: Mapping[str, str]) -> ProfilesFile:
        """Find the file."""
        return cls(profiles.config_path(environ), settings.source)

    def has_comments(self) -> bool:
        """Whether there are comments that writing would lose."""
        return any(line.lstrip().startswith("#") or " #" in line for line in self._text().splitlines())

    def table(self, name: str) -> dict[str, object]:
        """Give a profile's table as it stands in the file, secrets and all; empty where it isn't there."""
        return dict(_mapping(_mapping(self._data(), "profiles"), name))

    def put(self, name: str, table: Mapping[str, object], was: Mapping[str, object]) -> Saved:
        """Write a profile's table, unless the file's is not what it `was` when the change began."""
        data = self._data()
        rows = dict(_mapping(data, "profiles"))
        if dict(_mapping(rows, name)) != dict(was):
            raise ConfigError(
                f"{_shown(self.path)}: [profiles.{clean_line(name, 80)}] has been changed meanwhile.",
                "Leave the form and open it again.",
            )
        rows[name] = dict(table)
        return self._save({**data, "profiles": rows})

    def drop(self, name: str) -> Saved:
        """Take a profile's table out."""
        data = self._data()
        rows = {key: value for key, value in _mapping(data, "profiles").items() if key != name}
        return self._save({**data, "profiles": rows})

    def set_default(self, choice: Choice) -> Saved:
        """Write what is picked as what is usual; a role that nothing is picked for stays as it is."""
        data = self._data()
        roles = dict(_mapping(data, "roles"))
        if choice.profile:
            data["default_profile"] = profiles.split(choice.profile)[0]
            roles["manager"] = _place(choice.profile, choice.model)
        if choice.worker_profile:
            roles["worker"] = _place(choice.worker_profile, choice.worker_model)
        return self._save({**data, "roles": roles} if roles else data)

    def _save(self, data: Mapping[str, object]) -> Saved:
        comments = self.source == self.path and self.has_comments()
        backup = profiles.save(self.path, data)
        copied = self.source if self.source not in (None, self.path) else None
        return Saved(self.path, backup, comments, copied)

    def _data(self) -> dict[str, object]:
        data = parse(self._text().encode(), Source(_shown(self.source or self.path)))
        return data if self.source == self.path else _known_only(data)

    def _text(self) -> str:
        source = self.source or self.path
        try:
            if not source.exists():
                return ""
            with source.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError(f"{_shown(source)}: is not UTF-8 text", "Save it as UTF-8.") from None
        except OSError as error:
            raise ConfigError(f"{_shown(source)}: can't be read: {error.strerror}") from None


def uses_of(settings: Settings, name: str) -> list[str]:
    """Say where else in the file a profile is named."""
    found = ["default_profile"] if settings.default_profile == name else []
    roles = settings.roles
    for role, told in (("manager", roles.manager), ("worker", roles.worker)):
        if profiles.split(told)[0] == name:
            found.append(f"roles.{role}")
    found += [f"agents.{agent.name}" for agent in settings.agents.values() if agent.profile == name]
    for other in settings.profiles.values():
        if any(profiles.split(spare)[0] == name for spare in other.fallback):
            found.append(f"profiles.{other.name}.fallback")
    return found


def _place(profile: str, model: str) -> str:
    """Write a place as `profile/model`; the model's name is written whole, for it is read back."""
    return f"{profiles.split(profile)[0]}/{model}" if model else profile


def _known_only(data: Mapping[str, object]) -> dict[str, object]:
    """Leave out what only the other program knows: our file may not hold it."""
    kept: dict[str, object] = {}
    for key in profiles.KEYS[""]:
        value = data.get(key)
        if isinstance(value, dict):
            inner = profiles.KEYS[key]
            kept[key] = (
                {name: _only(row, inner) for name, row in value.items()}
                if key in _ROWS
                else _only(value, inner)
            )
        elif value is not None:
            kept[key] = value
    return kept


def _only(table: object, keys: tuple[str, ...]) -> object:
    return {k: v for k, v in table.items() if k in keys} if isinstance(table, dict) else table


def _mapping(data: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = data.get(key, {})
    return value if isinstance(value, dict) else {}


def _shown(path: Path) -> str:
    return clean_line(str(path), 300)
