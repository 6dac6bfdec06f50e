"""The question before something is done: what, where, with which files; and the person's verdict.

Nothing is approved by a slip: escape refuses, and keys that were meant for what was here before are dropped.
What a verdict does is for whoever asked.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from tui_delegate.core.approval import Verdict
from tui_delegate.core.clean import clean_line, show_controls
from tui_delegate.core.specs import seat_name
from tui_delegate.tui import figures
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.box import Box
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.core.approval import Question

Doing = Literal["answer", "edit", "place", "reason"]
GUARD = 0.5
"""Seconds in which a key is taken for one that was meant for what was here before."""
_PLACES_SHOWN = 200
_ASKED = {
    "delegation": "May this be delegated?",
    "code": "May this code run?",
    "write": "May this be written?",
}
_WHEN: dict[str, Doing] = {
    "approval_keep": "edit",
    "approval_yes": "answer",
    "approval_edit": "answer",
    "approval_reroute": "answer",
    "approval_no": "answer",
    "approval_run": "answer",
}


class ApprovalScreen(Box[Verdict]):
    """Gives a verdict. Edits and a new place are seen before they are approved."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command("approval.yes", "Approve", "Let it be done as it is shown.", "enter,a", label="approve"),
        Command("approval.edit", "Edit the task", "Put the task in other words first.", "e", label="edit"),
        Command("approval.reroute", "Send elsewhere", "Choose where it runs.", "r", label="elsewhere"),
        Command("approval.no", "Refuse", "Refuse, with a reason for the manager.", "n", label="no, why"),
        Command(
            "approval.run",
            "Approve all of this run",
            "Ask nothing more in this run.",
            "A",
            label="approve all",
        ),
        Command("approval.keep", "Keep these words", "Back to the question.", "ctrl+s", label="keep"),
        Command(
            "approval.back", "Back, or refuse", "Leave what is open; else refuse.", "escape", label="back"
        ),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "approval")]
    DEFAULT_CSS = """
    ApprovalScreen {
        & > Vertical { width: 100; border-left: outer $warn; }
        & #where { color: $dim; }
        & #note { color: $warn; display: none; }
        & #said { height: auto; max-height: 20; margin-top: 1; padding: 0 1; background: $surface;
            scrollbar-size-vertical: 1; }
        & #words { height: 12; }
        & #places { max-height: 6; margin-top: 0; }
        & #words, & #line, & #places { display: none; }
        &.-edit #words, &.-place #line, &.-place #places, &.-reason #line { display: block; }
        &.-edit #said { display: none; }
    }
    """

    def __init__(
        self, question: Question, places: Sequence[str] = (), *, waiting: int = 0, guard: float = GUARD
    ) -> None:
        """`places` are names to choose from; `waiting` is how many questions stand behind this one."""
        super().__init__()
        self._question = question
        self._shown = show_controls(question.task)
        self._words = self._loaded = self._shown
        self._agent = ""
        self._places = [clean_line(one) for one in places]
        self._waiting = waiting
        self._guard = guard
        self._since = time.monotonic()
        self._doing: Doing = "answer"
        self._left = False
        self.settled = False
        """Whether an answer is of no use any more."""

    def compose(self) -> ComposeResult:
        """Lay out the question, its text, and what is typed for an answer."""
        with Vertical():
            yield Static(id="asked", markup=False)
            yield Static(id="where", markup=False)
            yield Static(id="note", markup=False)
            with VerticalScroll(id="said"):
                yield Static(id="task", markup=False)
            yield TextArea(id="words", compact=True, highlight_cursor_line=False)
            yield TypedLine(id="line", compact=True)
            yield OptionList(id="places", markup=False, compact=True)
            yield Foot(self.commands)

    def on_mount(self) -> None:
        """Begin with the question."""
        self._since = time.monotonic()
        self._show()
        self.query_one("#said").focus()

    def count_behind(self, waiting: int) -> None:
        """Say how many questions stand behind this one now."""
        if waiting != self._waiting:
            self._waiting = waiting
            if self.is_mounted and not self.settled:
                self._show_head()

    def on_resize(self) -> None:
        """Leave room for the keys, however low and narrow the screen."""
        self._share_room()

    def _share_room(self) -> None:
        room = max(self.size.height - 13, 3)
        typed = {"place": 8, "reason": 2}.get(self._doing, 0)
        self.query_one("#said").styles.max_height = max(room - typed, 3)
        self.query_one("#words").styles.height = room

    def take_back(self) -> None:
        """Close the question, now or as soon as it is on top: it is settled otherwise."""
        self.settled = True
        if self.is_attached and self.is_current:
            self._leave(Verdict())

    def on_screen_resume(self) -> None:
        """Come back into sight; a question that was settled meanwhile goes."""
        if self.settled:
            self.call_later(self.take_back)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Say what may be done now."""
        wanted = _WHEN.get(action)
        if wanted and wanted != self._doing:
            return False
        return not (action == "approval_edit" and self._question.kind != "delegation") and not (
            action == "approval_reroute" and self._question.kind != "delegation"
        )

    def action_approval_yes(self) -> None:
        """Approve what is shown."""
        self._answer(self._verdict())

    def action_approval_run(self) -> None:
        """Approve this and all that the run will ask."""
        self._answer(self._verdict(whole_run=True))

    def action_approval_edit(self) -> None:
        """Open the task for other words."""
        if not self._too_soon:
            words = self.query_one("#words", TextArea)
            words.load_text(self._words)
            self._loaded = words.text  # its own line ends, so that only a person's change is one
            self._turn_to("edit", words)

    def action_approval_keep(self) -> None:
        """Take the words that were typed."""
        words = self.query_one("#words", TextArea).text
        if words != self._loaded:
            self._words = words if words.strip() else self._shown
        self._turn_to("answer")

    def action_approval_reroute(self) -> None:
        """Open the list of places."""
        if not self._too_soon:
            line = self._line("agent, profile or profile/model")
            self._list("")
            self._turn_to("place", line)

    def action_approval_no(self) -> None:
        """Open the line for a reason."""
        if not self._too_soon:
            self._turn_to("reason", self._line("why not? the manager reads it; enter alone gives no reason"))

    def action_approval_back(self) -> None:
        """Close what is open; with nothing open, refuse: nothing runs that was not approved."""
        if self._doing != "answer":
            self._turn_to("answer")
        else:
            self._answer(Verdict())

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show the places that hold what is typed."""
        event.stop()
        if self._doing == "place":
            self._list(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the reason, or the place."""
        event.stop()
        if self._doing == "reason":
            self._leave(Verdict(reason=event.value.strip()))
        elif self._doing == "place":
            self._agent = self._place_of(event.value.strip())
            self._turn_to("answer")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Take a place of the list."""
        event.stop()
        self._agent = event.option.id or ""
        self._turn_to("answer")

    def on_key(self, event: object) -> None:
        """Go from the line down into the list."""
        if getattr(event, "key", "") == "down" and self._doing == "place":
            self.query_one("#places").focus()

    @property
    def _too_soon(self) -> bool:
        return time.monotonic() - self._since < self._guard

    def _answer(self, verdict: Verdict) -> None:
        if not self._too_soon:
            self._leave(verdict)

    def _leave(self, verdict: Verdict) -> None:
        """Give the verdict once: keys may be in line behind the one that gave it."""
        if not self._left:
            self._left = True
            self.dismiss(verdict)

    def _verdict(self, *, whole_run: bool = False) -> Verdict:
        task = "" if self._words == self._shown else self._words
        return Verdict(approved=True, task=task, agent=self._agent, whole_run=whole_run)

    def _turn_to(self, doing: Doing, widget: TextArea | Input | None = None) -> None:
        self._doing = doing
        for one in ("edit", "place", "reason"):
            self.set_class(one == doing, f"-{one}")
        self._share_room()
        self._show()
        (widget or self.query_one("#said")).focus()

    def _line(self, hint: str) -> Input:
        line = self.query_one("#line", Input)
        line.value, line.placeholder = "", hint
        return line

    def _list(self, typed: str) -> None:
        """List the places that hold what is typed, those that begin with it first."""
        word = typed.strip().lower()
        fitting = sorted(
            (one for one in dict.fromkeys(self._places) if word in one.lower()),
            key=lambda one: (one.lower() != word, not one.lower().startswith(word)),
        )
        places = self.query_one("#places", OptionList)
        places.clear_options()
        places.add_options([Option(Content(one), one) for one in fitting[:_PLACES_SHOWN]])
        places.highlighted = 0 if fitting else None

    def _place_of(self, typed: str) -> str:
        """Take the place that is marked in the list; what fits nothing there is taken as it was typed."""
        places = self.query_one("#places", OptionList)
        if not typed or places.highlighted is None:
            return typed
        return places.get_option_at_index(places.highlighted).id or typed

    def _show_head(self) -> None:
        question = self._question
        title = f"{_ASKED.get(question.kind, 'May this be done?')}  "
        name = f"{figures.place(question.path)} {clean_line(question.task_name, 80)}"
        behind = f"  · {self._waiting} more after this" if self._waiting else ""
        sign = figures.SIGNS["asking"]
        self.query_one("#asked", Static).update(
            Content.assemble(
                (f"{sign.glyph} ", "$warn"), (title, "bold"), (name, "$foreground"), (behind, "$dim")
            )
        )

    def _show(self) -> None:
        question = self._question
        self._show_head()
        self.query_one("#where", Static).update(self._where())
        note = self.query_one("#note", Static)
        note.update(Content(clean_line(question.note, 400)))
        note.display = bool(question.note)
        self.query_one("#task", Static).update(Content(self._words))
        self._show_keys()

    def _where(self) -> Content:
        question = self._question
        usual = clean_line(question.agent)
        if question.profile:
            usual = f"{usual} · {clean_line(seat_name(question.profile, question.model))}"
        parts: list[Content | str | tuple[str, str]] = ["on ", usual]
        if self._agent:
            parts = ["on ", (self._agent, "$warn"), f", instead of {usual}"]
        if question.files:
            parts.append(f"\nwith {clean_line(', '.join(question.files), 600)}")
        if self._words != self._shown:
            parts.append(("\nin your words", "$warn"))
        return Content.assemble(*parts)

    def _show_keys(self) -> None:
        hints = [("enter", "ok")] if self._doing in ("place", "reason") else []
        words = {"approval.back": "no"} if self._doing == "answer" else {}
        self.query_one(Foot).say(*hints, words=words)
