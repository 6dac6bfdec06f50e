"""The one tree of errors. Each has a `code`, the same on every face, and a `hint`: what to do next.

DelegateError
├─ ConfigError            a profiles file that can't be read or holds what it should not
├─ ResolveError           a profile, backend or agent that isn't there, or lacks what this call needs
│  └─ KeyMissing          it lacks its key: for the caller the same as a key that was refused
├─ InputError             what the person gave can't be used (no prompt, an empty corpus, a bad flag)
│  └─ EmptyStdin           text was to come in by the pipe, and none came
├─ TargetError            a place that a worker's file can't go to
│  ├─ MissingTarget  BadTarget  RootEscape  TargetProtected
│  └─ TargetExists  NotAFile  TargetChanged  NotWritten
├─ FileRefused            a file that we leave as it is, because to change it could lose something
├─ JournalError           the journal can't be written or read
├─ BackendError           a model server, or the way to it
│  ├─ Unreachable  AuthRefused  ModelMissing  ContextOverflow  RateLimited  Overloaded
│  └─ CutOff  BadReply  TimedOut  Unfit
└─ LimitReached           a delegation that is refused or gave nothing; the parent's model reads it
   ├─ InvalidRequest  UsesExceeded  Denied
   └─ DepthExceeded  BudgetExceeded

What may not live here: exit codes and wording for a terminal (cli), HTTP status numbers (backends).
"""

from __future__ import annotations

TYPE_CHECKING = False  # the shortest verbs load this, and typing costs more than all of it
if TYPE_CHECKING:
    from typing import ClassVar


class DelegateError(Exception):
    """Anything that goes wrong in a way we have a word for."""

    code: ClassVar[str] = "error"
    type: ClassVar[str] = "backend_error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def envelope(self) -> dict[str, object]:
        """Render the `error` member of every JSON answer."""
        return {"type": self.type, "message": self.message, "code": self.code, "hint": self.hint}


class ConfigError(DelegateError):
    """A profiles file is wrong; the message names file, table and key in one line."""

    code = "config_error"
    type = "resolve_error"


class ResolveError(DelegateError):
    """A name leads nowhere, or the selected profile lacks a key that this call needs."""

    code = "resolve_error"
    type = "resolve_error"


class KeyMissing(ResolveError):
    """The profile's key is nowhere to be found, so that its server could only refuse."""

    code = "auth"
    type = "backend_error"


class InputError(DelegateError):
    """The person's input can't be used as it is."""

    code = "input_error"
    type = "corpus_error"


class EmptyStdin(InputError):
    """Text was to come in by the pipe, and none came."""

    code = "empty_stdin"
    type = "empty_stdin"


class TargetError(DelegateError):
    """A file can't be written where it was to go."""

    code = "target_error"
    type = "target_exists"


class MissingTarget(TargetError):
    """Nobody said where the file goes."""

    code = "missing_target"
    type = "missing_target"


class BadTarget(TargetError):
    """The name can't be a file's: it is a URL, a folder's, too long, or holds what can't be seen."""

    code = "target_bad_name"
    type = "missing_target"


class RootEscape(TargetError):
    """The target lies outside the folder that it may not leave."""

    code = "target_root_escape"
    type = "target_root_escape"


class TargetProtected(TargetError):
    """The target is of a kind that is written only where the person names it."""

    code = "target_protected"
    type = "target_root_escape"


class TargetExists(TargetError):
    """There is a file already."""

    code = "target_exists"
    type = "target_exists"


class NotAFile(TargetError):
    """There is something that isn't a file, or one that can't be replaced."""

    code = "target_not_a_file"
    type = "target_exists"


class TargetChanged(TargetError):
    """The target isn't any more what was looked at before."""

    code = "target_changed"
    type = "target_exists"


class NotWritten(TargetError):
    """The disk, or its owner, said no."""

    code = "target_not_written"
    type = "backend_error"


class FileRefused(DelegateError):
    """A file stays as it is: what it is, or what is in it, makes it unsafe to change."""

    code = "file_refused"


class JournalError(DelegateError):
    """The journal could not be opened, read or written."""

    code = "ledger_not_written"


class BackendError(DelegateError):
    """A model call failed.

    `retry_in` is set by the lane: the seconds after which the same call may be tried again.
    `status` and `body` are what the server said, where it said anything. `loading` means that it refused
    because the model is still being loaded: that is waited for.
    """

    code = "bad_reply"

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        status: int | None = None,
        body: str = "",
        retry_after: float | None = None,
        loading: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.body = body
        self.retry_after = retry_after
        self.loading = loading
        self.retry_in: float | None = None


class Unreachable(BackendError):
    """Nothing answers at the address."""

    code = "unreachable"


class AuthRefused(BackendError):
    """The server wants another key, or any key."""

    code = "auth"


class ModelMissing(BackendError):
    """The server has no such model."""

    code = "model_not_found"


class ContextOverflow(BackendError):
    """The prompt is longer than the model's window."""

    code = "context_overflow"


class RateLimited(BackendError):
    """The server counts requests, and we made too many."""

    code = "rate_limited"


class Overloaded(BackendError):
    """The server has no room now."""

    code = "overloaded"


class CutOff(BackendError):
    """The stream ended before the server said that it was done."""

    code = "cut_off"


class BadReply(BackendError):
    """The server answered with something that is no answer."""

    code = "bad_reply"


class TimedOut(BackendError):
    """One of the four time-outs passed: queue, first token, idle, total."""

    code = "timeout"


class Unfit(BackendError):
    """The answer does not hold what was asked of it: its schema, or a check that a person named."""

    code = "unfit"


class Interrupted(DelegateError):
    """The person pressed Ctrl-C, or whoever started us told us to end."""

    code = "cancelled"


class LimitReached(DelegateError):
    """A delegation that was not made, or gave nothing; its parent's model reads why."""

    code = "subagent_request_failed"


class InvalidRequest(LimitReached):
    """The call's arguments can't be used, or it would delegate to itself."""

    code = "subagent_invalid_request"


class UsesExceeded(LimitReached):
    """The turn, or the run, has made all the delegations that it may."""

    code = "subagent_max_uses_exceeded"


class Denied(LimitReached):
    """The person was asked, and refused."""

    code = "denied"


class DepthExceeded(LimitReached):
    """One level further down is one too many."""

    code = "subagent_depth_exceeded"


class BudgetExceeded(LimitReached):
    """Tokens, dollars or seconds are spent."""

    code = "subagent_budget_exceeded"


def envelope_of(code: str, message: str, hint: str) -> dict[str, object]:
    """Render an error that is known by its code only, as an event tells it."""
    return {"type": type_of(code), "message": message, "code": code, "hint": hint}


def type_of(code: str) -> str:
    """Give the wire's type of an error that is known by its code only."""
    kinds: list[type[DelegateError]] = [DelegateError]
    for kind in kinds:
        if kind.code == code:
            return kind.type
        kinds += kind.__subclasses__()
    return DelegateError.type
