"""All profiles: which there are, who is on them, whether their servers answer; picking, adding, editing.

It hands back what was picked, and changes the profiles file through the workspace only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui_delegate import profiles
from tui_delegate.core.choice import ROLES, Choice
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.servers import PATIENCE
from tui_delegate.tui import offers
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.panel import Panel
from tui_delegate.tui.screens.picked import Picked
from tui_delegate.tui.screens.profile_editor import ProfileEditor
from tui_delegate.tui.widgets.catalog import Catalog
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.workspace import catalog
from tui_delegate.workspace.keeping import uses_of

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.binding import BindingType

    from tui_delegate.core.choice import Role
    from tui_delegate.profiles import Profile
    from tui_delegate.workspace.catalog import Station
    from tui_delegate.workspace.seats import Workspace


class ProfilesScreen(Panel[Picked | None]):
    """The profiles, written and built in."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command(
            "profiles.manager", "Manager on this profile", "The manager goes there.", "m", label="manager"
        ),
        Command("profiles.worker", "Workers on this profile", "The workers go there.", "w", label="workers"),
        Command("profiles.edit", "Edit the profile", "Open its form.", "enter,e", label="edit"),
        Command("profiles.add", "Add a profile", "Open an empty form.", "n", label="new"),
        Command(
            "profiles.duplicate", "Copy the profile", "Open a form that holds the same.", "d", label="copy"
        ),
        Command(
            "profiles.delete",
            "Delete the profile",
            "Take it out of the file; asks first.",
            "x,delete",
            label="delete",
        ),
        Command(
            "profiles.test", "Test the connection", "Try its server, its key, its model.", "t", label="test"
        ),
        Command(
            "profiles.usual-manager",
            "Usual manager",
            "Write it down as usual for the manager.",
            "s",
            label="default",
        ),
        Command("profiles.usual-worker", "Usual workers", "Write it down as usual for the workers.", "S"),
        Command("profiles.refresh", "Look again", "Ask all servers once more.", "f5", label="look again"),
        Command("profiles.leave", "Leave", "Go back and change nothing.", "escape", label="back"),
        Command("profiles.up", "Up", "Move the bar up.", "up,k"),
        Command("profiles.down", "Down", "Move the bar down.", "down,j"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "profiles")]
    DEFAULT_CSS = """
    ProfilesScreen > Vertical { height: 80%; }
    ProfilesScreen #details { max-height: 5; }
    """

    def __init__(
        self,
        workspace: Workspace,
        *,
        adding: bool = False,
        known: tuple[Station, ...] = (),
        within: float = PATIENCE,
    ) -> None:
        super().__init__()
        self._adding = adding
        """Whether it begins with the form for a new one."""
        self._workspace = workspace
        self._within = within
        self._stations = known
        self._asked = ""
        """What is done when the same key is pressed again."""

    def compose(self) -> ComposeResult:
        """Put the list above what is said of the one under the bar."""
        with Vertical():
            yield Static(id="head", markup=False)
            yield Catalog(offers.PROFILE_COLUMNS)
            yield Static(id="details", markup=False)
            yield Static(id="notice", markup=False)
            yield Foot(self.commands)

    def on_mount(self) -> None:
        """Show what is written, and ask the servers."""
        self._show(self._workspace.sitting("manager")[0])
        self._look()
        if self._adding:
            self.action_profiles_add()

    def on_catalog_chosen(self) -> None:
        """A click only moves the bar."""
        self._say()

    def on_catalog_moved(self) -> None:
        """Say more about another profile."""
        self._details()

    def action_profiles_manager(self) -> None:
        """Put the manager on it."""
        self._pick("manager")

    def action_profiles_worker(self) -> None:
        """Put the workers on it."""
        self._pick("worker")

    def action_profiles_edit(self) -> None:
        """Open its form."""
        if name := self._under_bar():
            self._open(ProfileEditor(self._workspace, name))

    def action_profiles_add(self) -> None:
        """Open an empty form."""
        self._open(ProfileEditor(self._workspace))

    def action_profiles_duplicate(self) -> None:
        """Open a form that holds the same."""
        if name := self._under_bar():
            self._open(ProfileEditor(self._workspace, copy_of=name))

    def action_profiles_delete(self) -> None:
        """Take it out of the file, the second time."""
        name = self._under_bar()
        settings = self._workspace.settings
        if name not in settings.written:
            self._say(f"{name} is built in: it can be changed, not deleted.")
            return
        if self._once(f"delete {name}", self._question(name)):
            return
        try:
            saved = self._workspace.file.drop(name)
            self._workspace.reload()
        except DelegateError as error:
            self._fail(error)
            return
        self._show("")
        self._say(f"{name} is deleted. {saved.words}")
        self._look()

    def action_profiles_test(self) -> None:
        """Try its server, its key, its model."""
        if name := self._under_bar():
            self._say("Asking its server …")
            self.run_worker(self._try(name), group="test", exclusive=True)

    def action_profiles_usual_manager(self) -> None:
        """Write it down as usual for the manager."""
        self._save("manager")

    def action_profiles_usual_worker(self) -> None:
        """Write it down as usual for the workers."""
        self._save("worker")

    def action_profiles_refresh(self) -> None:
        """Ask all servers once more."""
        self._look()

    def action_profiles_leave(self) -> None:
        """Drop a question, else go back."""
        if self._asked:
            self._say()
        else:
            self.dismiss(None)

    def action_profiles_up(self) -> None:
        """Move the bar up."""
        self._say()
        self.query_one(Catalog).move("up")

    def action_profiles_down(self) -> None:
        """Move the bar down."""
        self._say()
        self.query_one(Catalog).move("down")

    def _open(self, editor: ProfileEditor) -> None:
        self._say()
        self.app.push_screen(editor, self._written)

    def _written(self, name: str | None) -> None:
        if name:
            self._show(name)
            self._look()

    def _pick(self, role: Role) -> None:
        name = self._under_bar()
        try:
            self._workspace.check_place(name)
        except DelegateError as error:
            self._fail(error)
            return
        self.dismiss(Picked(role, name))

    def _save(self, role: Role) -> None:
        name = self._under_bar()
        try:
            self._workspace.check_place(name)
            comments = self._workspace.file.has_comments()
            words = "Saving drops the comments of your profiles file; a backup keeps them. Once more to save."
            if comments and self._once(f"save {role} {name}", words):
                return
            saved = self._workspace.save_default(Choice().taking(role, name, ""))
        except DelegateError as error:
            self._fail(error)
            return
        self._show(name)
        self._say(f"{name} is the usual profile of the {offers.role_words(role)}. {saved.words}")

    def _once(self, what: str, words: str) -> bool:
        """Ask before something is done; whether this was the asking."""
        if self._asked == what:
            return False
        self._say(words)
        self._asked = what
        return True

    def _question(self, name: str) -> str:
        uses = uses_of(self._workspace.settings, name)
        used = f" It is named by {', '.join(uses)}." if uses else ""
        lost = (
            " Comments of the file are lost; a backup keeps all."
            if self._workspace.file.has_comments()
            else ""
        )
        return f"Delete {name}?{used}{lost} x once more deletes it, esc keeps it."

    def _look(self) -> None:
        self.run_worker(self._survey(), group="survey", exclusive=True)

    async def _survey(self) -> None:
        known, within = self._stations, self._within
        self._saw(await catalog.survey(self._workspace.reach, self._saw, known=known, within=within))

    def _saw(self, stations: tuple[Station, ...]) -> None:
        self._stations = stations
        self._show(self._under_bar())

    async def _try(self, name: str) -> None:
        try:
            rows = await self._workspace.check(name)
        except DelegateError as error:
            self._fail(error)
            return
        if name == self._under_bar():
            self._tell(offers.check_lines(rows))

    def _show(self, bar: str) -> None:
        settings = self._workspace.settings
        now = {role: self._workspace.sitting(role)[0] for role in ROLES}
        now["worker"] = now["worker"] or now["manager"]  # workers are with the manager unless told otherwise
        lines = [
            offers.profile_line(
                one,
                self._station(one.name),
                [role for role in ROLES if now[role] == one.name],
                written=one.name in settings.written,
            )
            for one in settings.profiles.values()
        ]
        self.query_one(Catalog).show(lines, bar)
        self._details()
        path = clean_line(str(settings.source), 200) if settings.source else "no file yet: all is built in"
        self.query_one("#head", Static).update(Content.assemble(("Profiles", "bold"), (f"   {path}", "$dim")))

    def _station(self, name: str) -> Station | None:
        """Give the server of a profile; of several, one that answers."""
        return next((one for one in self._stations if name in one.profiles), None)

    def _under_bar(self) -> str:
        return self.query_one(Catalog).key

    def _details(self) -> None:
        profile = self._workspace.settings.profiles.get(self._under_bar())
        words = (
            offers.profile_details(profile, self._station(profile.name), self._key(profile))
            if profile
            else Content("")
        )
        self.query_one("#details", Static).update(words)

    def _key(self, profile: Profile) -> str:
        """Say where its key comes from."""
        source = profiles.key_source(profile, self._workspace.environ)
        if source == "environment":
            return f"from {profile.api_key_env}"
        if source == "file":
            return "in the file"
        return f"{profile.api_key_env} is not set" if profile.api_key_env else ""

    def _tell(self, words: Content) -> None:
        self._asked = ""
        super()._tell(words)
