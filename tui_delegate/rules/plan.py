"""Which files are to be written for which tools: each file once, however many tools read it.

Nothing is written here. How one file is changed is in `apply`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from tui_delegate.core.errors import FileRefused
from tui_delegate.core.records import dataclass
from tui_delegate.rules import block, place, texts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tui_delegate.rules.hosts import Host


@dataclass(frozen=True, slots=True)
class Step:
    """One file to change for some tools: a block in the person's file, or a whole file of ours.

    `text` is what is put there, `whole` what is put there instead where files of ours can't be written beside
    it. `also` are tools that are not asked for and read this file too. With a `reason` nothing is to be done.
    """

    tools: tuple[str, ...]
    path: Path
    text: bytes
    own: bool
    whole: bytes = b""
    also: tuple[str, ...] = ()
    note: str = ""
    reason: str = ""


def steps(selected: Sequence[Host], everyone: Sequence[Host], *, taking_out: bool = False) -> list[Step]:
    """Plan the work for the selected tools that are here: each person's file, then the files of ours."""
    present = [host for host in selected if host.detected]
    absent = [host for host in everyone if host not in present and not host.borrowed]
    others = [host for host in absent if host.detected and in_use(host)]
    files = [host for host in present if host.file]
    blocks = [_block_step(group, others) for group in _groups(files)]
    if not taking_out:
        standing = [Step((host.name,), host.file, b"", False) for host in others if host.file]
        for number, step in enumerate(blocks):
            rest = [other for other in blocks if other is not step and not other.reason]
            blocks[number] = _unless_included(step, [*rest, *standing])
    included = {step.tools[0] for step in blocks if step.whole}
    owned: dict[Path, Step] = {}
    for host in present:
        for own in host.own:
            if own.text == "policy" and host.file and host.name not in included and not taking_out:
                continue
            tools = (*owned[own.path].tools, host.name) if own.path in owned else (host.name,)
            also = tuple(other.name for other in others if own in other.own)
            note = host.note if not host.file and own is host.own[0] else ""
            owned[own.path] = Step(tools, own.path, texts.own(own.text), True, also=also, note=note)
    return [*blocks, *owned.values()]


def in_use(host: Host) -> bool:
    """Say whether a tool has our rules now, as far as can be read."""
    path = host.file or (host.own[0].path if host.own else None)
    try:
        spot = place.look(path) if path else None
        found = block.find(spot.data) if spot and spot.data is not None else None
    except FileRefused:
        return True
    return found is not None and found.owner == block.OURS


def pristine(hosts: Iterable[Host]) -> list[bytes]:
    """Give every text that a block of this version may hold; each says all that the one before it says."""
    lines = {host.include for host in hosts if host.include}
    return [*(texts.include(line) for line in sorted(lines)), *(texts.block(kind) for kind in texts.KINDS)]


def _groups(hosts: Sequence[Host]) -> list[list[Host]]:
    groups: dict[str, list[Host]] = {}
    for host in hosts:
        groups.setdefault(os.path.realpath(host.file or ""), []).append(host)
    return list(groups.values())


def _block_step(group: list[Host], others: Sequence[Host]) -> Step:
    first = group[0]
    path = first.file or Path()
    real = os.path.realpath(path)
    also = [host for host in others if host.file and os.path.realpath(host.file) == real]
    kind = "codex" if any(host.block == "codex" for host in (*group, *also)) else first.block
    include = first.include if len(group) == 1 and not also else ""
    whole = texts.block(kind)
    return Step(
        tuple(host.name for host in group),
        path,
        texts.include(include) if include else whole,
        False,
        whole=whole if include else b"",
        also=tuple(host.name for host in also),
        note="; ".join(host.note for host in group if host.note),
    )


def _unless_included(step: Step, steps: Sequence[Step]) -> Step:
    """Leave out a file that includes another one of the plan: the tool would read the block twice."""
    if not step.whole:
        return step
    named = _included(step.path)
    for other in steps:
        if os.path.realpath(other.path) in named:
            reason = f"it includes {other.path}, where the block stands"
            return Step(step.tools, step.path, step.text, False, reason=reason)
    return step


def _included(path: Path) -> set[str]:
    """Give the files that a file includes by lines with an @."""
    try:
        data = place.look(path).data or b""
    except FileRefused:
        return set()
    names = re.findall(r"(?:^|\s)@([^\s`]+)", data.decode("utf-8", "replace"))
    return {os.path.realpath(path.parent / os.path.expanduser(name)) for name in names}
