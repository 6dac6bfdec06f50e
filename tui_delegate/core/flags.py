"""What a reply's flags mean, in words for people. Which flag is raised when is the backends' to decide."""

from __future__ import annotations

CUT_AT_END = "cut_at_end"
"""The stream stopped between the end that it announced and its own end: something may be missing."""

UNSOUND = frozenset({CUT_AT_END, "bad_line", "content_filter", "odd_content", "refusal"})
"""Flags of a reply that came to its end and yet is not the whole answer: it is partial, never passed off."""

_WORDS = {
    "bad_line": "A line of the server's answer could not be read and was left out.",
    "calls_cut": "The answer was cut in the middle of a tool call, which was not run.",
    "content_filter": "The server's content filter ended the answer.",
    CUT_AT_END: "The stream was cut after the answer's end was announced: something may be missing.",
    "empty": "The answer is empty.",
    "no_finish_reason": "The server did not say why it stopped.",
    "odd_content": "A part of the answer was no text and was left out.",
    "odd_event": "The server sent something that is no part of an answer; it was left out.",
    "odd_finish": "The server gave a reason for stopping that is not known.",
    "only_thinking": "The whole answer was thinking.",
    "pause_turn": "The server paused the turn.",
    "refusal": "The model refused.",
    "textual_call": "The model wrote its tool call as text; it was read as a call.",
    "thinking_moved": "Thinking that stood before a lone </think> was taken out of the answer.",
    "too_many_calls": "The model asked for more calls than one answer may hold; the rest was left out.",
    "unclosed_thinking": "The model never ended its thinking.",
    "window_full": "The model's context window is full.",
}


_PARTIAL = {
    CUT_AT_END: "the stream was cut at its end",
    "bad_line": "a line of it could not be read",
    "content_filter": "ended by the server's content filter",
    "length": "cut at its longest length",
    "parts_cut": "the answers to some parts are not whole",
    "parts_failed": "some parts could not be read",
    "odd_content": "a part of it was no text",
    "refusal": "the model refused",
    "listed": "put together from the workers' results",
    "limit:max_steps": "the limit max_steps was reached",
    "limit:seconds": "the time was up",
    "limit:subagent_budget_exceeded": "the budget was spent",
    "limit:subagent_depth_exceeded": "the limit depth was reached",
    "limit:subagent_max_uses_exceeded": "the limit of delegations was reached",
}


def partial_words(flag: str) -> str:
    """Say in a few words what is partial about an answer."""
    return _PARTIAL.get(flag, flag.replace("_", " "))


def flag_words(flag: str) -> str:
    """Say what a flag means."""
    return _WORDS.get(flag, flag.replace("_", " "))
