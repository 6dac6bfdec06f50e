"""What would change in a file, as a unified diff that `patch` reads, and the same for a person's eyes.

Pure: bytes in, text out. Whether anything is changed is asked elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import show_controls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

CONTEXT: Final = 3
_NO_LINE_END: Final = "\\ No newline at end of file\n"
_MOST_PAIRS: Final = 1_000_000
"""Lines before and after that say the same, each with each: where there are more, it is all one change."""
_COLOURS: Final = {"@": "36", "-": "31", "+": "32", "\\": "2", "B": "1"}

_Change = tuple[str, int, int, int, int]


def unified(name: str, before: bytes | None, after: bytes) -> str:
    """Write a diff; empty: nothing changes. `before` is None for a file that isn't there yet."""
    if before == after:
        return ""
    old_name = "/dev/null" if before is None else name
    if b"\0" in after or b"\0" in (before or b""):
        return f"Binary files {old_name} and {name} differ\n"
    old, new = _lines(before or b""), _lines(after)
    return "".join((f"--- {old_name}\n+++ {name}\n", *_hunks(old, new)))


def for_eyes(diff: str, *, colour: bool) -> str:
    """Write a diff for a terminal: what can't be seen becomes a sign; colours if they are wanted."""
    rows = []
    for number, line in enumerate(diff.split("\n")[:-1]):
        row = show_controls(line)
        code = "1" if number < 2 else _COLOURS.get(line[:1], "")
        rows.append(f"\x1b[{code}m{row}\x1b[0m\n" if colour and code else f"{row}\n")
    return "".join(rows)


def _lines(data: bytes) -> list[str]:
    """Split at line feeds only, as `patch` does. What is no UTF-8 is written as its numbers."""
    rows = data.decode("utf-8", errors="backslashreplace").split("\n")
    return [f"{row}\n" for row in rows[:-1]] + rows[-1:] * bool(rows[-1])


def _hunks(old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for group in _groups(_changes(old, new)):
        yield f"@@ -{_range(group[0][1], group[-1][2])} +{_range(group[0][3], group[-1][4])} @@\n"
        for kind, old_first, old_last, new_first, new_last in group:
            if kind == "equal":
                yield from _rows(" ", old[old_first:old_last])
            else:
                yield from _rows("-", old[old_first:old_last])
                yield from _rows("+", new[new_first:new_last])


def _rows(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n{_NO_LINE_END}"


def _range(first: int, last: int) -> str:
    count = last - first
    if count == 1:
        return str(first + 1)
    return f"{first + 1 if count else first},{count}"


def _changes(old: Sequence[str], new: Sequence[str]) -> list[_Change]:
    """Compare; what both begin and end with is left out first, for a comparison takes long."""
    start, least = 0, min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < least - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old_end, new_end = len(old) - tail, len(new) - tail
    same = start == old_end and start == new_end
    middle: list[_Change] = [] if same else [("replace", start, old_end, start, new_end)]
    if start < old_end and start < new_end:
        from difflib import SequenceMatcher

        left, right = old[start:old_end], new[start:new_end]
        if _pairs(left, right) <= _MOST_PAIRS:
            found = SequenceMatcher(None, left, right).get_opcodes()
            middle = [(kind, a + start, b + start, c + start, d + start) for kind, a, b, c, d in found]
    head: list[_Change] = [("equal", 0, start, 0, start)]
    return [*head, *middle, ("equal", old_end, len(old), new_end, len(new))]


def _pairs(old: Sequence[str], new: Sequence[str]) -> int:
    """Count what a comparison has to look at; in a long text it passes over lines that are everywhere."""
    from collections import Counter

    counts = Counter(new)
    most = len(new) if len(new) < 200 else len(new) // 100 + 1
    return sum(count for line in old if (count := counts[line]) <= most)


def _groups(changes: Sequence[_Change]) -> Iterator[list[_Change]]:
    """Put changes that stand near each other together, with a few lines around them."""
    if not any(change[0] != "equal" for change in changes):
        return
    group: list[_Change] = []
    for position, (kind, a, b, c, d) in enumerate(changes):
        if kind != "equal":
            group.append((kind, a, b, c, d))
            continue
        opens, ends = not group, position == len(changes) - 1
        if not opens and (ends or b - a > 2 * CONTEXT):
            yield [*group, ("equal", a, min(b, a + CONTEXT), c, min(d, c + CONTEXT))]
            group, opens = [], True
        if opens:
            a, c = max(a, b - CONTEXT), max(c, d - CONTEXT)
        if not ends:
            group.append(("equal", a, b, c, d))
