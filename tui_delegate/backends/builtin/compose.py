"""The manager's answer: the best quotations of all workers, without repeats, then each file in short.

Nothing is added to what the workers quoted but order, counts and one line that says who speaks here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.builtin.digest import ENTRIES, POINTS
from tui_delegate.backends.builtin.extract import groups_in
from tui_delegate.backends.builtin.merge import Condensed, digests_in, merge, merge_entries, write
from tui_delegate.backends.builtin.question import Ask, asks, question_in
from tui_delegate.backends.builtin.quotes import Passage, render_all, title
from tui_delegate.backends.builtin.ranking import UNDER_HEADING, Index, alike
from tui_delegate.backends.builtin.words import terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tui_delegate.backends.builtin.talk import Result

CLOSING = "(Put together by the builtin engine: it quotes and counts by rule and is not a language model.)"
_WEAK = 0.5
_LEAD_LINES = 60


def compose(question: str, results: Sequence[Result]) -> str:
    """Answer a question from the workers' results."""
    done = [result for result in results if not result.error]
    failed = [result for result in results if result.error]
    wanted = asks(question_in(question))
    answers = [(ask, _best(ask, done)) for ask in wanted]
    digests = _digests(done)
    seen = {(quote.name, quote.line) for _, found in answers for one in found for quote in one.quotes}
    logs_first = any(one.kind == "a log" for one in digests)
    told = _answers(answers, alone=len(wanted) == 1)
    short = [write(one, seen, _points(answers)) for one in digests]
    parts = [*short, *told] if logs_first else [*told, *short]
    parts += [_as_it_came(result) for result in done if not _is_ours(result.text)]
    if not parts:
        parts.append("No worker found anything to quote.")
    missing = [title(ask.text) for ask, found in answers if not found and ask.weights]
    if missing and done:
        parts.append("Nothing found for: " + "; ".join(f"“{one}”" for one in missing) + ".")
    parts += [f"Not done: {result.task}: {title(result.error)}" for result in failed]
    return "\n\n".join([*parts, CLOSING])


def _points(answers: Sequence[tuple[Ask, list[Passage]]]) -> int:
    """How much of a digest is wanted: little beside an answer to a pointed question, else all of it."""
    pointed = [ask for ask, found in answers if found and not ask.overview and not ask.trouble]
    if not pointed:
        return ENTRIES + POINTS
    return 4 if len(pointed) < len(answers) else 0


def _is_ours(text: str) -> bool:
    return bool(groups_in(text) or digests_in(text)) or "Nothing matches “" in text


def _as_it_came(result: Result) -> str:
    return f"**{title(result.task)}**\n\n{result.text.strip() or '(empty)'}"


def _digests(results: Sequence[Result]) -> list[Condensed]:
    """One digest for each file, in the order of the tasks."""
    by_file: dict[str, list[Condensed]] = {}
    for result in results:
        for one in digests_in(result.text):
            by_file.setdefault(one.name, []).append(one)
    return [merge(parts) for parts in by_file.values()]


def _answers(answers: Sequence[tuple[Ask, list[Passage]]], *, alone: bool) -> list[str]:
    parts = []
    for ask, found in answers:
        if not found:
            continue
        if not alone:
            parts.append(f"**{title(ask.text)}**")
        names = tuple(dict.fromkeys(one.name for one in found))
        for name in names:
            rows = render_all(sorted((one for one in found if one.name == name), key=lambda one: one.line))
            parts.append(f"{name}:\n\n{rows}" if len(names) > 1 else rows)
    return parts


def _best(ask: Ask, results: Sequence[Result]) -> list[Passage]:
    """Choose from what all workers quoted for one ask; the file with the best passage comes first."""
    pool: list[tuple[Passage, int]] = []
    known: set[tuple[str, int, str]] = set()
    for result in results:
        for text, passages in groups_in(result.text):
            for rank, one in enumerate(passages if text == title(ask.text) else ()):
                if (key := (one.name, one.line, one.text)) not in known:
                    known.add(key)
                    pool.append((one, rank))
    pool = _added_up(pool)
    files = len({one.name for one, _ in pool})
    most, each = (5, 5) if files <= 1 else (12, 4 if files <= 3 else 3)
    return _choose(pool, _scores(ask, pool), most, each)


def _added_up(pool: list[tuple[Passage, int]]) -> list[tuple[Passage, int]]:
    """Where several workers found the same kind of log line, make one of them."""
    counted = [row for row in pool if row[0].count > 1]
    if not counted:
        return pool
    rank = {(one.name, one.line): at for one, at in pool}
    merged = merge_entries([one for one, _ in pool])
    return [(one, rank[one.name, one.line]) for one in merged]


def _scores(ask: Ask, pool: Sequence[tuple[Passage, int]]) -> list[float]:
    """Score a pool. It is too small for rarity alone: half of a score is how many of the words are met."""
    said = [(terms(one.text), terms(one.section)) for one, _ in pool]
    index = Index([text for text, _ in said], [above for _, above in said])
    found = index.scores(ask.weights) if ask.weights else [0.0] * len(pool)
    met = [_share(ask.weights, text, above) for text, above in said]
    most = max(met, default=0.0) or 1.0
    best = max(found, default=0.0) or 1.0
    scores = []
    for (one, rank), score, share in zip(pool, found, met, strict=True):
        early = 0.6 if ask.overview and one.line <= _LEAD_LINES else 0.0
        fits = bool(score) or ask.overview or not any(found)
        scores.append(score / best / 2 + share / most * (0.5 + 0.3 / (1 + rank)) + early if fits else 0.0)
    return scores


def _share(weights: Mapping[str, float], text: Sequence[str], above: Sequence[str]) -> float:
    """Say how much of the asked words a passage meets, by itself and by the heading above it."""
    own = dict.fromkeys(text)
    under = [term for term in dict.fromkeys(above) if term not in own]
    return sum(weights.get(term, 0.0) for term in own) + UNDER_HEADING * sum(
        weights.get(term, 0.0) for term in under
    )


def _choose(
    pool: Sequence[tuple[Passage, int]], scores: Sequence[float], most: int, each: int
) -> list[Passage]:
    order = sorted(range(len(pool)), key=lambda at: (-scores[at], at))
    kept: list[Passage] = []
    said: list[list[str]] = []
    for at in order:
        one, words = pool[at][0], terms(pool[at][0].text)
        if len(kept) == most or scores[at] <= 0 or scores[at] < _WEAK * scores[order[0]]:
            break
        if sum(1 for other in kept if other.name == one.name) >= each:
            continue
        if all(alike(words, other) < 0.8 for other in said):
            kept.append(one)
            said.append(words)
    return kept
