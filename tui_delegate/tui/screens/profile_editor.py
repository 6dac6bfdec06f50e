"""A form for one profile: what stands in the file about it, checked by the reader's own rules, and written.

No secret of the file comes here: of a key the form knows only whether there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Select, Static

from tui_delegate import profiles
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.offers import check_lines
from tui_delegate.tui.screens.panel import Panel
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.form import Field, Spec
from tui_delegate.workspace import drafts
from tui_delegate.workspace.drafts import Draft

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.workspace.seats import Workspace

NAME: Final = Spec("name", "How it is called: letters, digits, spaces and . _ -")
SPECS: Final = (
    Spec("backend", "What its server speaks.", "choice", profiles.BACKENDS),
    Spec("base_url", "Its address, with or without /v1."),
    Spec("default_model", "Left out: the model that is loaded, else the first that is there."),
    Spec("api_key_env", "The environment variable that holds the key: better than a key in a file."),
    Spec("api_key", "", "secret"),
    Spec("base_urls", "Several servers with the same models, with commas between; the least busy is taken."),
    Spec(
        "temperature",
        "How freely it chooses its words. Left out: 0.1 on this machine, else the server's own.",
    ),
    Spec(
        "think",
        "Whether the model thinks before it answers.",
        "choice",
        ("true", "false", "low", "medium", "high"),
    ),
    Spec("num_ctx", "The context window to ask for, in tokens."),
    Spec("keep_alive", "How long its model stays loaded: 10m, or seconds; -1 for ever."),
    Spec("max_parallel", "Requests at once. Left out: what the server says that it can do."),
    Spec("timeout", "Seconds to wait for every read. Left out: four usual time-outs."),
    Spec("fallback", "Where a worker goes when this one fails: profiles or profile/model, with commas."),
    Spec("price", "Dollars per million tokens: input 0.15, cached 0.075, output 0.6"),
    Spec(
        "extra_headers",
        f"Sent with every request, one a line: Name: value. {drafts.KEPT} keeps its value.",
        "lines",
    ),
    Spec("instructions", "Said to every agent on this profile, after our own instructions.", "lines"),
)


class ProfileEditor(Panel[str | None]):
    """Edits, adds or copies a profile; hands back the name that was written."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command(
            "editor.save",
            "Save the profile",
            "Check it and write it into the profiles file.",
            "ctrl+s",
            label="save",
        ),
        Command(
            "editor.test", "Test the connection", "Try it as it stands in the form.", "ctrl+t", label="test"
        ),
        Command(
            "editor.drop-key",
            "Remove the key",
            "Take the key out of the file, or leave it in.",
            "f7",
            label="remove the key",
        ),
        Command("editor.leave", "Leave", "Go back without writing.", "escape", label="back"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "editor")]
    DEFAULT_CSS = """
    ProfileEditor > Vertical { max-width: 110; height: 92%; }
    ProfileEditor VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    """

    def __init__(self, workspace: Workspace, name: str = "", *, copy_of: str = "") -> None:
        super().__init__()
        self._workspace = workspace
        self._known = name
        """The profile that is edited; empty: a new one is made."""
        self._copy_of = copy_of
        self._was: dict[str, object] = {}
        """What the file holds under this name."""
        self._from: dict[str, object] = {}
        """What the form began with."""
        self._drop_key = False
        self._warned = ""
        """What was said to be done when the same key is pressed again."""

    def compose(self) -> ComposeResult:
        """Put the fields below one another."""
        self._read()
        shown = drafts.draft_of(self._from).texts
        usual = drafts.usual_of(self._known, shown.get("backend", ""))
        with Vertical():
            yield Static(self._head(), id="head", markup=False)
            with VerticalScroll(can_focus=False):
                if not self._known:
                    name = drafts.free_name(self._copy_of, self._workspace.settings) if self._copy_of else ""
                    yield Field(NAME, name)
                for spec in SPECS:
                    yield Field(spec, shown.get(spec.key, ""), usual.get(spec.key, ""))
            yield Static(id="notice", markup=False)
            yield Foot(self.commands)

    def on_mount(self) -> None:
        """Begin in the first field."""
        self._about_key()
        self.query(Field).first().enter()

    def on_select_changed(self, event: Select.Changed) -> None:
        """Show where servers of another backend usually are."""
        field = next((one for one in event.select.ancestors if isinstance(one, Field)), None)
        if field and field.spec.key == "backend":
            usual = drafts.usual_of(self._known, field.text)
            for one in self.query(Field):
                if one.spec.kind == "line":
                    one.hint(usual.get(one.spec.key, ""))

    def action_editor_save(self) -> None:
        """Check the form and write it."""
        name, table = self._called(), self._table()
        if not self._sound(name, table):
            return
        file = self._workspace.file
        try:
            if file.has_comments() and self._warned != "save":
                self._warned = "save"
                self._say(
                    "Saving drops the comments of your profiles file; a backup keeps them. Once more to save."
                )
                return
            saved = file.put(name, table, self._was)
            self._workspace.reload()
        except DelegateError as error:
            self._fail(error)
            return
        self.app.notify(saved.words, markup=False)
        self.dismiss(name)

    def action_editor_test(self) -> None:
        """Try the profile as it stands in the form."""
        name, table = self._called() or "new", self._table()
        if self._sound(name, table):
            self._say("Asking its server …")
            self.run_worker(self._try(name, table), group="test", exclusive=True)

    def action_editor_drop_key(self) -> None:
        """Take the key out of the file with the next save, or leave it in."""
        if "api_key" in self._from:
            self._drop_key = not self._drop_key
            self._about_key()
        else:
            self._say("There is no key in the file.")

    def action_editor_leave(self) -> None:
        """Go back; where something was changed, only the second time."""
        changed = self._drop_key or any(field.touched for field in self.query(Field))
        if changed and self._warned != "leave":
            self._warned = "leave"
            self._say("What you changed is not written. Once more to leave without it.")
            return
        self.dismiss(None)

    async def _try(self, name: str, table: dict[str, object]) -> None:
        try:
            settings = drafts.settings_with(self._workspace.settings, name, table, self._workspace.environ)
            rows = await self._workspace.try_out(settings, name)
        except DelegateError as error:
            self._fail(error)
            return
        self._tell(check_lines(rows))

    def _read(self) -> None:
        """Take what the file says, and what the copied profile says."""
        file = self._workspace.file
        self._was = file.table(self._known) if self._known else {}
        self._from = dict(self._was)
        if self._copy_of:
            self._from = file.table(self._copy_of)
            for key, value in drafts.usual_table(self._copy_of).items():
                self._from.setdefault(key, value)

    def _called(self) -> str:
        return self._known or self.query_one("#field-name", Field).text.strip()

    def _table(self) -> dict[str, object]:
        texts = {
            one.spec.key: one.text for one in self.query(Field) if one.spec.key not in ("api_key", "name")
        }
        secret = self.query_one("#field-api_key", Field).text
        return drafts.table_of(Draft(texts, secret, self._drop_key), self._from)

    def _sound(self, name: str, table: dict[str, object]) -> bool:
        """Say beside each field what is wrong with it; whether nothing is."""
        wrong = drafts.problems(name, table, self._workspace.environ)
        if not self._known and name in self._workspace.settings.profiles:
            wrong["name"] = "There is a profile of this name already."
        for field in self.query(Field):
            if field.spec.key != "api_key" or "api_key" in wrong:
                field.complain(wrong.get(field.spec.key, ""))
        first = next((one for one in self.query(Field) if one.spec.key in wrong), None)
        self._say(f"{len(wrong)} to mend: {', '.join(wrong)}" if wrong else "", bad=True)
        if first:
            first.enter()
            first.scroll_visible()
        else:
            self._about_key()
        return not wrong

    def _about_key(self) -> None:
        """Say whether there is a key, and nothing more of it."""
        env = str(self._from.get("api_key_env", ""))
        if "api_key" in self._from:
            said = "will be removed" if self._drop_key else "set in the file; type to replace it"
        elif env and self._workspace.environ.get(env, "").strip():
            said = f"not set here; {env} is set"
        else:
            said = "not set"
        field = self.query_one("#field-api_key", Field)
        field.hint(said)
        field.query_one(".help", Static).update(
            Content("In the file itself, for others to find: api_key_env is better. It is never shown.")
        )

    def _head(self) -> Content:
        path = clean_line(str(self._workspace.file.path), 200)
        if self._known:
            what = f"Profile {clean_line(self._known)}"
        else:
            what = f"A copy of {clean_line(self._copy_of)}" if self._copy_of else "A new profile"
        built_in = (
            " · built in: only what you write here goes over it" if self._known and not self._was else ""
        )
        return Content.assemble((what, "bold"), (f"   {path}{built_in}", "$dim"))
