"""The view of a growing text: wrapped as it comes, followed, selected, searched, and always clean."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import ComposeResult
from textual.geometry import Offset
from textual.pilot import Pilot
from textual.selection import SELECT_ALL, Selection
from textual.strip import Strip

from tests.assets import bad_inputs
from tui_delegate.core.clean import clean
from tui_delegate.tui.figures import cut
from tui_delegate.tui.stage import Stage
from tui_delegate.tui.widgets.lines import BADGE, CARET, Lines
from tui_delegate.tui.widgets.page import LONGEST, Page
from tui_delegate.tui.widgets.wrap import end_of_row

LETTERS = "ab  -*.\n\t中文。「」\u0301\u200d\ufe0f❤👨👩🇫é#`©"
TEXTS = st.text(alphabet=LETTERS, max_size=120)
WIDTHS = st.integers(2, 30)
PROSE = "The quick brown fox jumps over the lazy dog and sleeps. "


class LinesStage(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.lines = Counting()

    def compose(self) -> ComposeResult:
        yield self.lines


class Counting(Lines):
    """Lines that count the rows which they had to draw."""

    drawn = 0

    def _draw(self, row: int, width: int) -> Strip:
        self.drawn += 1
        return super()._draw(row, width)

    def follows(self) -> bool:
        return self.following

    def shown(self) -> list[str]:
        return [strip.text.rstrip() for strip in self.render_lines(self.size.region)]


def staged(test: Callable[[Counting, Pilot[int]], Awaitable[None]], size: tuple[int, int] = (40, 10)) -> None:
    async def main() -> None:
        app = LinesStage()
        async with app.run_test(size=size) as pilot:
            await test(app.lines, pilot)

    asyncio.run(main())


def shape(page: Page) -> object:
    return [(line.text, line.starts, line.hang, line.code, line.goes_on) for line in page.lines], page.rows


def wrapped(text: str, width: int, pieces: Iterable[str] | None = None) -> Page:
    page = Page(width)
    page.write("", "text")
    for piece in [text] if pieces is None else pieces:
        page.write(piece, "text")
    return page


def rows_of(page: Page) -> list[str]:
    rows = []
    for row in range(len(page.rows)):
        line, start, end = page.span(row)
        rows.append(line.text[start:end])
    return rows


@given(TEXTS, WIDTHS)
@settings(deadline=None)
def test_text_that_comes_letter_by_letter_stands_as_if_it_had_come_at_once(text: str, width: int) -> None:
    assert shape(wrapped(text, width, text)) == shape(wrapped(text, width))


@given(st.lists(TEXTS, max_size=6), WIDTHS, WIDTHS)
@settings(deadline=None)
def test_wrapping_anew_is_wrapping_at_that_width(texts: list[str], first: int, second: int) -> None:
    page = wrapped("".join(texts), first, texts)
    page.wrap(second)
    assert shape(page) == shape(wrapped("".join(texts), second))


@given(st.text(alphabet="ab   c-", max_size=300), WIDTHS, st.integers(0, 40))
@settings(deadline=None)
def test_plain_text_breaks_where_any_text_would(text: str, width: int, start: int) -> None:
    plain = end_of_row(text, start, width, plain=True)
    assert plain == end_of_row(text, start, width, plain=False)


@given(st.text(alphabet="ab 中文。é👨❤", max_size=120), WIDTHS)
@settings(deadline=None)
def test_no_row_is_wider_than_the_view(text: str, width: int) -> None:
    page = wrapped(text, width)
    for row, shown in enumerate(rows_of(page)):
        hang = page.span(row)[0].hang if page.rows[row][1] else 0
        assert cell_len(shown.rstrip(" ")) + hang <= width


@given(TEXTS, WIDTHS)
@settings(deadline=None)
def test_what_is_shortened_fits(text: str, width: int) -> None:
    assert cell_len(cut(text.replace("\n", " "), width)) <= width


@given(TEXTS, st.integers(2, 30))
@settings(deadline=None, max_examples=30)
def test_nothing_is_lost_by_wrapping(text: str, width: int) -> None:
    page = wrapped(text, width)
    joined = "".join(rows_of(page))
    assert joined == "".join(line.text for line in page.lines)
    assert page.between((0, 0), (page.end, 0)) == "\n".join(_expanded(line) for line in text.split("\n"))


def _expanded(line: str) -> str:
    return line.expandtabs(4)


def test_words_stay_whole_and_lists_hang() -> None:
    page = wrapped("- one two three four", 12)
    assert rows_of(page) == ["- one two ", "three four"]
    assert page.lines[0].hang == 2


def test_wide_text_breaks_between_characters_but_not_before_a_full_stop() -> None:
    assert rows_of(wrapped("中文中文。中", 8)) == ["中文中", "文。中"]


def test_a_family_of_joined_pictures_is_not_taken_apart() -> None:
    family = "👨\u200d👩\u200d👧"
    assert rows_of(wrapped(f"abcde{family}", 6)) == ["abcde", family]


def test_endless_words_and_lines_cost_what_they_are_long() -> None:
    page = Page(80)
    began = time.process_time()
    for _ in range(50_000):
        page.write("word ", "text")
    page.write("x" * 1_000_000, "text")
    page.write("\u0301" * 100_000, "text")
    page.write(" " * 100_000, "text")
    assert time.process_time() - began < 10
    assert max(len(line.text) for line in page.lines) < 3 * LONGEST


def test_a_long_line_is_still_one_line_when_it_is_copied() -> None:
    page = Page(80)
    page.write("word " * 10_000, "text")
    assert len(page.lines) > 1
    assert page.between((0, 0), (page.end, 0)) == "word " * 10_000


def test_the_oldest_lines_go_and_their_place_says_so() -> None:
    page = Page(20, most=100)
    for number in range(500):
        page.write(f"line {number}\n", "text")
    assert len(page.lines) <= 100
    assert page.lines[0].text == f"… {page.first + 1:,} earlier lines left out"
    assert "line 499" in rows_of(page)


def test_the_view_follows_until_the_person_goes_up_and_says_what_is_new() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        for number in range(30):
            lines.write(f"line {number}\n")
        await pilot.pause()
        assert any("line 29" in row for row in lines.shown())
        lines.focus()
        await pilot.press("pageup")
        await pilot.wait_for_scheduled_animations()
        assert not lines.follows()
        before = lines.shown()
        lines.write("more\n")
        assert lines.shown()[:-1] == before[:-1]
        assert BADGE.strip() in lines.shown()[-1]
        await pilot.press("end")
        await pilot.pause()
        assert lines.follows()
        assert any("more" in row for row in lines.shown())
        assert BADGE.strip() not in "".join(lines.shown())

    staged(test)


def test_a_click_on_the_badge_follows_again() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("text\n" * 50)
        await pilot.pause()
        lines.scroll_to(y=3, animate=False)
        lines.write("more")
        await pilot.pause()
        assert not lines.follows()
        await pilot.click(lines, offset=(lines.size.width - 5, lines.size.height - 1))
        assert lines.follows()

    staged(test)


def test_dropping_old_lines_leaves_the_view_where_it_is() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.page = Page(30, most=200)
        for number in range(200):
            lines.write(f"line {number}\n")
        await pilot.pause()
        lines.scroll_to(y=150, animate=False)
        await pilot.pause()
        before = lines.shown()
        for number in range(60):
            lines.write(f"new {number}\n")
        assert lines.page.first
        assert lines.shown()[:-1] == before[:-1]

    staged(test)


def test_a_few_tokens_draw_a_row_or_two_however_much_is_there() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write(PROSE * 400)
        lines.shown()
        lines.drawn = 0
        lines.write("and more words ")
        lines.shown()
        assert lines.drawn <= 3
        lines.write("`")
        lines.drawn = 0
        lines.write("word\n")
        lines.shown()
        assert lines.drawn <= lines.size.height

    staged(test)


def test_a_new_width_keeps_the_place() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        for number in range(100):
            lines.write(f"line {number}: {PROSE}\n")
        await pilot.pause()
        row = lines.page.row_of(40, 0)
        lines.scroll_to(y=row, animate=False)
        await pilot.pause()
        await pilot.resize_terminal(25, 10)
        await pilot.pause()
        assert lines.shown()[0].strip().startswith("line 40:")
        assert not lines.follows()
        assert all(cell_len(strip.text) == 25 for strip in lines.render_lines(lines.size.region))

    staged(test)


def test_what_follows_stays_at_the_end_when_the_width_changes() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write(PROSE * 30 + "the end")
        await pilot.resize_terminal(25, 8)
        await pilot.pause()
        assert lines.follows()
        assert "end" in "".join(lines.shown()[-2:])

    staged(test)


def test_selected_text_is_what_was_written_without_the_ends_of_rows() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write(PROSE.strip() + "\nsecond")
        selected = lines.get_selection(Selection(Offset(4, 0), Offset(3, 1)))
        assert selected == (PROSE.strip()[4:] + "\nsec", "\n")
        assert lines.get_selection(SELECT_ALL) == (PROSE.strip() + "\nsecond", "\n")

    staged(test, (20, 10))


def test_text_is_selected_by_the_mouse() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write(PROSE.strip())
        await pilot.pause()
        await pilot.mouse_down(lines, offset=(lines.indent, 0))
        await pilot.hover(lines, offset=(lines.indent + 5, 1))
        await pilot.mouse_up(lines, offset=(lines.indent + 5, 1))
        await pilot.pause()
        first = rows_of(lines.page)[0]
        assert (lines.screen.get_selected_text() or "").startswith(first + rows_of(lines.page)[1][:4])

    staged(test, (24, 10))


def test_a_search_finds_whatever_the_case_and_goes_round() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        for number in range(60):
            lines.write(f"{'Needle' if number % 20 == 5 else 'hay'} {number}\n")
        await pilot.pause()
        assert lines.find("NEEDLE") == 3
        assert any("Needle 45" in row for row in lines.shown())
        hit = lines.find_next()
        assert hit is not None
        assert hit.line == 5
        assert any("Needle 5" in row for row in lines.shown())
        assert lines.find("[") == 0
        assert lines.find_next() is None
        assert lines.find("") == 0

    staged(test)


def test_what_is_found_stands_out() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("one two three")
        plain = len(list(lines.render_lines(lines.size.region)[0]))
        lines.find("two")
        assert len(list(lines.render_lines(lines.size.region)[0])) > plain

    staged(test)


def test_headings_code_lists_and_strong_words_stand_out_and_lose_nothing() -> None:
    text = "# Title\n- item **bold** `code`\n> quote\n```py\nx = 1\n```\nplain"

    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write(text)
        strips = lines.render_lines(lines.size.region)
        assert [strip.text.strip() for strip in strips[:7]] == text.split("\n")
        styles = [{segment.text.strip(): segment.style for segment in strip} for strip in strips]
        heading, bold, code = styles[0]["# Title"], styles[1]["bold"], styles[1]["code"]
        assert heading is not None
        assert heading.bold
        assert bold is not None
        assert bold.bold
        assert code == styles[4]["x = 1"]
        assert styles[6]["plain"] != styles[2]["> quote"]
        assert lines.text == text

    staged(test)


def test_kinds_have_their_own_tone_and_begin_their_own_line() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("I think", "thought")
        lines.write("I say", "text")
        lines.divide("attempt 2")
        lines.write("wrong", "error")
        rows = lines.shown()
        assert [row.strip(" ─") for row in rows[:4]] == ["I think", "I say", "attempt 2", "wrong"]
        thought = list(lines.render_lines(lines.size.region)[0])[1].style
        assert thought is not None
        assert thought.italic

    staged(test)


def test_a_caret_stands_where_more_is_to_come() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("so far")
        lines.live = True
        assert lines.shown()[0].strip() == f"so far{CARET}"
        lines.live = False
        assert lines.shown()[0].strip() == "so far"

    staged(test)


def test_a_caret_leaves_the_row_above_a_new_attempt() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("so far")
        lines.live = True
        assert CARET in lines.shown()[0]
        lines.divide("attempt 2")
        lines.write("anew")
        assert [row.strip() for row in lines.shown()[:1]] == ["so far"]
        assert CARET in lines.shown()[2]

    staged(test)


def test_a_foot_stands_under_the_text_and_is_no_part_of_it() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("text")
        lines.foot("It failed because " + PROSE * 10, "bad")
        rows = [row for row in lines.shown() if row]
        assert len(rows) == 4
        assert rows[-1].endswith("…")
        assert lines.text == "text"
        lines.foot("")
        assert [row for row in lines.shown() if row] == ["  text"]

    staged(test)


def test_a_sequence_that_is_cut_in_two_never_reaches_the_screen() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("before \x1b[3")
        lines.write("1mred\x1b[0m after\x1b")
        lines.settle()
        assert lines.text == "before red after"

    staged(test)


def test_no_bad_input_brings_a_control_byte_to_the_screen() -> None:
    texts = [str(row["input"]) for row in bad_inputs("ansi")]

    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        for text in texts:
            for at in range(0, min(len(text), 2_000), 7):
                lines.write(text[at : at + 7])
            lines.settle()
            lines.divide(text[:200])
            lines.foot(text[:200])
            for strip in lines.render_lines(lines.size.region):
                assert strip.text == clean(strip.text)

    staged(test)


def test_square_brackets_are_text() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("[bold]not bold[/bold] [link=x]y[/]")
        assert lines.shown()[0].strip() == "[bold]not bold[/bold] [link=x]y[/]"

    staged(test)


def test_clearing_begins_anew() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write(PROSE * 50)
        await pilot.pause()
        lines.scroll_to(y=2, animate=False)
        lines.clear()
        lines.write("new")
        await pilot.pause()
        assert lines.follows()
        assert [row for row in lines.shown() if row] == ["  new"]

    staged(test)


def test_another_theme_gives_other_colours() -> None:
    async def test(lines: Counting, pilot: Pilot[int]) -> None:
        lines.write("text")
        dark = list(lines.render_lines(lines.size.region)[0])[1].style
        lines.app.theme = "textual-light"
        await pilot.pause()
        await pilot.pause()
        assert list(lines.render_lines(lines.size.region)[0])[1].style != dark

    staged(test)
