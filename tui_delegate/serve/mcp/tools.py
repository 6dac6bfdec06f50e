"""The table of tools: names, what a host is told of each, the schemas of what goes in and comes out.

Every word here is read by the host's model before each of its answers, and paid for: it is kept short.
What a tool does is not known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Schema = dict[str, object]

INSTRUCTIONS: Final = (
    "Hands bounded work to a cheap or local model, so that its reading does not fill your context: questions "
    "about files, summaries of logs, drafts of one file. Check what comes back: the worker is smaller than "
    "you. Say in a line which profile and model answered. End with `delegate_ledger` (report: true), which "
    "says what share was delegated."
)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str
    command: str
    """What its runs are called in the journal, as the verb's are."""
    title: str
    description: str
    takes: Schema
    gives: Schema
    reads_only: bool = True
    destroys: bool = False
    repeats: bool = False
    """Whether a second call with the same words changes nothing more."""
    reaches_out: bool = True
    """Whether it talks to servers or fetches pages."""


def _text(words: str) -> Schema:
    return {"type": "string", "description": words}


def _flag(words: str) -> Schema:
    return {"type": "boolean", "default": False, "description": words}


def _texts(words: str) -> Schema:
    return {"type": "array", "items": {"type": "string"}, "description": words}


def _object(properties: Mapping[str, Schema], *required: str, closed: bool = True) -> Schema:
    made: Schema = {"type": "object", "properties": dict(properties), "required": list(required)}
    return made | ({"additionalProperties": False} if closed else {})


_PATHS: Final = "files, folders or patterns (docs/**/*.md), from the project's folder on"
_LIMITS: Final[Schema] = {
    "type": "object",
    "additionalProperties": {"type": ["number", "boolean", "string"]},
    "description": "bounds of this call, such as tokens or cost (dollars)",
}
_WHO: Final[Mapping[str, Schema]] = {
    "profile": _text("the worker's profile; else the default one"),
    "model": _text("its model; else the profile's"),
    "limits": _LIMITS,
}
_HOW: Final[Mapping[str, Schema]] = {
    **_WHO,
    "fallback": _texts("profiles that take over where the first can't be reached"),
    "split": _flag("read in parts what is more than the model can hold, then combine"),
}
_SCHEMA: Final[Schema] = {
    "type": "object",
    "description": "a JSON schema that the answer has to fit; its value comes back as data",
}
_DIFF: Final = _text("only what has changed since this git revision")

_COUNT: Final[Schema] = {"type": "integer"}
_ERROR: Final = _object(
    {"code": _text("stable"), "type": _text(""), "message": _text(""), "hint": _text("what to do next")},
    *("code", "type", "message", "hint"),
    closed=False,
)
_TOKENS: Final = ("prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
_USAGE: Final = _object(dict.fromkeys((*_TOKENS, "total_duration_ms"), _COUNT), closed=False)
_PLACE: Final[Mapping[str, Schema]] = {
    "ok": {"type": "boolean"},
    "command": {"type": "string"},
    "profile": {"type": "string"},
    "model": {"type": "string"},
    "error": _ERROR,
    "notes": _texts("what a person would have been told on the way: files left out, retries"),
}
_SPENT: Final[Mapping[str, Schema]] = {
    **_PLACE,
    "content": {"type": ["string", "null"]},
    "usage": _USAGE,
    "usage_source": {"type": "string"},
    "cost": {"type": ["number", "null"], "description": "dollars; null: not known"},
    "calls": _COUNT,
    "run": _text("its id in the journal"),
    "partial": _texts("why this is not all of it"),
    "journal_error": {"type": "string"},
}


def _gives(more: Mapping[str, Schema], under: Mapping[str, Schema] = _SPENT) -> Schema:
    return _object({**under, **more}, "ok", "command", closed=False)


TOOLS: Final[Mapping[str, Tool]] = {
    tool.name: tool
    for tool in (
        Tool(
            "delegate_ask",
            "ask",
            "Ask a worker about files",
            "Have a worker model answer a question from files, instead of reading them yourself.",
            _object(
                {
                    "question": _text("what is to be answered"),
                    "paths": _texts(_PATHS),
                    "diff_only": _DIFF,
                    "schema": _SCHEMA,
                    **_HOW,
                },
                "question",
            ),
            _gives({"data": {}}),
        ),
        Tool(
            "delegate_summarize",
            "summarize",
            "Have a worker summarize",
            "Have a worker model condense files, logs or a text.",
            _object(
                {"paths": _texts(_PATHS), "text": _text("a text, where it is in no file"), **_HOW}
                | {"diff_only": _DIFF, "schema": _SCHEMA}
            ),
            _gives({"data": {}}),
        ),
        Tool(
            "delegate_write",
            "write",
            "Have a worker draft a file",
            "Have a worker model draft one file from others and a specification. Gives the diff; writes only "
            "with write: true. To write a draft that you have seen, name its run as draft: nobody is asked "
            "again.",
            _object(
                {
                    "target": _text("where the file goes, in the project's folder"),
                    "spec": _text("what it is to hold"),
                    "context": _texts(f"what it is drafted from: {_PATHS}"),
                    "write": _flag("write it; else only its diff comes back"),
                    "force": _flag("replace what is there; that is kept beside it"),
                    "draft": _text("the run of an earlier call whose draft is written as it is"),
                    "diff_only": _DIFF,
                    "schema": _SCHEMA,
                    **_HOW,
                }
            ),
            _gives(
                {
                    "target": {"type": "string"},
                    "path": _text("where it lies"),
                    "diff": {"type": "string"},
                    "written": {"type": "boolean"},
                    "backup": _text("the name of what was there before"),
                    "data": {},
                }
            ),
            reads_only=False,
            destroys=True,
        ),
        Tool(
            "delegate_map",
            "map",
            "Ask workers about many files",
            "Ask the same of each of many files by itself, side by side; without a question each is "
            "summarized.",
            _object(
                {
                    "paths": _texts(_PATHS),
                    "question": _text("what is asked of each file"),
                    "combine": _flag("make one answer of all in the end"),
                    "schema": _SCHEMA,
                    **_HOW,
                },
                "paths",
            ),
            _gives(
                {
                    "results": {
                        "type": "array",
                        "items": _object(
                            {"input": {"type": "string"}, "ok": {"type": "boolean"}, "error": _ERROR},
                            *("input", "ok"),
                            closed=False,
                        ),
                    },
                    "done": _COUNT,
                    "failed": _COUNT,
                    "not_begun": _COUNT,
                }
            ),
        ),
        Tool(
            "delegate_run",
            "run",
            "Give a manager a task",
            "Give a task to a manager model that hands parts of it to workers. @path in the prompt names "
            "files for them.",
            _object(
                {
                    "prompt": _text("what is to be done"),
                    "profile": _text("the manager's profile"),
                    "model": _text("the manager's model"),
                    "worker_profile": _text("the workers' profile"),
                    "worker_model": _text("the workers' model"),
                    "limits": _LIMITS,
                },
                "prompt",
            ),
            _gives(
                {
                    "delegations": {"type": "array", "items": {"type": "object"}},
                    "limits": {"type": "object"},
                }
            ),
        ),
        Tool(
            "delegate_status",
            "status",
            "Show what is set up",
            "Show profiles, default model, files and what is installed. No server is asked.",
            _object({}),
            _gives({"content": {"type": "object"}}, _PLACE),
            reaches_out=False,
        ),
        Tool(
            "delegate_ledger",
            "ledger",
            "Show what was delegated",
            "Show what calls took in tokens, time and dollars; with report: true the lines to end your "
            "summary with.",
            _object(
                {
                    "by": _text("totals by command, profile, model, day, project, status or another key"),
                    "since": _text("30m, 2h, 7d, 2026-11-01 or today"),
                    "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
                    "report": _flag("the lines for a final summary, of this session or today"),
                    "session": _text("of Claude Code, Codex or ours; for the report"),
                    "manager_tokens": {
                        "type": "integer",
                        "minimum": 0,
                        "description": "tokens that you spent yourself, if you know: gives the share",
                    },
                }
            ),
            _gives({"content": {"type": "object"}}, _PLACE),
            reaches_out=False,
        ),
    )
}


def arguments_of(tool: Tool) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give the names of what a tool takes, and the schemas of it."""
    properties = tool.takes["properties"]
    assert isinstance(properties, dict)
    yield from properties.items()
