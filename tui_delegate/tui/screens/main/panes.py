"""What is done to one worker: stop it, try again, tell it something, edit its result, look into it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import work

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import DelegateError, InputError
from tui_delegate.core.transcript import ENDED
from tui_delegate.tui import figures
from tui_delegate.tui.screens.confirm import AskLine
from tui_delegate.tui.screens.main.ground import Ground

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Node, Transcript
    from tui_delegate.engine.run import Run


class PaneActions(Ground):
    """Each acts on the pane that has the focus, or had it last."""

    def action_pane_cancel(self) -> None:
        """Stop this worker; what it wrote stays."""
        if (found := self._worker()) and self._may_command(found[0]) and self._at_work(found[1]):
            self._command(lambda run: run.cancel(found[1].path), found[0])

    def action_pane_cancel_tree(self) -> None:
        """Stop everything that this worker delegated."""
        if found := self._worker():
            transcript, node = found
            below = [path for path in node.children if transcript.nodes[path].state not in ENDED]
            if not below:
                self.say("This worker has nobody at work below it.")
            for path in below:
                self._command(partial(_cancel, path), transcript)

    def action_pane_retry(self) -> None:
        """Run this delegation once more."""
        if found := self._worker():
            self._command(lambda run: run.retry(found[1].path), found[0])

    @work(group="pane", exclusive=True)
    async def action_pane_retry_elsewhere(self) -> None:
        """Run this delegation once more, on another profile or model."""
        if not (found := self._worker()) or not self._may_command(found[0]):
            return
        place = await self.pick_place(f"worker {figures.place(found[1].path)}")
        if place:
            self._command(lambda run: run.retry(found[1].path, place), found[0])

    @work(group="pane", exclusive=True)
    async def action_pane_steer(self) -> None:
        """Give this worker a note, which it reads at its next step."""
        if not (found := self._worker()) or not self._may_command(found[0]) or not self._at_work(found[1]):
            return
        note = await self.app.push_screen_wait(
            AskLine(
                f"Tell worker {figures.place(found[1].path)}:",
                hint="it reads this at its next step · esc leaves it",
            )
        )
        if note and note.strip() and self._at_work(found[1]):
            self._command(lambda run: run.steer(found[1].path, note), found[0])

    @work(group="pane", exclusive=True)
    async def action_pane_edit(self) -> None:
        """Give the manager another result than the worker's."""
        from tui_delegate.tui.screens.edit import EditScreen

        if not (found := self._worker()) or not self._may_command(found[0]):
            return
        transcript, node = found
        parent = node.path[:-1]
        run = self.run_of(transcript)
        if run is None or not run.is_open(node.path):
            self.say("Its result has gone back already: the manager has read it.")
            return
        if not self._command(lambda run: run.hold(parent), transcript):
            return
        try:
            text = await self.app.push_screen_wait(
                EditScreen(
                    f"Result of worker {figures.place(node.path)}",
                    clean(node.text),
                    hint="The manager gets what stands here. It waits until you are done.",
                )
            )
            if text is not None:
                self._command(lambda run: run.replace(node.path, text), transcript)
        finally:
            self._command(lambda run: run.release(parent), transcript, quiet=True)

    def action_pane_pin(self) -> None:
        """Keep this pane when its run is over, or let it go again."""
        if self._worker():
            self.say("Pinned: it stays." if self.side.toggle_pin() else "Not pinned any more.")

    def action_pane_close(self) -> None:
        """Close this pane; its worker goes on, and its line in the chat opens it again."""
        if found := self._worker():
            self.side.close(found[0].run, found[1].path)

    def action_pane_next(self) -> None:
        """Go to the worker after this one."""
        self.side.step(1)

    def action_pane_previous(self) -> None:
        """Go to the worker before."""
        self.side.step(-1)

    def action_pane_open(self) -> None:
        """Look into this delegation."""
        if found := self._worker():
            self.open_detail(*found)

    def open_detail(self, transcript: Transcript, node: Node) -> None:
        """Show all there is to know of a delegation."""
        from tui_delegate.tui.screens.detail import DetailScreen

        self.detail = DetailScreen(transcript, node.path)
        self.app.push_screen(self.detail)
        self.clock.want_beat(self.detail)

    def action_pane_copy(self) -> None:
        """Copy what this worker wrote."""
        if found := self._worker():
            self.copy_words(found[1].text, f"worker {figures.place(found[1].path)}")

    def copy_words(self, text: str, what: str) -> None:
        """Put text on the clipboard and say so."""
        if not text.strip():
            self.say(f"There is nothing to copy of {what} yet.")
            return
        self.app.copy_to_clipboard(clean(text))
        self.say(f"Copied {what}: {figures.count(len(text))} characters.")

    def run_of(self, transcript: Transcript) -> Run | None:
        """Give the run of a transcript, if it is under way in this process."""
        talk = self.talk
        if talk is None or talk.conversation.under_way is not transcript:
            return None
        return talk.conversation.live

    def _worker(self) -> tuple[Transcript, Node] | None:
        found = self.side.current
        if found is None:
            self.say("There is no worker to act on: a pane has to have the focus.")
        return found

    def _may_command(self, transcript: Transcript) -> bool:
        if self.run_of(transcript):
            return True
        if transcript.run in self.foreign:
            self.say("Another process runs this: it can be watched from here, not steered.")
        elif self.talk and all(one.run != transcript.run for one in self.talk.conversation.runs):
            self.say("This is not of this conversation, and has ended: it can be read here, nothing more.")
        else:
            self.say("This run has ended: ask the manager again instead (g in the chat).")
        return False

    def _at_work(self, node: Node) -> bool:
        if node.state not in ENDED:
            return True
        self.say(f"Worker {figures.place(node.path)} has ended: r gives it its task once more.")
        return False

    def _command(self, act: object, transcript: Transcript, *, quiet: bool = False) -> bool:
        run = self.run_of(transcript)
        if run is None:
            return False if quiet else self._may_command(transcript)
        try:
            assert callable(act)
            act(run)
        except (InputError, DelegateError) as error:
            if not quiet:
                self.say_error(error)
            return False
        return True


def _cancel(path: RunPath, run: Run) -> None:
    run.cancel(path)


def _focus_number(number: int) -> Callable[[PaneActions], None]:
    def action(self: PaneActions) -> None:
        if not self.side.focus_number(number):
            self.say(f"There is no worker {number} here.")

    action.__doc__ = f"Go to pane {number}."
    return action


for _number in range(1, 10):
    setattr(PaneActions, f"action_pane_focus_{_number}", _focus_number(_number))
