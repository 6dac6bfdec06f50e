from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from textual.app import ComposeResult
from textual.color import Color
from textual.widgets import Input, OptionList, Static

from tests.assets import bad_inputs
from tui_delegate.core.errors import ConfigError
from tui_delegate.profiles.table import Source
from tui_delegate.tui import themes
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.themes import DEFAULT, FALLBACK, Palette, Themes, read, shipped, textual_theme

SHIPPED = Themes().palettes
PAINTED = [palette for palette in SHIPPED.values() if not palette.terminal]
READ = ("text", "dim", "accent", "ok", "warn", "bad", "live", "think")
STRONG = ("beacon", "noon")
GOOD = (shipped() / f"{DEFAULT}.toml").read_text(encoding="utf-8")
each = pytest.mark.parametrize("palette", PAINTED, ids=lambda palette: palette.name)


class Small(Stage):
    def __init__(self, shelf: Themes) -> None:
        super().__init__()
        self.shelf = shelf

    def compose(self) -> ComposeResult:
        yield Static("words", id="words")
        yield Input("typed")
        yield OptionList("one", "two")


def luminance(colour: Color) -> float:
    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b)


def contrast(over: Color, ground: Color) -> float:
    bright, dark = sorted((luminance(ground + over), luminance(ground)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def variables(palette: Palette) -> dict[str, str]:
    theme = textual_theme(palette)
    return {**theme.to_color_system().generate(), **theme.variables}


def least(palette: Palette) -> float:
    return 7.0 if palette.name in STRONG else 4.5


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text.encode("utf-8", "surrogatepass"), "mine.toml")
    assert "\n" not in caught.value.message
    return caught.value.message


def test_there_are_enough_themes_of_each_kind() -> None:
    dark = [palette for palette in SHIPPED.values() if palette.dark]
    assert (len(dark) >= 5, len(SHIPPED) - len(dark) >= 5, len(SHIPPED) >= 10) == (True, True, True)
    assert [palette.name for palette in SHIPPED.values() if palette.terminal] == [
        "terminal-dark",
        "terminal-light",
    ]
    assert (SHIPPED["beacon"].dark, SHIPPED["noon"].dark, SHIPPED[DEFAULT].dark) == (True, False, True)
    assert Themes().notices == ()


def test_each_shipped_theme_is_named_as_its_file_and_says_what_it_is() -> None:
    for path in shipped().glob("*.toml"):
        palette = read(path.read_bytes(), path.name)
        assert palette.name == path.stem
        assert palette.description.endswith(".")


def test_no_two_themes_look_alike() -> None:
    looks = [tuple(getattr(palette, key) for key in themes.NEEDED) for palette in SHIPPED.values()]
    assert len(set(looks)) == len(looks)


@each
def test_every_text_can_be_read_on_every_ground(palette: Palette) -> None:
    found = variables(palette)
    text = Color.parse(palette.text)
    surface = Color.parse(palette.surface)
    grounds = {key: Color.parse(getattr(palette, key)) for key in ("background", "surface", "panel")}
    grounds["focused surface"] = surface.blend(text, 0.05)
    grounds["selected row"] = Color.parse(found["block-cursor-background"])
    grounds["selected text"] = Color.parse(found["screen-selection-background"])
    weak = {
        (tone, where): round(ratio, 2)
        for tone in READ
        for where, ground in grounds.items()
        if (ratio := contrast(Color.parse(getattr(palette, tone)), ground)) < least(palette)
    }
    assert not weak


@each
def test_what_textual_makes_of_a_theme_can_be_read_too(palette: Palette) -> None:
    found = {
        **variables(palette),
        "focused": Color.parse(palette.surface).blend(Color.parse(palette.text), 0.05).hex,
    }
    pairs = [
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
        ("foreground", "block-hover-background"),
        *(
            (text, ground)
            for text in ("text-muted", "text-disabled", "foreground-muted")
            for ground in ("background", "surface", "panel", "focused")
        ),
        *((text, "footer-background") for text in ("footer-key-foreground", "footer-description-foreground")),
        *((text, "panel-lighten-1") for text in ("foreground", "text-success", "text-warning", "text-error")),
        ("foreground", "panel-darken-1"),
        ("text-disabled", "panel-darken-1"),
        ("button-foreground", "surface"),
        ("button-foreground", "focused"),
        *((f"text-{kind}", f"{kind}-muted") for kind in ("primary", "success", "warning", "error")),
        *(("button-color-foreground", kind) for kind in ("primary", "success", "warning", "error")),
        *(("button-color-foreground", f"{kind}-darken-2") for kind in ("primary", "success", "warning")),
        ("button-color-foreground", "error-darken-1"),
        ("input-cursor-foreground", "input-cursor-background"),
        ("input-selection-foreground", "input-selection-background"),
        ("foreground", "accent-darken-1"),
        ("foreground", "secondary-muted"),
        ("link-color", "background"),
        ("link-color", "surface"),
        ("link-color-hover", "link-background-hover"),
        *((f"markdown-h{level}-color", "background") for level in range(1, 7)),
    ]
    weak = {
        pair: round(ratio, 2)
        for pair in pairs
        if (ratio := contrast(Color.parse(found[pair[0]]), Color.parse(found[pair[1]]))) < least(palette)
    }
    assert not weak


@each
def test_a_selected_row_and_a_line_can_be_told_from_what_is_around_them(palette: Palette) -> None:
    found = variables(palette)
    for ground in ("background", "surface"):
        assert contrast(Color.parse(found["block-cursor-background"]), Color.parse(found[ground])) >= 1.15
    assert contrast(Color.parse(palette.line), Color.parse(palette.background)) >= 1.3


@each
def test_states_and_the_accent_differ_from_each_other(palette: Palette) -> None:
    tones = [Color.parse(getattr(palette, key)) for key in ("ok", "warn", "bad", "live", "think", "accent")]
    for index, one in enumerate(tones):
        for other in tones[:index]:
            assert abs(one.r - other.r) + abs(one.g - other.g) + abs(one.b - other.b) > 40


def test_the_terminals_own_colours_are_told_by_name_only() -> None:
    for name in ("terminal-dark", "terminal-light"):
        palette = SHIPPED[name]
        assert (palette.text, palette.background) == ("ansi_default", "ansi_default")
        assert all(getattr(palette, tone).startswith("ansi_") for tone in (*READ, "line"))
        found = variables(palette)
        assert found["block-cursor-text-style"] == "bold underline"
        assert not [key for key, value in found.items() if value.startswith("#")]


def test_a_theme_needs_no_selection_and_no_cursor() -> None:
    short = "".join(line for line in GOOD.splitlines(True) if not line.startswith(("selection", "cursor")))
    palette = read(short.encode(), "mine.toml")
    assert (palette.selection, palette.cursor) == ("", "")
    assert variables(palette)["input-cursor-background"] == palette.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mine.toml: name: is missing"),
        (GOOD.replace("dark = true", ""), "mine.toml: dark: is missing"),
        (GOOD.replace("dark = true", "dark = 1"), "mine.toml: dark: must be true or false"),
        (
            GOOD.replace("[colours]", "[colors]"),
            "mine.toml: colors: is not a key here. Did you mean colours?",
        ),
        (
            GOOD.replace("warn =", "worn ="),
            "mine.toml: [colours] worn: is not a key here. Did you mean warn?",
        ),
        (GOOD.replace('name = "nightwatch"', 'name = "My Theme"'), "mine.toml: name: must be small letters"),
        (GOOD.replace('name = "nightwatch"', "name = 3"), "mine.toml: name: must be a string"),
        (GOOD.split("[colours]")[0] + "colours = 3", "mine.toml: colours: must be a table"),
        (GOOD.split("ok =")[0], "mine.toml: [colours] ok: is missing"),
        (GOOD + "\n" + "x" * 70_000, "mine.toml: is too long to be a theme"),
    ],
)
def test_what_is_wrong_with_a_theme_is_one_line_that_names_file_and_key(text: str, said: str) -> None:
    assert refusal(text).startswith(said)


@pytest.mark.parametrize(
    "colour",
    ["red", "#12345", "#11223344", "rgb(1,2,3)", "ansi_pink", "auto", "$text", "#gggggg", "", "#٣٣٣"],
)
def test_a_colour_is_hexadecimal_or_the_terminals_own(colour: str) -> None:
    text = GOOD.split("ok =")[0] + f'ok = "{colour}"\nwarn="#111"\nbad="#111"\nlive="#111"\nthink="#111"\n'
    assert refusal(text).startswith("mine.toml: [colours] ok: must be a colour like #7fc98f")


def test_the_terminals_own_colours_do_not_mix_with_painted_ones() -> None:
    text = GOOD.split("ok =")[0] + 'ok = "ansi_green"\nwarn="#111"\nbad="#111"\nlive="#111"\nthink="#111"\n'
    assert "[colours] ok: must be of one kind with text" in refusal(text)


@pytest.mark.parametrize("row", bad_inputs("toml"), ids=lambda row: row["id"])
def test_whatever_stands_in_a_theme_file_is_a_line_and_never_a_crash(
    row: dict[str, str], tmp_path: Path
) -> None:
    raw = row["b"].encode("latin-1") if "b" in row else row["input"].encode("utf-8", "surrogatepass")
    (tmp_path / "bad.toml").write_bytes(raw)
    shelf = Themes(tmp_path)
    (notice,) = shelf.notices
    assert notice.startswith("Theme left out. bad.toml:")
    assert notice.isprintable()
    assert set(shelf.palettes) == set(SHIPPED)


def test_a_name_with_control_bytes_reaches_no_notice(tmp_path: Path) -> None:
    (tmp_path / "x\x1b]0;gone\x07.toml").write_text("name = 3\n")
    (tmp_path / "y.toml").write_text('"\\u001b[31m" = 3\n')
    assert all(notice.isprintable() for notice in Themes(tmp_path).notices)
    assert len(Themes(tmp_path).notices) == 2


def test_what_is_no_file_is_left_out_and_never_waited_for(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.toml")
    shelf = Themes(tmp_path)
    assert len(shelf.notices) >= 2
    assert all(notice.startswith("Theme left out.") for notice in shelf.notices)


def test_a_persons_file_takes_the_place_of_ours_and_is_seen_to_change(tmp_path: Path) -> None:
    folder = tmp_path / "themes"
    shelf = Themes(folder)
    assert not shelf.changed()
    folder.mkdir()
    assert not shelf.changed()
    (folder / "a.toml").write_text(GOOD.replace(SHIPPED[DEFAULT].ok, "#00ff00"))
    assert shelf.changed()
    shelf.load()
    assert (shelf.palettes[DEFAULT].ok, shelf.changed()) == ("#00ff00", False)
    os.utime(folder / "a.toml", ns=(1, 1))
    assert shelf.changed()
    shelf.load()
    (folder / "a.toml").unlink()
    assert shelf.changed()
    shelf.load()
    assert shelf.palettes[DEFAULT] == SHIPPED[DEFAULT]


def test_the_second_file_of_one_name_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text(GOOD)
    assert Themes(tmp_path).notices == (
        "Theme left out. b.toml: name: another file has the name nightwatch too",
    )


def test_a_theme_that_is_not_there_is_the_default_one(tmp_path: Path) -> None:
    assert Themes().worn("paper") == "paper"
    assert Themes().worn("never-heard-of") == DEFAULT
    bare = Themes(ours=tmp_path)
    assert bare.worn("paper") == FALLBACK
    assert "missing from this installation" in bare.notices[-1]


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_every_theme_can_be_put_on(name: str) -> None:
    async def main() -> None:
        app = Small(Themes())
        async with app.run_test(size=(40, 12)) as pilot:
            app.shelf.put_on(app, name)
            await pilot.pause()
            assert (app.theme, app.native_ansi_color) == (name, SHIPPED[name].terminal)
            assert app.theme_variables["live"] == SHIPPED[name].live
            assert "words" in app.export_screenshot()

    asyncio.run(main())


def test_a_theme_that_is_worn_changes_when_its_file_does(tmp_path: Path) -> None:
    async def main() -> None:
        shelf = Themes(tmp_path)
        app = Small(shelf)
        async with app.run_test(size=(40, 12)) as pilot:
            shelf.put_on(app, DEFAULT)
            await pilot.pause()
            (tmp_path / "a.toml").write_text(GOOD.replace(SHIPPED[DEFAULT].background, "#102030"))
            assert shelf.follow(app, DEFAULT)
            await pilot.pause()
            assert app.screen.styles.background == Color.parse("#102030")
            assert not shelf.follow(app, DEFAULT)
            (tmp_path / "a.toml").write_text("name = 3")
            assert shelf.follow(app, DEFAULT)
            await pilot.pause()
            assert app.screen.styles.background == Color.parse(SHIPPED[DEFAULT].background)
            assert shelf.notices == ("Theme left out. a.toml: dark: is missing",)
            heard: list[str] = []
            app.theme_changed_signal.subscribe(app.screen, lambda theme: heard.append(theme.name))
            shelf.put_on(app, DEFAULT)
            await pilot.pause()
            assert heard == []

    asyncio.run(main())


def test_without_colour_nothing_of_it_reaches_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    async def main() -> None:
        shelf = Themes(colourless=True)
        app = Small(shelf)
        async with app.run_test(size=(40, 12)) as pilot:
            shelf.put_on(app, "plum")
            app.query_one(OptionList).focus()
            await pilot.press("down")
            await pilot.pause()
            assert app.theme == "terminal-dark"
            strips = app.screen._compositor.render_strips()
            styles = [
                segment.style
                for strip in strips
                for segment in strip.apply_filter(app._filters[-1], Color(0, 0, 0))
                if segment.style
            ]
            assert all(style.color is None or style.color.is_default for style in styles)
            assert all(style.bgcolor is None or style.bgcolor.is_default for style in styles)
            assert any(style.underline and style.bold for style in styles)

    asyncio.run(main())


def test_the_page_lists_every_theme_and_shows_a_file_that_can_be_read() -> None:
    page = (Path(__file__).parents[2] / "themes" / "README.md").read_text(encoding="utf-8")
    listed = page.partition("<!-- themes -->\n")[2].partition("<!-- /themes -->")[0]
    assert listed == "".join(
        f"| `{one.name}` | {'dark' if one.dark else 'light'} | {one.description} |\n"
        for one in sorted(SHIPPED.values(), key=lambda one: (not one.dark, one.name))
    )
    example = page.partition("```toml\n")[2].partition("```")[0]
    assert read(example.encode(), "README.md").name == "my-theme"


def test_the_reader_of_profiles_says_no_word_of_profiles_here() -> None:
    assert Source("x").file == "x"
    with pytest.raises(ConfigError) as caught:
        read(b"a: b", "mine.toml")
    assert "profiles" not in caught.value.message + caught.value.hint
