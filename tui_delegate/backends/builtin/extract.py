"""`builtin/extract`: answers a question with passages, quoted as they stand, each with `file:line`.

It finds; it does not know. Where nothing matches it says so and names the nearest headings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.backends.builtin.logs import LEVELS, level_of
from tui_delegate.backends.builtin.question import Ask, asks, question_in
from tui_delegate.backends.builtin.quotes import Passage, parse, quote, render_all, title
from tui_delegate.backends.builtin.ranking import Index, alike, centrality
from tui_delegate.backends.builtin.reader import read
from tui_delegate.backends.builtin.words import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tui_delegate.backends.builtin.documents import Document, Unit
    from tui_delegate.core.files import Excerpt

_MOST = 6
_MOST_OF_MANY = 5
_WEAK = 0.4
"""A passage this far below the best one is left out."""
_FOR = "For “"


def extract(task: str, excerpts: Sequence[Excerpt]) -> str:
    """Answer a task from files."""
    if not excerpts:
        return "There are no files with this task, so there is nothing to quote from."
    documents = [read(excerpt) for excerpt in excerpts]
    return answer(asks(question_in(task)), documents)


def answer(wanted: Sequence[Ask], documents: Sequence[Document]) -> str:
    """Answer asks from documents, one group of quotations for each ask."""
    finder = Finder(documents)
    most = _MOST if len(wanted) == 1 else _MOST_OF_MANY
    groups = [(ask, finder.find(ask, most)) for ask in wanted]
    where = ", ".join(f"{one.name} (lines {one.first}-{one.last})" for one in documents)
    count = sum(len(found) for _, found in groups)
    parts = [f"{count} {'passage' if count == 1 else 'passages'} found in {where}."]
    for ask, found in groups:
        if found:
            parts.append(f"{_FOR}{title(ask.text)}”:\n{render_all(found)}")
        else:
            parts.append(f"Nothing matches “{title(ask.text)}”.{_nearest(ask, documents)}")
    return "\n\n".join(parts)


def groups_in(result: str) -> list[tuple[str, list[Passage]]]:
    """Read the groups back out of an answer: the ask's words, and the passages under it."""
    found = []
    for part in result.split("\n\n"):
        first, _, rest = part.partition("\n")
        if first.startswith(_FOR) and first.endswith("”:"):
            found.append((first.removeprefix(_FOR).removesuffix("”:"), parse(rest)))
    return found


class Finder:
    """Ranks the units of documents against one ask after the other."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._units: list[Unit] = [unit for one in documents for unit in one.units]
        self._terms = [terms(unit.passage.text) for unit in self._units]
        self._above = above = dict[str, list[str]]()
        for unit in self._units:
            if unit.passage.section not in above:
                above[unit.passage.section] = terms(unit.passage.section)
        self._index = Index(self._terms, [above[unit.passage.section] for unit in self._units])

    def find(self, ask: Ask, most: int) -> list[Passage]:
        """Give the passages that answer an ask, best first."""
        scores = self._scores(ask)
        order = sorted(range(len(scores)), key=lambda at: (-scores[at], at))
        kept: list[int] = []
        under: dict[tuple[str, str], int] = {}
        for at in order:
            if scores[at] <= 0 or scores[at] < _WEAK * scores[order[0]] or len(kept) == most:
                break
            unit = self._units[at]
            place = (unit.passage.name, unit.passage.section)
            if under.get(place, 0) >= most - 2 and unit.role not in ("entry", "row"):
                continue
            if any(alike(self._terms[at], self._terms[other]) > 0.7 for other in kept):
                continue
            under[place] = under.get(place, 0) + 1
            kept.append(at)
        exact = self._exact_lines(ask)
        chosen = [self._units[at].passage for at in kept]
        return [*exact, *(one for one in chosen if all(one.line != other.line for other in exact))][:most]

    def _scores(self, ask: Ask) -> list[float]:
        found = self._index.scores(ask.weights) if ask.weights else [0.0] * len(self._units)
        best = max(found, default=0.0) or 1.0
        telling = self._telling(ask)
        scores = [
            score / best * self._fitness(at, ask, telling) + self._standing(self._units[at], ask, score)
            for at, score in enumerate(found)
        ]
        if ask.overview and not any(unit.lead for unit in self._units) and not any(scores):
            return centrality(self._terms)
        return scores

    def _telling(self, ask: Ask) -> list[str]:
        """Of the words that mean themselves, those that few units hold: the others tell nothing apart."""
        texts = [unit.passage.text.casefold() for unit in self._units] if ask.exact else []
        return [word for word in ask.exact if sum(word in text for text in texts) * 20 <= len(texts)]

    def _fitness(self, at: int, ask: Ask, telling: Sequence[str]) -> float:
        """How well a unit's kind fits what is asked, where its words do."""
        unit, fits = self._units[at], 1.0
        if telling and any(word in unit.passage.text.casefold() for word in telling):
            fits += 0.5
        if unit.role == "definition" and any(term in ask.weights for term in terms(unit.name)):
            fits += 0.5
        if ask.how and any(term in ask.weights for term in self._above[unit.passage.section]):
            fits += 0.4
        if unit.role == "command":
            fits += 0.4 if ask.how else 0.0
        elif unit.role == "comment":
            fits += 0.15
        elif len(self._terms[at]) < 3 and unit.role != "definition":
            fits -= 0.4
        return fits

    @staticmethod
    def _standing(unit: Unit, ask: Ask, score: float) -> float:
        """What a unit is worth for its place; a bad log line only where it meets the words, if any."""
        worth = 0.0
        if ask.overview and unit.lead:
            worth += 1.0
        if ask.trouble and unit.level >= 2 and (score or not ask.weights):
            worth += 0.35 * (unit.level - 1)
        elif ask.overview and unit.level:
            worth += 0.3 * unit.level
        return worth

    def _exact_lines(self, ask: Ask) -> list[Passage]:
        """Where a log is asked for a number or a name: the first and last lines that hold just that."""
        found: list[Passage] = []
        words = [word for word in ask.exact if len(word) > 2]
        for one in self._documents if words else ():
            if one.kind != "log":
                continue
            rows = [
                (number, line)
                for number, line in enumerate(one.lines, one.first)
                if all(word in line.casefold() for word in words)
            ]
            wanted = rows if len(rows) <= 4 else [*rows[:3], rows[-1]]
            found += [Passage((made,)) for number, line in wanted if (made := quote(one.name, number, line))]
        return found


def _nearest(ask: Ask, documents: Sequence[Document]) -> str:
    """Name the headings that look most like what was asked, else the first ones."""
    asked = _triples(ask.text)
    rows = [
        (len(asked & _triples(heading.title)), one.name, heading)
        for one in documents
        for heading in one.headings
    ]
    if rows:
        near = sorted(rows, key=lambda row: -row[0])[:6]
        named = " | ".join(f"{name}:{heading.line} {title(heading.title)}" for _, name, heading in near)
        return f" Nearest headings: {named}."
    levels = [level_of(line) for one in documents if one.kind == "log" for line in one.lines]
    counts = ", ".join(f"{level} {levels.count(level)}" for level in LEVELS if level in levels)
    return f" The log has {counts}." if counts else ""


def _triples(text: str) -> frozenset[str]:
    low = text.casefold()
    return frozenset(low[at : at + 3] for at in range(len(low) - 2) if low[at : at + 3].isalnum())
