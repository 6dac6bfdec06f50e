"""Questions: what a person's sentence asks for, taken apart by rule into asks with weighted terms.

The rules know English question words; in other languages the words themselves still count. Nothing here
knows files.
"""

from __future__ import annotations

import re

from tui_delegate.backends.builtin.words import is_exact, terms, words_of
from tui_delegate.core.records import dataclass, field

MOST_ASKS = 6
_MARK = re.compile(r"(?:^|\n)Question:[ \n]")
_AT_FILE = re.compile(r'(?<!\S)@(?:"[^"\n]*"|\'[^\'\n]*\'|(?:\\ |\S)+)')
_NUMBERED = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
_OPENERS = (
    r"(?:what|how|why|where|when|who|which|is|are|does|do|can|list|show|find|explain|tell|give|describe"
    r"|quote|summari[sz]e|name|check|compare)\b"
)
_BETWEEN = re.compile(
    rf"(?<=[?!;])\s*|(?<=[^\d\s][.])\s+(?=[^\W\d_])|\n+|\s+\|\s+|,?\s+(?:and|then|also)\s+(?={_OPENERS})",
    re.IGNORECASE,
)
_OVERVIEW = re.compile(
    r"\b(?:what(?:'s| is| are| does)\s+(?:this|it|that|these|those|in|here|all)\b"
    r"|what(?:'s| is) the (?:project|program|file|document|code|purpose|point|idea)"
    r"|overview|summar\w*|digest|condense|gist|tl;?dr|in short|(?:main|key) points?|about\s*[?.]?\s*$|purpose"
    r"|explain (?:this|it|these)|describe (?:this|it|these))",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"\b(?:wrong|errors?|fail\w*|crash\w*|problems?|exceptions?|broken?|trouble|bugs?|warn\w*|incidents?|outages?)\b",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\b(?:how (?:do|can|to|should|would|does one)|commands?|steps?|install\w*|usage|set ?up)\b",
    re.IGNORECASE,
)
_QUOTED = re.compile(r'["“`«]([^"”`»\n]{2,80})["”`»]')
_KIN = (
    "start install run launch setup usage begin quickstart command need build",
    "error exception fail crash traceback fatal panic refused timeout",
    "configure setting option profile environment parameter",
    "test check pytest verify",
    "delete remove drop erase",
    "cost price dollar spend budget",
    "fast slow performance latency speed benchmark",
    "license licence copyright",
    "stop quit exit cancel abort shutdown",
    "save store write persist",
    "need require dependency prerequisite",
    "log journal record ledger",
)
_KIN_WEIGHT = 0.4
_KIN_TO_DO = 0.6
"""Who asks how to start is as glad of how to install."""
_PART_WEIGHT = 0.3
_BROAD = (
    "about project program document wrong went happen thing point idea purpose overview summary summarize"
    " summarise digest gist short main key contain work use used using code log logs happened problem please"
    " diff patch change changes readme"
)
_VAGUE = frozenset(terms(_BROAD))


def _kin_table() -> dict[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    for group in _KIN:
        stems = tuple(dict.fromkeys(terms(group)))
        for stem in stems:
            table[stem] = tuple(dict.fromkeys((*table.get(stem, ()), *stems)))
    return table


_KIN_OF = _kin_table()


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing that is asked."""

    text: str
    weights: dict[str, float] = field(default_factory=dict)
    """Terms to look for; kin of the asked words weigh less."""
    exact: tuple[str, ...] = ()
    """Numbers, identifiers and quoted words, lower-case: they mean themselves."""
    overview: bool = False
    """It asks what the whole thing is."""
    trouble: bool = False
    """It asks what went wrong."""
    how: bool = False
    """It asks for something to do: commands answer best."""


def question_in(task: str) -> str:
    """Find the person's question in a task: what stands after `Question:`, else all of it."""
    found = _MARK.search(task)
    text = task[found.end() :] if found else task
    return _AT_FILE.sub(" ", text).strip()


def asks(question: str) -> tuple[Ask, ...]:
    """Take a question apart into the things that it asks."""
    clauses = [_NUMBERED.sub("", clause).strip() for clause in _BETWEEN.split(question) if clause]
    clauses = [clause for clause in clauses if clause]
    if len(clauses) > MOST_ASKS:
        clauses = [*clauses[: MOST_ASKS - 1], " ".join(clauses[MOST_ASKS - 1 :])]
    found = [ask for clause in clauses if (ask := _ask(clause)).weights or ask.overview or ask.trouble]
    return tuple(found) or (Ask(" ".join(clauses), overview=True),)


def _weights(clause: str) -> dict[str, float]:
    """Weigh the words of a clause; the parts of an identifier weigh less than it does."""
    weights: dict[str, float] = {}
    for word in words_of(clause):
        for term in terms(word):
            part = is_exact(word) and term != word.casefold()
            weights[term] = max(weights.get(term, 0.0), _PART_WEIGHT if part else 1.0)
    return weights


def _ask(clause: str) -> Ask:
    exact = [word.casefold() for word in words_of(clause) if is_exact(word)]
    exact += [" ".join(quoted.casefold().split()) for quoted in _QUOTED.findall(clause)]
    overview, trouble = bool(_OVERVIEW.search(clause)), bool(_TROUBLE.search(clause))
    weights = _weights(clause)
    if overview or trouble:
        weights = {term: weight for term, weight in weights.items() if term not in _VAGUE}
    how = bool(_HOW.search(clause))
    for term in tuple(weights):
        for kin in _KIN_OF.get(term, ()):
            weights.setdefault(kin, _KIN_TO_DO if how else _KIN_WEIGHT)
    return Ask(clause, weights, tuple(dict.fromkeys(exact)), overview, trouble, how)
