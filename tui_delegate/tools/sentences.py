"""Tells what a model says about a file from the file itself, line by line.

A line that might be code is code: what is said goes missing when a file is made, what is code must not.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SENTENCE = re.compile(
    r"""
    (?:[-*+>•]|\#{1,6}|\d{1,2}[.)])?\s*      # a list's sign, a heading's, a number
    (?:\*\*|__|[*_`"'(“‘✅👍])*               # emphasis
    \w
    (?:.*\s\S+\s.*\S|.*[.!:?*`)。！？：…]$)   # three words, or an end
    """,
    re.VERBOSE,
)
_CODE = re.compile(
    r"""
    \t | [ ]{4}
    | [}\])<@/$%] | .*[{};\\|]\s*$ | .*"{3} | .*'{3}
    | .*(?:[^=<>!]=[^=>]|=>|->|:=|\(\)|<<|&&|\|\||\$\w)
    | \#(?:!|include|define|if|endif|pragma)
    | (?:def|class|if|elif|for|while|with|match|case|except|async)\b.*:\s*$
    | (?:else|try|finally|do|then)\b:?\s*$
    | (?:import|from|def|class|const|let|var|function|return|package|use|using|namespace|module|export|public
        |private|static|async|await|struct|enum|impl|fn|func|type|interface|elif|else|try|except|raise|with
        |set|echo|cd|sudo|FROM|RUN|COPY|CMD|SELECT|INSERT|CREATE|UPDATE|DELETE)\b
        (?![ ](?:is|are|the|a|this|it)\b)(?!.*[.!:?]\s*$)
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(r"\d{1,2}[.)]\s+")
_KEYS = re.compile(r"(?:-\s+)*[\w./\"'-]+\s*:(?:\s+\S.*)?$|-\s+[\w./-]+$|\w+\s*=")
"""What a line of settings looks like; in other files a word and a colon begin a sentence."""
_SETTINGS = (
    ".yml",
    ".yaml",
    ".toml",
    ".ini",
    ".cfg",
    ".conf",
    ".env",
    ".properties",
    ".json",
    ".lock",
    ".service",
)
_SPOKEN_CODE = re.compile(r"`[^`]+`")
_ANNOUNCED = re.compile(
    r"[*_`#\s]*(?:notes?|explanation|output|usage|examples?|answer|file|filename|solution|result|code|changes"
    r"|summary|here|ok|okay|alright|sure|certainly|updated|done|and|or|then|first|second|next|finally)\b"
    r"[*_`\s]*(?::?[*_\s]*$|:[*_\s]+\S+\s+\S|[!.]\s*$)",
    re.IGNORECASE,
)


def are_sentences(lines: Iterable[str], name: str) -> bool:
    """Whether all that stands in these lines was said about a file, and is none of it."""
    return all(_is_sentence(line.rstrip(), name) for line in lines if line.strip())


def _is_sentence(line: str, name: str) -> bool:
    plain = _NUMBER.sub("", line.strip(" *_`#:")).strip(" *_`:")
    if plain and (plain == name or name.endswith(f"/{plain}")):
        return True
    if re.fullmatch(r" {0,3}[-*_=]{3,} *", line):
        return True
    stripped = line.strip() if len(line) - len(line.lstrip()) < 4 else line
    settings = name.casefold().endswith(_SETTINGS)
    if _ANNOUNCED.match(stripped):
        return not (settings and line.startswith(" "))
    stripped = _SPOKEN_CODE.sub("`it`", stripped)
    if settings and _KEYS.match(stripped):
        return False
    return bool(_SENTENCE.match(stripped)) and not _CODE.match(stripped)
