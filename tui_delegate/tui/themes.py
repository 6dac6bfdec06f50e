"""Themes: what the file of one may hold, which there are, and what Textual is told of them.

Nothing is drawn here, and no clock runs: whoever wakes up anyway asks `changed()`.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual.app import App
from textual.color import Color
from textual.theme import Theme

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import ConfigError
from tui_delegate.core.records import dataclass
from tui_delegate.profiles.read import parse
from tui_delegate.profiles.table import Source, Table

if TYPE_CHECKING:
    from collections.abc import Mapping


DEFAULT: Final = "nightwatch"
COLOURLESS: Final = "terminal-dark"
"""What is worn where the environment asks for no colour: it selects by a line below, not by a colour."""
FALLBACK: Final = "textual-dark"
"""Textual's own, for an installation that lacks ours."""
FOLDER: Final = "themes"

TONES: Final = ("dim", "line", "ok", "warn", "bad", "live", "think")
NEEDED: Final = ("background", "surface", "panel", "text", "dim", "line", "accent", *TONES[2:])
_TOP: Final = ("name", "dark", "description", "colours")
_NAME: Final = r"[a-z][a-z0-9-]{0,31}"
_HEX: Final = r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})"
_HUES: Final = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_TERMINAL: Final = ("ansi_default", *(f"ansi_{dye}{hue}" for dye in ("", "bright_") for hue in _HUES))
_MOST_BYTES: Final = 64_000
_MOST_FILES: Final = 200


@dataclass(frozen=True, slots=True)
class Palette:
    """A theme as its file tells it. The terminal's own colours begin with `ansi_`: all of them, or none."""

    name: str
    dark: bool
    description: str
    background: str
    surface: str
    panel: str
    text: str
    dim: str
    line: str
    accent: str
    ok: str
    warn: str
    bad: str
    live: str
    think: str
    selection: str = ""
    """The ground of a selected row or text; empty: made of panel and accent."""
    cursor: str = ""
    """The block in the prompt; empty: as the text."""

    @property
    def terminal(self) -> bool:
        """Whether the colours are the terminal's own."""
        return self.text.startswith("ansi_")


def read(raw: bytes, file: str) -> Palette:
    """Make a palette of a file's bytes. Raises a ConfigError of one line that names file and key."""
    if len(raw) > _MOST_BYTES:
        raise ConfigError(f"{file}: is too long to be a theme")
    source = Source(file)
    try:
        top = Table(source, "", parse(raw, source), _TOP)
    except ConfigError as error:
        raise ConfigError(error.message, "themes/README.md says what may stand in one.") from None
    for key in ("name", "dark", "colours"):
        if key not in top.values:
            top.refuse(key, "is missing")
    name = top.text("name")
    if not re.fullmatch(_NAME, name):
        top.refuse("name", "must be small letters, digits and hyphens, 32 at most, a letter first")
    colours = _colours(top.table("colours", (*NEEDED, "selection", "cursor")))
    return Palette(name, top.flag("dark", True), clean_line(top.text("description"), 120), **colours)


def _colours(table: Table) -> dict[str, str]:
    for key in NEEDED:
        if key not in table.values:
            table.refuse(key, "is missing")
    found = {key: _colour(table, key) for key in table.values}
    own = found["text"].startswith("ansi_")
    for key, colour in found.items():
        if colour.startswith("ansi_") != own:
            table.refuse(key, "must be of one kind with text: the terminal's own colours stand alone")
    return found


def _colour(table: Table, key: str) -> str:
    colour = table.text(key)
    if not (re.fullmatch(_HEX, colour) or colour in _TERMINAL):
        table.refuse(key, "must be a colour like #7fc98f, or one of the terminal's own like ansi_green")
    return colour


def textual_theme(palette: Palette) -> Theme:
    """Tell Textual of a palette, so that its own widgets look as ours do."""
    return Theme(
        palette.name,
        primary=palette.accent,
        secondary=palette.dim,
        accent=palette.accent,
        warning=palette.warn,
        error=palette.bad,
        success=palette.ok,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        boost="ansi_default" if palette.terminal else None,
        dark=palette.dark,
        ansi=palette.terminal,
        variables=_variables(palette),
    )


def _variables(palette: Palette) -> dict[str, str]:
    words = {tone: str(getattr(palette, tone)) for tone in TONES}
    words |= _texts(palette)
    return words | (_underlined(palette) if palette.terminal else _grounds(palette))


def _texts(palette: Palette) -> dict[str, str]:
    """Say what is written in which colour; Textual's own mixtures are too faint to read."""
    return {
        **dict.fromkeys(("text-muted", "text-disabled", "text-secondary"), palette.dim),
        **dict.fromkeys(("foreground-muted", "foreground-disabled", "footer-foreground"), palette.dim),
        **dict.fromkeys(("footer-description-foreground", "markdown-h6-color"), palette.dim),
        **dict.fromkeys(("text-primary", "text-accent", "footer-key-foreground"), palette.accent),
        **dict.fromkeys(("link-color", "markdown-h1-color", "markdown-h2-color"), palette.accent),
        **dict.fromkeys(("markdown-h3-color", "markdown-h4-color", "markdown-h5-color"), palette.text),
        **dict.fromkeys(("button-foreground", "link-color-hover"), palette.text),
        "text-success": palette.ok,
        "text-warning": palette.warn,
        "text-error": palette.bad,
        "border": palette.accent,
        "border-blurred": palette.line,
        "footer-background": palette.background,
    }


def _underlined(palette: Palette) -> dict[str, str]:
    """Select by a line below: it is seen in every palette and without any, and every tone can be read on it.

    To turn colours round would be usual, but Textual's lists do not do it.
    """
    own = "ansi_default"
    grounds = ("block-cursor-background", "block-cursor-blurred-background")
    texts = ("block-cursor-foreground", "block-cursor-blurred-foreground")
    selected = ("screen-selection-background", "input-selection-background")
    scrollbar = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
    return {
        **dict.fromkeys((*grounds, *texts, *scrollbar, "scrollbar-corner-color"), own),
        **dict.fromkeys(("scrollbar", "scrollbar-hover"), palette.line),
        "scrollbar-active": palette.accent,
        "block-cursor-text-style": "bold underline",
        "block-cursor-blurred-text-style": "bold",
        "block-hover-background": own,
        "input-cursor-text-style": "reverse",
        **dict.fromkeys(selected, "ansi_bright_blue"),
        **dict.fromkeys(("screen-selection-foreground", "input-selection-foreground"), "ansi_black"),
        "ansi-background": own,
        "ansi-foreground": own,
    }


def _grounds(palette: Palette) -> dict[str, str]:
    selection = palette.selection or _mixed(palette.panel, palette.accent, 0.2)
    scrollbar = ("scrollbar-background", "scrollbar-background-hover", "scrollbar-background-active")
    tones = {
        "primary": palette.accent,
        "secondary": palette.dim,
        "accent": palette.accent,
        "success": palette.ok,
        "warning": palette.warn,
        "error": palette.bad,
    }
    selected = ("block-cursor-background", "input-selection-background", "screen-selection-background")
    return {
        **{f"{name}-muted": _mixed(palette.background, tone, 0.12) for name, tone in tones.items()},
        # A button that the mouse is on: further from the ground that its letters are cut out to.
        **{f"{name}-darken-2": _mixed(tone, palette.text, 0.2) for name, tone in tones.items()},
        "error-darken-1": _mixed(palette.bad, palette.text, 0.2),
        "accent-darken-1": selection,
        **dict.fromkeys(selected, selection),
        **dict.fromkeys(("block-cursor-foreground", "block-cursor-blurred-foreground"), palette.text),
        **dict.fromkeys(("input-selection-foreground", "input-cursor-background"), palette.text),
        **({"input-cursor-background": palette.cursor} if palette.cursor else {}),
        **dict.fromkeys(("block-cursor-blurred-background", "block-hover-background"), palette.panel),
        **dict.fromkeys(("panel-lighten-1", "panel-darken-1", "surface-active"), palette.panel),
        **dict.fromkeys((*scrollbar, "scrollbar-corner-color"), palette.background),
        "scrollbar": palette.line,
        "scrollbar-hover": palette.dim,
        "scrollbar-active": palette.accent,
        "link-background-hover": selection,
        **dict.fromkeys(("button-color-foreground", "input-cursor-foreground"), palette.background),
    }


def _mixed(ground: str, over: str, share: float) -> str:
    return Color.parse(ground).blend(Color.parse(over), share, alpha=1.0).hex


def shipped() -> Path:
    """Say where our themes are: inside the package once installed, beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / FOLDER
    return inside if inside.is_dir() else package.parent / FOLDER


_Mark = tuple[tuple[str, int, int], ...]


class Themes:
    """All themes there are: ours, and over them those of the person's own folder."""

    def __init__(
        self, own: Path | None = None, *, ours: Path | None = None, colourless: bool = False
    ) -> None:
        """`own` is the person's folder, which need not be there; `colourless` wears no colour at all."""
        self._own = own
        self._ours = ours or shipped()
        self._colourless = colourless
        self._mark: _Mark = ()
        self.palettes: Mapping[str, Palette] = {}
        self.notices: tuple[str, ...] = ()
        """One line for each file that could not be used."""
        self.load()

    def load(self) -> None:
        """Read every file again."""
        self._mark = _mark(self._own)
        notices: list[str] = []
        ours, theirs = _read_all(self._ours, notices), _read_all(self._own, notices)
        if DEFAULT not in ours:
            notices.append(f"The theme {DEFAULT} is missing from this installation; install it again.")
        self.palettes = {**ours, **theirs}
        self.notices = tuple(notices)

    def changed(self) -> bool:
        """Say whether a file of the person's folder came, went or changed since they were read."""
        return _mark(self._own) != self._mark

    def worn(self, wanted: str) -> str:
        """Say which theme is put on where this one is wanted."""
        choices = (COLOURLESS,) if self._colourless else (wanted, DEFAULT)
        return next((name for name in choices if name in self.palettes), FALLBACK)

    def register(self, app: App[Any]) -> None:
        """Make all of them known to an app."""
        for palette in self.palettes.values():
            app.register_theme(textual_theme(palette))

    def put_on(self, app: App[Any], wanted: str) -> None:
        """Put a theme on, also where it is the one that is worn and its file has changed."""
        name = self.worn(wanted)
        before = app.get_theme(name)
        self.register(app)
        if app.theme != name:
            app.theme = name
        elif app.get_theme(name) != before:  # to style everything anew takes a while
            app.mutate_reactive(App.theme)

    def follow(self, app: App[Any], wanted: str) -> bool:
        """Read again and put on what changed in the person's folder; say whether anything did."""
        if not self.changed():
            return False
        self.load()
        self.put_on(app, wanted)
        return True


def _files(folder: Path | None) -> list[Path]:
    if folder is None:
        return []
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")[:_MOST_FILES]
    except OSError:
        return []


def _mark(folder: Path | None) -> _Mark:
    """Tell one state of a folder from another without reading it."""
    marks = []
    for path in _files(folder):
        try:
            found = path.stat()
        except OSError:
            continue
        marks.append((path.name, found.st_mtime_ns, found.st_size))
    return tuple(marks)


def _read_all(folder: Path | None, notices: list[str]) -> dict[str, Palette]:
    found: dict[str, Palette] = {}
    for path in _files(folder):
        file = clean_line(path.name, 80)
        try:
            palette = read(_bytes(path, file), file)
        except ConfigError as error:
            notices.append(clean_line(f"Theme left out. {error.message}", 300))
            continue
        if palette.name in found:
            notices.append(f"Theme left out. {file}: name: another file has the name {palette.name} too")
            continue
        found[palette.name] = palette
    return found


def _bytes(path: Path, file: str) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            raise ConfigError(f"{file}: is not a file")
        with path.open("rb") as opened:
            return opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{file}: can't be read: {error.strerror}") from None
