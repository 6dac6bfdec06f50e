"""The JSON objects that programs get, the same from every face: what went well, what failed, what was spent.

Values in, objects out. Which stream they go to, and what an exit code says of them, is each face's own.
"""

from __future__ import annotations

TYPE_CHECKING = False  # a verb that only fails loads this, and typing costs more than all of it
if TYPE_CHECKING:
    from typing import Final

    from tui_delegate.core.errors import DelegateError
    from tui_delegate.core.limits import Limits
    from tui_delegate.core.transcript import Node, Transcript
    from tui_delegate.core.usage import Usage
    from tui_delegate.workspace.errands import Told

BODY_SHOWN: Final = 2000


def answer_envelope(command: str, told: Told, target: str = "") -> dict[str, object]:
    """Make the object of an errand that went well."""
    done = told.done
    body: dict[str, object] = {
        "ok": True,
        "command": command,
        "model": done.seat.model,
        "content": done.text,
        "profile": done.seat.profile,
    }
    return body | ({"target": target} if target else {}) | figures_of(told)


def figures_of(told: Told) -> dict[str, object]:
    """Give what a run took, for a JSON object."""
    done = told.done
    figures = _figures(told.run, done.usage, done.cost, done.calls, done.seconds)
    if done.flags:
        figures["partial"] = list(done.flags)
    return figures


def figures_so_far(transcript: Transcript) -> dict[str, object]:
    """Give what a run took that was broken off, and the text that there is, for a JSON object."""
    root = transcript.root
    calls = sum(len(node.calls) for node in transcript.nodes.values())
    seconds = max(root.ended - root.started, 0.0)
    text: dict[str, object] = {"content": root.text} if root.text else {}
    return text | _figures(transcript.run, transcript.usage, transcript.cost, calls, seconds)


def _figures(run: str, usage: Usage, cost: float | None, calls: int, seconds: float) -> dict[str, object]:
    return {
        "usage": {
            "prompt_tokens": usage.prompt,
            "completion_tokens": usage.completion,
            "cached_tokens": usage.cached,
            "reasoning_tokens": usage.reasoning,
            "total_duration_ms": round(seconds * 1000),
        },
        "usage_source": usage.source,
        "cost": cost,
        "calls": calls,
        "run": run,
    }


def error_envelope(
    verb: str,
    error: DelegateError,
    *,
    backend: str = "",
    profile: str = "",
    model: str = "",
    target: str = "",
) -> dict[str, object]:
    """Make the JSON object of a verb that failed: what the server said is in it, without our keys."""
    inner = {**error.envelope(), "message": without_keys(error)}
    if backend:
        inner["backend"] = backend
    if (status := getattr(error, "status", None)) is not None:
        inner["status"] = status
    if body := getattr(error, "body", ""):
        from tui_delegate.workspace.secrets import hidden

        inner["body"] = hidden(body)[:BODY_SHOWN]
    places = {"profile": profile, "model": model, "target": target}
    known = {name: place for name, place in places.items() if place}
    return {"ok": False, "command": verb, "error": inner, **known}


def without_keys(error: DelegateError) -> str:
    """Give the message. Only a server's words can repeat a key, and looking for keys costs start-up."""
    if not hasattr(error, "status"):
        return error.message
    from tui_delegate.workspace.secrets import hidden

    return hidden(error.message)


def run_envelope(transcript: Transcript, limits: Limits, seconds: float) -> dict[str, object]:
    """Make the object of a run of the manager's."""
    from dataclasses import asdict

    from tui_delegate.core.errors import envelope_of

    root = transcript.root
    body: dict[str, object] = {"ok": root.state == "done", "command": "run", "run": transcript.run}
    if root.state != "done":
        body["error"] = envelope_of(root.code, *words_of(root))
    body |= {
        "content": root.text,
        "profile": root.profile,
        "model": root.model,
        "usage": _usage_object(transcript.usage, transcript.cost, seconds),
        "delegations": [_delegation_object(node) for node in transcript.delegations()],
        "limits": asdict(limits),
    }
    if root.flags:
        body["partial"] = list(root.flags)
    return body


def words_of(root: Node) -> tuple[str, str]:
    """Say why a run gave no answer, and what to do next."""
    if root.state == "cancelled":
        return "The run was cancelled.", "What was spent is in the ledger."
    from tui_delegate.workspace.secrets import hidden

    return hidden(root.message), root.hint


def _delegation_object(node: Node) -> dict[str, object]:
    from tui_delegate.core.errors import envelope_of
    from tui_delegate.workspace.secrets import hidden

    body: dict[str, object] = {
        "path": list(node.path),
        "task_name": node.task_name,
        "agent": node.agent,
        "profile": node.profile,
        "model": node.model,
        "status": {"done": "ok"}.get(node.state, node.state),
        "usage": _usage_object(node.usage, node.cost),
        "cost": node.cost,
        "duration_ms": round((node.ended - node.started) * 1000) if node.ended else 0,
    }
    if node.flags:
        body["partial"] = list(node.flags)
    if node.code:
        body["error"] = envelope_of(node.code, hidden(node.message), node.hint)
    return body


def _usage_object(usage: Usage, cost: float | None, seconds: float | None = None) -> dict[str, object]:
    body: dict[str, object] = {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "cached_tokens": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "total_tokens": usage.total,
        "source": usage.source,
    }
    if seconds is not None:
        body |= {"total_duration_ms": round(seconds * 1000), "cost": cost}
    return body
