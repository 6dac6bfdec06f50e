"""A form's fields: a label, what is typed or chosen, and below it a word of help or what is wrong with it.

What a field means is not known here. A secret is only ever taken in: there is no way to show one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Select, Static, TextArea

from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.records import dataclass
from tui_delegate.tui.widgets.obeying import TypedLine

if TYPE_CHECKING:
    from textual.app import ComposeResult

Kind = Literal["line", "lines", "choice", "secret"]


@dataclass(frozen=True, slots=True)
class Spec:
    """One field as it is asked for."""

    key: str
    help: str
    kind: Kind = "line"
    choices: tuple[str, ...] = ()
    label: str = ""


class Field(Vertical):
    """One field. `text` is what it holds now."""

    DEFAULT_CSS = """
    Field { height: auto; padding: 0 0 0 1; }
    Field > Horizontal { height: auto; }
    Field .label { width: 16; height: 1; }
    Field .help { margin: 0 1 0 16; height: auto; color: $dim; }
    Field.-wrong .help { color: $bad; }
    Field Input { width: 1fr; background: $panel; margin: 0 1 0 0; }
    Field TextArea {
        width: 1fr; height: auto; min-height: 2; max-height: 6; border: none; padding: 0;
        background: $panel; margin: 0 1 0 0;
    }
    Field Select { width: 1fr; margin: 0 1 0 0; }
    Field Select > SelectCurrent { background: $panel; }
    Field Select:focus > SelectCurrent { background: $accent 25%; }
    Field Input:focus, Field TextArea:focus { background: $accent 25%; }
    """

    def __init__(self, spec: Spec, text: str, usual: str = "") -> None:
        super().__init__(id=f"field-{spec.key}")
        self.spec = spec
        self._told = text
        self._shown = clean(text)
        self._usual = clean_line(usual)

    def compose(self) -> ComposeResult:
        """Put the label before the control and the help below."""
        with Horizontal():
            yield Static(self.spec.label or self.spec.key, classes="label", markup=False)
            yield self._control()
        yield Static(self.spec.help, classes="help", markup=False)

    @property
    def text(self) -> str:
        """What it holds. What was not touched is given back as it came, also what can't be shown."""
        now = self._now()
        return self._told if now == self._shown else now

    @property
    def touched(self) -> bool:
        """Whether the person changed it."""
        return self._now() != self._shown

    def complain(self, words: str = "") -> None:
        """Say what is wrong in the place of the help; nothing: it is well."""
        self.set_class(bool(words), "-wrong")
        said = Content(f"✗ {clean_line(words, 300)}" if words else self.spec.help)
        self.query_one(".help", Static).update(said)

    def hint(self, usual: str) -> None:
        """Show what holds where nothing is typed."""
        self._usual = clean_line(usual)
        for field in self.query(Input):
            field.placeholder = self._usual

    def enter(self) -> None:
        """Put the cursor here."""
        self.query_one("Input, TextArea, Select").focus()

    def _control(self) -> Input | TextArea | Select[str]:
        if self.spec.kind == "choice":
            known = self._told in self.spec.choices
            return Select(
                [(Content(one), one) for one in self.spec.choices],
                prompt="usual",
                value=self._told if known else Select.NULL,
                compact=True,
            )
        if self.spec.kind == "lines":
            area = TextArea(self._shown, compact=True, tab_behavior="focus")
            area.cursor_blink = False
            return area
        field = TypedLine(self._shown, self._usual, password=self.spec.kind == "secret", compact=True)
        field.cursor_blink = False
        return field

    def _now(self) -> str:
        if self.spec.kind == "choice":
            value = self.query_one(Select).value
            return value if isinstance(value, str) else "" if self._told in self.spec.choices else self._shown
        if self.spec.kind == "lines":
            return self.query_one(TextArea).text
        return self.query_one(Input).value
