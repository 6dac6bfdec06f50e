"""What is done with the conversation: send, queue, steer, go back, fork, copy, forget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.widgets import TextArea

from tui_delegate.core.clean import clean
from tui_delegate.core.errors import DelegateError
from tui_delegate.tui import figures
from tui_delegate.tui.screens.choose import Choose
from tui_delegate.tui.screens.main.ground import FORGOTTEN, SAID_WITH
from tui_delegate.tui.screens.main.panes import PaneActions
from tui_delegate.tui.widgets.prompt import PromptBar
from tui_delegate.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from tui_delegate.core.events import RunPath
    from tui_delegate.core.transcript import Transcript
    from tui_delegate.tui.talk import MakeRoom

_WAYS: Final[dict[str, MakeRoom]] = {
    "summarise": "summarise",
    "drop": "drop",
    "fork": "fork",
    "send": "send",
}


class ChatActions(PaneActions):
    """Each acts on the marked message, or on the last one."""

    @on(PromptBar.Submitted)
    def send_prompt(self, event: PromptBar.Submitted) -> None:
        """Send what was written, or let it wait."""
        if self.talk is None:
            self.early.append(event.text)
            return
        runs = [one.run for one in self.talk.conversation.runs]
        if self.instead in runs and not self.talk.conversation.busy:
            self._rewind(runs.index(self.instead))
        self.instead = ""
        self.chat.to_end()
        self.talk.send(event.text)

    @on(TextArea.Changed)
    def leave_edit(self) -> None:
        """Once the bar is empty, sent or not, go back from nothing; the draft from before stands again."""
        if not self.bar.draft:
            self.instead = ""
            if self.set_aside:
                self.bar.draft, self.set_aside = self.set_aside, ""

    @on(PromptBar.Steered)
    def steer_manager(self, event: PromptBar.Steered) -> None:
        """Give the manager a note for its next step; where nothing runs it is a prompt."""
        if self.talk is None:
            return
        try:
            if not self.talk.steer(event.text):
                self.send_prompt(PromptBar.Submitted(event.text))
        except DelegateError as error:
            self.bar.draft = event.text
            self.say_error(error)

    @on(PromptBar.TakenBack)
    def take_back(self, event: PromptBar.TakenBack) -> None:
        """Let a prompt wait no more that stands in the bar again."""
        if self.talk:
            self.talk.take_back(event.index)

    @on(PromptBar.Unqueued)
    def drop_queued(self, event: PromptBar.Unqueued) -> None:
        """Let a prompt wait no more."""
        if self.talk:
            self.talk.take_back(event.index)

    @on(PromptBar.Slashed)
    async def run_slashed(self, event: PromptBar.Slashed) -> None:
        """Carry out a command that was written in the prompt."""
        said = SAID_WITH.set(event.rest.strip())
        for node in (self, self.app):
            for command in getattr(node, "commands", ()):
                if command.slash == event.word:
                    await node.run_action(command.action)
        SAID_WITH.reset(said)

    @on(Rows.Open)
    def open_row(self, event: Rows.Open) -> None:
        """Show the pane of a delegation."""
        for transcript in self.talk.conversation.runs if self.talk else ():
            if transcript.run == event.of_run:
                self._show_worker(transcript, event.path)

    def _show_worker(self, transcript: Transcript, path: RunPath) -> None:
        self.side.touch(transcript, path)
        self.side.flush()
        self.side.open_path(transcript.run, path)

    def on_text_selected(self) -> None:
        """Copy what was selected, where the person wants that."""
        if self.house.preferences.copy_on_select and (text := self.get_selected_text()):
            self.copy_words(text, "the selection")

    def action_main_stop(self) -> None:
        """Stop the run and all its children; again, nothing more."""
        if self.talk and self.talk.stop():
            self.say("Stopping. What was written stays.")

    def action_main_new(self) -> None:
        """Begin a new conversation."""
        if self.talk and self.idle():
            self.talk.conversation.begin_anew()
            self.title_told = ""
            self.show_conversation()

    def action_chat_next(self) -> None:
        """Mark the message below; from here on single letters are keys."""
        self.chat.step(1)
        self.chat.focus()

    def action_chat_previous(self) -> None:
        """Mark the message above; from here on single letters are keys."""
        self.chat.step(-1)
        self.chat.focus()

    def action_chat_open(self) -> None:
        """Go to the first worker of the marked message."""
        chosen = self.chat.chosen
        if chosen and (paths := chosen.transcript.root.children):
            self._show_worker(chosen.transcript, paths[0])
        else:
            self.say("Nothing was delegated here.")

    def action_chat_end(self) -> None:
        """Go to the newest line."""
        self.chat.to_end()

    def action_chat_thinking(self) -> None:
        """Fold or unfold thinking."""
        if chosen := self.chat.chosen:
            chosen.toggle_thinking()

    def action_chat_edit(self) -> None:
        """Put the marked prompt into the bar; what is sent then takes its place."""
        if (chosen := self.chat.chosen) and self.idle():
            if not self.instead:
                self.set_aside = self.bar.draft
            self.bar.draft = chosen.transcript.prompt
            self.instead = chosen.transcript.run
            self.bar.focus()
            self.say("Enter asks this in place of the marked prompt and all after it; ^c leaves them.")

    def action_chat_again(self) -> None:
        """Ask the marked prompt once more."""
        if (chosen := self.chat.chosen) and self.idle() and self.talk:
            self._rewind(self.chat.number_of(chosen))
            self.talk.send(chosen.transcript.prompt)

    def action_chat_fork(self) -> None:
        """Go on from the marked message in a session of its own."""
        if (chosen := self.chat.chosen) and self.idle() and self.talk:
            self.talk.conversation.fork(self.chat.number_of(chosen) + 1)
            self.show_conversation()
            self.say("This is a new session now; the one before stays in the list (f2).")

    def action_chat_copy(self) -> None:
        """Copy the answer, or what is selected."""
        if selected := self.get_selected_text():
            self.copy_words(selected, "the selection")
        elif chosen := self.chat.chosen:
            self.copy_words(chosen.transcript.root.text, "the answer")

    def action_chat_copy_code(self) -> None:
        """Copy the last code block; again, the one before it."""
        chosen = self.chat.chosen
        blocks = chosen.code_blocks if chosen else []
        if not blocks:
            self.say("There is no code block in this answer.")
            return
        self.copied = (self.copied - 1) % len(blocks) if self.copied else len(blocks) - 1
        self.copy_words(blocks[self.copied], f"code block {self.copied + 1} of {len(blocks)}")

    @work(group="recap", exclusive=True)
    async def action_main_summarise(self) -> None:
        """Have the manager sum up what was said, and go on from that."""
        if not (self.talk and self.idle() and self.talk.conversation.runs):
            return
        conversation = self.talk.conversation
        self.say("The manager sums up what was said.")
        try:
            made = await conversation.sum_up(len(conversation.runs))
        except DelegateError as error:
            self.say_error(error)
            return
        if made.root.state == "done":
            self.say(f"From here on the manager is told this instead:\n{clean(made.root.text)[:300]}")
        else:
            self.say(f"There is no summary: {made.root.message}", bad=True)
        self.show_conversation()

    @work(group="recap", exclusive=True)
    async def action_main_resume(self) -> None:
        """Go on with a run that was cut off."""
        if not (self.talk and self.idle()):
            return
        try:
            await self.talk.conversation.resume()
        except DelegateError as error:
            self.say_error(error)

    def action_main_forget(self) -> None:
        """Stop telling the manager the older half."""
        if self.talk and self.idle():
            conversation = self.talk.conversation
            told = len(conversation.runs) - conversation.forgets
            conversation.forget(conversation.forgets + (told + 1) // 2, conversation.recap)
            if conversation.runs:  # the next run holds it; a pick, until there is one
                self.house.set_pick(FORGOTTEN, f"{conversation.runs[-1].run} {conversation.forgets}")
            many = "one message" if conversation.forgets == 1 else f"{conversation.forgets} messages"
            self.say(f"The manager is not told of {many} any more. What was said stays in the session.")
            self.show_conversation()

    async def ask_for_room(self, needed: int, window: int) -> MakeRoom:
        """Ask what to do about a window that is too small."""
        answer = await self.app.push_screen_wait(
            Choose(
                f"The next call would hold about {figures.count(needed)} tokens; the manager's window has "
                f"room for {figures.count(window)}. What was said earlier has to give way:",
                (
                    ("summarise", "Summarise", "the manager sums it up and goes on from that"),
                    ("drop", "Drop the oldest", "as few messages as will do; they stay in the session"),
                    ("fork", "Fork", "begin a new session with this prompt"),
                    ("send", "Send anyway", "the server may cut it, or refuse it"),
                ),
            )
        )
        return _WAYS.get(answer, "")

    def prompt_refused(self, prompt: str, error: DelegateError) -> None:
        """Give a prompt back that can't be run, before what is written meanwhile, and say why."""
        draft = self.bar.draft
        self.bar.draft = f"{prompt}\n{draft}" if draft.strip() else prompt
        self.say_error(error)

    def _rewind(self, keep: int) -> None:
        if self.talk:
            self.talk.conversation.rewind(keep)
            self.show_conversation()

    def idle(self) -> bool:
        """Say whether the conversation can be changed now; tell the person where it can't."""
        if self.talk and self.talk.conversation.busy:
            self.say("Something runs: stop it first (esc), or wait for its end.")
            return False
        return self.talk is not None
