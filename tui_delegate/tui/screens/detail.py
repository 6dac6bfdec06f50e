"""One turn in full: its answer, all that it said, what it was sent, its raw reply, its calls and files.

The sections are texts that are made when they are looked at. A turn that goes on is shown anew by whoever
opened the screen, with `show_node`.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.document._document import Document, Selection
from textual.widgets import Input, Static, TextArea

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.specs import seat_name
from tui_delegate.core.transcript import ENDED
from tui_delegate.tui import figures, rebuilt
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.modal import Modal
from tui_delegate.tui.widgets.answer import Answer
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Transcript

SECTIONS: Final = ("answer", "transcript", "request", "reply", "calls", "files")
_MARKDOWN_LONGEST: Final = 60_000
"""Characters above which an answer is shown as plain text: Markdown is read as a whole here."""

_QUICK: Final = 200_000
"""Characters that may be laid out anew in a second of a turn that goes on."""


class DetailScreen(Modal[None]):
    """Shows one node of a transcript."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("detail.next", "Next section", "Show the next section.", "tab", first=True, label="section"),
        Command("detail.previous", "Section before", "Show the section before.", "shift+tab", first=True),
        *(
            Command(f"detail.{name}", f"Show {name}", f"Show the section {name}.", str(number))
            for number, name in enumerate(SECTIONS, 1)
        ),
        Command("detail.copy", "Copy", "Copy what is selected, else the section.", "y", label="copy"),
        Command("detail.search", "Search", "Search in the section.", "ctrl+f,slash", label="search"),
        Command("detail.again", "Search on", "Go to the next place.", "n,f3"),
        Command("detail.close", "Close", "Back to where you were.", "escape", label="close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "detail")]
    DEFAULT_CSS = """
    DetailScreen {
        background: $background;
        & #head, & #sections { height: auto; padding: 0 1; }
        & #sections { margin-bottom: 1; }
        & #body { height: 1fr; }
        & #page { border: none; padding: 0 1; background: $background; }
        & #page:focus { border: none; }
        & #answer { padding: 0 1; scrollbar-size-vertical: 1; }
        & Answer { padding: 0; margin: 0; }
        & #find { height: 1; padding: 0 1; border: none; background: $surface; display: none; }
        &.-find #find { display: block; }
        & #answer { display: none; }
        &.-answer #answer { display: block; }
        &.-answer #page { display: none; }
    }
    """

    def __init__(self, transcript: Transcript, path: RunPath, section: str = "answer") -> None:
        super().__init__()
        self._transcript = transcript
        self._path = path
        self._section = section if section in SECTIONS else SECTIONS[0]
        self._drawn: tuple[object, ...] = ()
        self._due = 0.0
        self._left = False

    def compose(self) -> ComposeResult:
        """Lay out the head, the sections and the keys."""
        yield Static(id="head", markup=False)
        yield Static(id="sections", markup=False)
        with Horizontal(id="body"):
            with VerticalScroll(id="answer"):
                yield Answer()
            yield TextArea(
                id="page", read_only=True, compact=True, highlight_cursor_line=False, soft_wrap=True
            )
        yield TypedLine(id="find", compact=True, placeholder="search, enter for the next")
        yield Foot(self.commands)

    def on_mount(self) -> None:
        """Show the section that was asked for, or what there is while there is no answer."""
        if self._section == "answer" and self._node.state != "done":
            self._section = "transcript"
        self._go(self._section)

    def on_resize(self) -> None:
        """Write the calls anew: they go by the width."""
        if self._drawn and self._section == "calls":
            self._show()

    @property
    def rate(self) -> float:
        """How often it looks again while its turn goes on."""
        return 4.0

    def flush(self) -> None:
        """Look again, when the frame clock says so."""
        self.show_node()

    def beat(self) -> bool:
        """Look again, as long as its turn goes on and it stands in front."""
        self.show_node()
        return self.is_attached and self._node.state not in ENDED

    def show_node(self, now: float | None = None) -> None:
        """Look again; redraws only what has changed, and long texts of a turn that goes on less often."""
        now = time.monotonic() if now is None else now
        due = self._due if self._node.state not in ENDED else 0.0
        # Not before its parts are there, nor while they go: the clock knows nothing of either.
        if self._drawn and now >= due and self._stands and self._drawn != self._mark():
            self._show()
            self._due = now + min(len(self._page.text) / _QUICK, 2.0)

    def action_detail_next(self) -> None:
        """Show the next section."""
        self._go(SECTIONS[(SECTIONS.index(self._section) + 1) % len(SECTIONS)])

    def action_detail_previous(self) -> None:
        """Show the section before."""
        self._go(SECTIONS[SECTIONS.index(self._section) - 1])

    def action_detail_answer(self) -> None:
        """Show the answer."""
        self._go("answer")

    def action_detail_transcript(self) -> None:
        """Show all that was said."""
        self._go("transcript")

    def action_detail_request(self) -> None:
        """Show what was sent."""
        self._go("request")

    def action_detail_reply(self) -> None:
        """Show what came, as it came."""
        self._go("reply")

    def action_detail_calls(self) -> None:
        """Show the model calls."""
        self._go("calls")

    def action_detail_files(self) -> None:
        """Show the files."""
        self._go("files")

    def action_detail_copy(self) -> None:
        """Copy what is selected, else all of the section."""
        picked = self.get_selected_text() or self._page.selected_text
        self.app.copy_to_clipboard(picked or self._text())
        self.notify("Copied what is selected." if picked else f"Copied: {self._section}.", markup=False)

    def action_detail_search(self) -> None:
        """Open the line to search with. Markdown can't be searched: its text is in the transcript."""
        if self._section == "answer":
            self._go("transcript")
        self.add_class("-find")
        self.query_one("#find").focus()

    def action_detail_again(self) -> None:
        """Go to the next place where the word stands."""
        self._find(self.query_one("#find", Input).value)

    def action_detail_close(self) -> None:
        """Close the search, or the screen."""
        if self.has_class("-find"):
            self.remove_class("-find")
            self._page.focus()
        elif not self._left:
            self._left = True  # keys may be in line behind this one
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search on."""
        event.stop()
        self._find(event.value)

    def on_answer_link_clicked(self, event: Answer.LinkClicked) -> None:
        """A model's link leads nowhere by itself; where it would lead is said."""
        event.stop()
        self.notify(f"The link leads to {clean_line(event.href, 120)}", markup=False)

    @property
    def _stands(self) -> bool:
        return self.is_attached and self in self.app.screen_stack

    @property
    def _node(self) -> Node:
        return self._transcript.node(self._path)

    @property
    def _page(self) -> TextArea:
        return self.query_one("#page", TextArea)

    def _go(self, section: str) -> None:
        self._section = section
        self._show()
        (self.query_one("#answer") if self.has_class("-answer") else self._page).focus()

    def _mark(self) -> tuple[object, ...]:
        """Say what the drawing depends on, cheaply: parts only grow at their end."""
        node = self._node
        grown = len(node.parts[-1].text) if node.parts else 0
        figures_of = (len(node.parts), grown, len(node.calls), node.edited, len(node.children))
        return (self._section, node.attempt, node.state, node.detail, *figures_of)

    def _show(self) -> None:
        fresh = not self._drawn or self._drawn[0] != self._section
        self._drawn = self._mark()
        self.query_one("#head", Static).update(self._head())
        self.query_one("#sections", Static).update(_section_line(self._section))
        text = self._text()
        styled = self._section == "answer" and len(text) <= _MARKDOWN_LONGEST
        self.set_class(styled, "-answer")
        if styled:
            self.query_one(Answer).show(text)
        else:
            self._load(text, fresh=fresh)

    def _load(self, text: str, *, fresh: bool) -> None:
        """Put a text on the page; whoever reads at its end stays there, whoever reads elsewhere too."""
        page = self._page
        place, at_end = page.scroll_offset, page.scroll_offset.y >= page.max_scroll_y
        page.load_text(text)
        if fresh:
            page.scroll_home(animate=False)
        elif at_end:
            page.scroll_end(animate=False)
        else:
            page.scroll_to(y=place.y, animate=False)

    def _text(self) -> str:
        node = self._node
        match self._section:
            case "answer":
                return clean(node.text) or "No answer yet."
            case "transcript":
                return rebuilt.story(node)
            case "request":
                return rebuilt.request(self._transcript, self._path)
            case "reply":
                return rebuilt.raw(node)
            case "calls":
                return rebuilt.calls(node, self.size.width - 4)
            case _:
                return rebuilt.files(node)

    def _head(self) -> Content:
        node, sign = self._node, figures.sign_of(self._node)
        title = clean_line(node.task_name, 80) if self._path else "manager"
        where = clean_line(seat_name(node.profile, node.model)) if node.model else ""
        about = [where, figures.REROUTED.word if node.rerouted else ""]
        about += [f"attempt {node.attempt}" if node.attempt > 1 else "", f"{figures.tokens(node.usage)} tok"]
        about.append(figures.dollars(node.cost))
        reason = figures.reason_of(node)
        return Content.assemble(
            (f"{figures.place(self._path)} ", "$dim"),
            (f"{sign.glyph} {sign.word}", f"${sign.tone}"),
            (f"  {title}", "bold"),
            ("  " + " · ".join(part for part in about if part), "$dim"),
            (f"\n{reason}" if reason else "", "$bad"),
        )

    def _find(self, word: str) -> None:
        """Select the next place of a word, from the cursor on and then from the start."""
        page = self._page
        if not word:
            return
        document = page.document
        assert isinstance(document, Document)
        pattern = re.compile(re.escape(word), re.IGNORECASE)
        begin = document.get_index_from_location(page.cursor_location)
        found = pattern.search(page.text, begin) or pattern.search(page.text)
        if found is None:
            self.notify("It is not in this section.", markup=False)
            return
        at = document.get_location_from_index
        page.selection = Selection(at(found.start()), at(found.end()))
        page.scroll_cursor_visible(center=True)


def _section_line(now: str) -> Content:
    parts = [
        Content.assemble((str(number), "$dim"), "\xa0", (name, "bold $accent" if name == now else "$dim"))
        for number, name in enumerate(SECTIONS, 1)
    ]
    return Content("   ").join(parts)
