"""The flags of a reply or an answer, in words that a person reads.

What raises a flag, and what follows from it, may not live here.
"""

from __future__ import annotations

_WORDS = {
    "bad_line": "a line of the answer could not be read and was left out",
    "calls_cut": "the answer was cut in the middle of its tool calls, so none of them was made",
    "content_filter": "the server's content filter stopped the answer",
    "empty": "the answer is empty",
    "empty_answer": "the model said nothing",
    "length": "cut at the longest answer",
    "listed": "the workers' results as they are",
    "no_finish_reason": "the server did not say why the answer ended",
    "odd_content": "a part of the answer had an unknown form and was left out",
    "odd_event": "the stream held an event that nobody knows",
    "odd_finish": "the server gave an unknown reason for the end of the answer",
    "only_thinking": "the model thought and said nothing",
    "pause_turn": "the server paused the answer",
    "refusal": "the model refused",
    "textual_call": "the model wrote its tool call as text; it was understood",
    "thinking_moved": "thinking stood in the answer and was taken out",
    "too_many_calls": "there were too many tool calls; the last of them were left out",
    "unclosed_thinking": "the model's thinking had no end",
    "window_full": "the model's window is full",
}
_LIMITS = {
    "subagent_max_uses_exceeded": "the limit of delegations",
    "subagent_depth_exceeded": "the limit of levels",
    "subagent_budget_exceeded": "the budget",
}


def flag_words(flag: str) -> str:
    """Say what a flag means; an unknown one says itself."""
    limit = flag.removeprefix("limit:")
    if limit == flag or limit in _WORDS:
        return _WORDS.get(limit, limit)
    return f"stopped at {_LIMITS.get(limit, f'the limit {limit}')}"
