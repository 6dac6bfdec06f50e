"""Picks a model for the manager or the workers out of all that there are; loads, unloads and downloads them.

It lists what the workspace finds and hands back what was picked; switching to it is its caller's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from tui_delegate import profiles
from tui_delegate.core.choice import Choice
from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import DelegateError
from tui_delegate.core.servers import PATIENCE
from tui_delegate.tui import offers
from tui_delegate.tui.commands import Command, bindings
from tui_delegate.tui.screens.panel import Panel
from tui_delegate.tui.screens.picked import Picked
from tui_delegate.tui.widgets.catalog import Catalog
from tui_delegate.tui.widgets.foot import Foot
from tui_delegate.tui.widgets.obeying import TypedLine
from tui_delegate.workspace import catalog

if TYPE_CHECKING:
    from textual.app import App, ComposeResult
    from textual.binding import BindingType
    from textual.notifications import SeverityLevel

    from tui_delegate.core.choice import Role
    from tui_delegate.tui.widgets.catalog import Line
    from tui_delegate.workspace.catalog import Offer, Recent, Station
    from tui_delegate.workspace.jobs import Action, Job
    from tui_delegate.workspace.seats import Workspace


class ModelPicker(Panel[Picked | None]):
    """All models of all servers and profiles, filtered by typing."""

    commands: ClassVar[tuple[Command, ...]] = (
        Command(
            "models.role", "Switch the role", "Pick for the manager, or for the workers.", "tab", label="role"
        ),
        Command(
            "models.save",
            "Save as default",
            "Take it, and write it down as usual.",
            "ctrl+s",
            label="as default",
        ),
        Command("models.refresh", "Look again", "Ask all servers once more.", "f5", label="look again"),
        Command("models.load", "Load the model", "Have its server load it.", "f6,ctrl+l", label="load"),
        Command("models.unload", "Unload the model", "Have its server unload it.", "f7", label="unload"),
        Command("models.pull", "Download a model", "Ask for a name and download it.", "f8", label="pull"),
        Command(
            "models.stop",
            "Stop loading",
            "Stop the loads and downloads that are going on.",
            "f9",
            label="stop",
        ),
        Command("models.leave", "Leave", "Go back and change nothing.", "escape", label="back"),
        Command("models.up", "Up", "Move the bar up.", "up"),
        Command("models.down", "Down", "Move the bar down.", "down"),
        Command("models.page-up", "Page up", "Move the bar up by a page.", "pageup"),
        Command("models.page-down", "Page down", "Move the bar down by a page.", "pagedown"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(commands, "models")]
    DEFAULT_CSS = """
    ModelPicker #head { margin-bottom: 0; }
    ModelPicker #filter { margin: 0 1; width: 1fr; background: $panel; }
    ModelPicker #details { height: 2; color: $foreground; text-wrap: nowrap; text-overflow: ellipsis; }
    ModelPicker #jobs { display: none; max-height: 4; }
    ModelPicker #jobs.-on { display: block; }
    """

    def __init__(
        self,
        workspace: Workspace,
        recent: Recent,
        *,
        role: Role = "manager",
        once_for: str = "",
        known: tuple[Station, ...] = (),
        within: float = PATIENCE,
    ) -> None:
        super().__init__()
        self._workspace = workspace
        self._recent = recent
        self._role: Role = role
        self._once_for = once_for
        """The worker that is run again there, once; empty: a role gets the model."""
        self._within = within
        self._stations = known
        self._offers: dict[str, Offer] = {}
        self._pull_to = ""
        """The profile to download to, while a name is asked for."""
        self._warned = False
        """Whether it has been said that the file's comments will be lost."""

    def compose(self) -> ComposeResult:
        """Put the title, the field, the list and what is said below one another."""
        field = TypedLine(id="filter", compact=True)
        field.cursor_blink = False  # a blinking cursor is a timer of its own
        with Vertical():
            yield Static(id="head", markup=False)
            yield field
            yield Catalog(offers.MODEL_COLUMNS)
            yield Static(id="details", markup=False)
            yield Static(id="jobs", markup=False)
            yield Static(id="notice", markup=False)
            yield Foot(self.commands)

    def on_mount(self) -> None:
        """Show what is known, and ask the servers."""
        self._workspace.jobs.forget_ended()
        self._workspace.jobs.watchers.append(self._job_told)
        self._ask()
        self._show_jobs()
        self.query_one(Input).focus()
        self._look()

    def on_unmount(self) -> None:
        """Listen no more; loads and downloads go on."""
        self._workspace.jobs.watchers.remove(self._job_told)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where it is for one task there is no role to switch, and nothing to be usual from now on."""
        return not (self._once_for and action in ("models_role", "models_save"))

    def _look(self) -> None:
        """Ask every server what it has."""
        self.run_worker(self._survey(), group="survey", exclusive=True)

    async def _survey(self) -> None:
        known, within = self._stations, self._within
        self._saw(await catalog.survey(self._workspace.reach, self._saw, known=known, within=within))

    def _saw(self, stations: tuple[Station, ...]) -> None:
        self._stations = stations
        self._show(keep=True)

    def _show(self, *, keep: bool) -> None:
        """List what fits what was typed; the bar stays on its line where that is wanted."""
        table = self.query_one(Catalog)
        bar = table.key if keep and self._moved() else ""
        recent = self._recent.read()
        query = "" if self._pull_to else self.query_one(Input).value
        found = offers.fitting(query, catalog.offers(self._stations, recent), self._role)
        self._offers = {f"{one.profile}\n{one.model.id}": one for one, _ in found}
        lines = [
            self._line(key, one, at, (one.profile, one.model.id) in recent)
            for (key, one), (_, at) in zip(self._offers.items(), found, strict=True)
        ]
        if typed := offers.typed(
            query, self._workspace.settings.profiles, self._profile(), [*self._offers.values()]
        ):
            self._offers["typed"] = typed
            lines.append(offers.typed_line(typed, "typed"))
        if not query.strip():
            quiet = [one for one in self._stations if one.health != "up" and not one.offers]
            lines += [offers.station_line(one, f"station {n}") for n, one in enumerate(quiet)]
        table.show(lines, bar)
        self._details()

    def _moved(self) -> bool:
        """Whether the person has moved the bar off the first line: then it stays where it is put."""
        table = self.query_one(Catalog)
        return bool(table.keys) and table.key != table.keys[0]

    def _line(self, key: str, one: Offer, at: tuple[int, ...], recent: bool) -> Line:
        line = offers.offer_line(one, self._role, at, recent=recent, key=key)
        for job in self._workspace.jobs.going:
            if (job.profile, job.model) == (one.profile, one.model.id):
                return offers.at_work(line, job)
        return line

    def _profile(self) -> str:
        """The profile that a name without one is meant for: that of the role, as things stand."""
        return self._workspace.sitting(self._role)[0] or self._workspace.sitting("manager")[0]

    def _chosen(self) -> Offer | None:
        return self._offers.get(self.query_one(Catalog).key)

    def on_input_changed(self) -> None:
        """Filter."""
        if not self._pull_to:
            self._show(keep=False)

    def on_input_submitted(self) -> None:
        """Take the model under the bar, or download the one that was named."""
        if self._pull_to:
            self._pull(self.query_one(Input).value.strip())
        else:
            self._take()

    def on_catalog_chosen(self) -> None:
        """Take the model that was clicked."""
        self._take()

    def on_catalog_moved(self) -> None:
        """Say more about another model."""
        self._details()

    def action_models_role(self) -> None:
        """Pick for the other role."""
        self._role = "worker" if self._role == "manager" else "manager"
        self._warned = False
        self._say()
        self._ask()
        self._show(keep=False)

    def action_models_refresh(self) -> None:
        """Ask all servers once more."""
        self._say()
        self._look()

    def action_models_leave(self) -> None:
        """Leave the question for a name, else the picker."""
        if self._pull_to:
            self._ask_for_name("")
        else:
            self.dismiss(None)

    def action_models_save(self) -> None:
        """Take the model under the bar and write it down."""
        offer = self._usable()
        if offer is None:
            return
        try:
            if not self._warned and self._workspace.file.has_comments():
                self._warned = True
                self._say(
                    "Saving drops the comments of your profiles file; a backup keeps them. Once more to save."
                )
                return
            choice = Choice().taking(self._role, offer.profile, offer.model.id)
            saved = self._workspace.save_default(choice)
        except DelegateError as error:
            self._fail(error)
            return
        self._leave_with(offer, saved.words)

    def action_models_load(self) -> None:
        """Load the model under the bar."""
        self._begin("load")

    def action_models_unload(self) -> None:
        """Unload the model under the bar."""
        self._begin("unload")

    def action_models_pull(self) -> None:
        """Ask for the name of a model to download."""
        offer = self._chosen()
        self._ask_for_name(offers.pull_place(self._stations, offer.profile if offer else self._profile()))

    def action_models_stop(self) -> None:
        """Stop every load and download."""
        for job in self._workspace.jobs.going:
            job.cancel()

    def action_models_up(self) -> None:
        """Move the bar up."""
        self.query_one(Catalog).move("up")

    def action_models_down(self) -> None:
        """Move the bar down."""
        self.query_one(Catalog).move("down")

    def action_models_page_up(self) -> None:
        """Move the bar up by a page."""
        self.query_one(Catalog).move("page_up")

    def action_models_page_down(self) -> None:
        """Move the bar down by a page."""
        self.query_one(Catalog).move("page_down")

    def _usable(self) -> Offer | None:
        """Give the model under the bar, or say why it can't be taken."""
        offer = self._chosen()
        if offer is None:
            self._say("There is no such model. Type another name.")
        elif offer.blocked:
            self._say(offer.blocked, bad=True)
        elif self._role == "manager" and offer.not_manager:
            self._say(f"Not as manager: {offer.not_manager}.", bad=True)
        else:
            return self._checked(offer)
        return None

    def _checked(self, offer: Offer) -> Offer | None:
        try:
            self._workspace.check_place(f"{offer.profile}/{offer.model.id}")
        except DelegateError as error:
            self._fail(error)
            return None
        return offer

    def _take(self) -> None:
        if offer := self._usable():
            self._leave_with(offer, "")

    def _leave_with(self, offer: Offer, saved: str) -> None:
        self._recent.add(offer.profile, offer.model.id)
        self.dismiss(Picked(self._role, offer.profile, offer.model.id, saved))

    def _ask_for_name(self, profile: str) -> None:
        field = self.query_one(Input)
        was, self._pull_to = self._pull_to, profile
        if was or not profile:
            field.value = ""
        field.action_select_all()  # what was sought is offered as a name; the first letter replaces it
        self._say()
        self._ask()
        self._show(keep=True)

    def _pull(self, model: str) -> None:
        profile = self._pull_to
        if model:
            self._ask_for_name("")
            self._start("pull", profile, model)

    def _begin(self, action: Action) -> None:
        if (offer := self._chosen()) and not self._pull_to:
            self._start(action, offer.profile, offer.model.id)

    def _start(self, action: Action, profile: str, model: str) -> None:
        self._say()
        try:
            host = self._workspace.reach.host(profiles.select(self._workspace.settings, profile, model))
        except DelegateError as error:
            self._fail(error)
            return
        job = self._workspace.jobs.add(action, profile, model, host)
        if job.state == "waiting":
            self.app.run_worker(_carry(self.app, job), group="models")

    def _job_told(self, job: Job) -> None:
        self._show_jobs()
        if job.state in ("waiting", "going"):
            self._show(keep=True)
        else:
            self._look()

    def _ask(self) -> None:
        """Say above the field what is asked for, and in it how to answer."""
        if self._pull_to:
            words, answer = (
                offers.pull_title(self._pull_to),
                "its name in its server's library; enter downloads",
            )
        else:
            sitting = self._workspace.sitting(self._role)
            words = offers.once_title(self._once_for) or offers.pick_title(self._role, sitting)
            answer = "type to filter, or any model's name"
        self.query_one(Input).placeholder = answer
        self.query_one("#head", Static).update(words)

    def _details(self) -> None:
        offer = self._chosen()
        station = next((one for one in self._stations if offer and offer.profile in one.profiles), None)
        words = offers.details(offer, station, self._role) if offer else Content("")
        self.query_one("#details", Static).update(words)

    def _show_jobs(self) -> None:
        jobs = self.query_one("#jobs", Static)
        lines = [offers.job_line(job) for job in self._workspace.jobs.jobs[-4:]]
        jobs.set_class(bool(lines), "-on")
        jobs.update(Content("\n").join(lines))


async def _carry(app: App[object], job: Job) -> None:
    """See a job through, wherever the person is meanwhile."""
    await job.run()
    if not any(isinstance(screen, ModelPicker) for screen in app.screen_stack):
        severity: SeverityLevel = "error" if job.error else "information"
        app.notify(clean_line(job.words, 400), severity=severity, markup=False)
