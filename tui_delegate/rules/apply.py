"""Installs and uninstalls, one file after the other; what one file refuses does not keep the others back.

What a tool is and where its files are is not known here, nor how a result is shown.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tui_delegate.core.errors import FileRefused
from tui_delegate.core.records import dataclass, replace
from tui_delegate.rules import block, place, plan, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tui_delegate.rules.hosts import Host
    from tui_delegate.rules.plan import Step


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file: the word for it, why, what stood there before and after, what is left."""

    tool: str
    action: str
    path: str
    detail: str = ""
    hint: str = ""
    backup: str = ""
    before: bytes = b""
    after: bytes = b""
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """How to go about it: only look, replace also what was edited by hand, and our texts to the letter."""

    dry_run: bool = False
    force: bool = False
    pristine: tuple[bytes, ...] = ()

    def edited(self, found: block.Block, have: bytes) -> bool:
        """Say whether somebody changed what stands between our markers."""
        known = have in self.pristine or texts.is_include(have)
        return found.version == f"v{texts.VERSION}" and not known


def install(
    selected: Sequence[Host], everyone: Sequence[Host], *, dry_run: bool, force: bool
) -> list[Result]:
    """Put the rules into every selected tool that is here."""
    way = Way(dry_run, force, tuple(plan.pristine(everyone)))
    steps = plan.steps(selected, everyone)
    owned = {step.path: _change(_put_own, step, way) for step in steps if step.own}
    named = texts.own("policy")
    steps_refused = (step for step in steps if step.own and owned[step.path].action == "refused")
    refused = {tool for step in steps_refused if step.text == named for tool in step.tools}
    results = []
    for step in steps:
        if step.own:
            results.append(owned[step.path])
        elif step.reason:
            results.append(Result(_names(step), "unchanged", str(step.path), step.reason))
        else:
            # A line that names a file of ours is of no use where that file could not be written.
            stands = not step.whole or step.tools[0] not in refused
            results += _for_each(step, _change(_put_block, step if stands else _whole(step), way))
    return results


def uninstall(
    selected: Sequence[Host], everyone: Sequence[Host], *, dry_run: bool, force: bool
) -> list[Result]:
    """Take the rules out of every selected tool that is here."""
    way = Way(dry_run, force, tuple(plan.pristine(everyone)))
    results: list[Result] = []
    refused: set[str] = set()
    for step in plan.steps(selected, everyone, taking_out=True):
        if refused.intersection(step.tools):
            detail = "it stays while the block that belongs to it stays"
            results.append(Result(_names(step), "noop", str(step.path), detail))
        elif step.also and os.path.exists(step.path):
            others = ",".join((*step.tools, *step.also))
            detail = f"{', '.join(step.also)} reads it too: uninstall --tool {others} takes it out"
            results.append(Result(_names(step), "noop", str(step.path), detail))
        else:
            result = _change(_take_own if step.own else _take_block, step, way)
            if result.action == "refused" and not step.own and not _may_hold_ours(step.path):
                result = replace(result, action="noop", detail="no markers found", hint="")
            results += [result] if step.own else _for_each(step, result)
            refused.update(step.tools if result.action == "refused" and not step.own else ())
    stops = {sign for host in everyone for sign in host.signs}
    if not dry_run:
        for host in selected:
            for own in host.own:
                _remove_empty(own.path.parent, stops)
    return results


def _may_hold_ours(path: Path) -> bool:
    """Say whether our block may stand in a file that was refused. Where it can't, it keeps nothing back."""
    try:
        return path.is_file() and b"tui-delegate:" in path.read_bytes().replace(b"\0", b"")
    except OSError:
        return True


def _names(step: Step) -> str:
    return ",".join(step.tools)


def _for_each(step: Step, result: Result) -> list[Result]:
    """Say of a file that several tools read what became of it once, and of the others that it is the same."""
    done = {"wrote_new": "unchanged", "replaced": "unchanged", "appended": "unchanged", "removed": "noop"}
    same = f"the same file as for {step.tools[0]}"
    action = done.get(result.action, result.action)
    rest = [Result(tool, action, result.path, same) for tool in step.tools[1:]]
    return [replace(result, tool=step.tools[0]), *rest]


def _whole(step: Step) -> Step:
    return plan.Step(step.tools, step.path, step.whole, False, note=step.note)


def _change(do: Callable[[Step, Way, place.Spot], Result], step: Step, way: Way) -> Result:
    """Do one step on the file as it is now, with nobody else of us at it. What it refuses is a result too."""
    try:
        if way.dry_run:
            return do(step, way, place.look(step.path))
        if do in (_put_own, _put_block):
            _make_folder(step.path.parent)
        with place.held(step.path):
            return do(step, way, place.look(step.path))
    except FileRefused as error:
        return refusal(_names(step), step.path, error)


def refusal(tool: str, path: Path, error: FileRefused) -> Result:
    """Say why a file was left alone; its name, which the message begins with, stands before it already."""
    name, colon, reason = error.message.partition(": ")
    if colon and name.startswith(str(path)):
        return Result(tool, "refused", name, reason, error.hint)
    return Result(tool, "refused", str(path), error.message, error.hint)


def _put_block(step: Step, way: Way, spot: place.Spot) -> Result:
    found = _find(spot)
    text, detail = step.text, step.note
    if found is not None and found.owner == block.OURS:
        have = found.text(spot.data or b"")
        detail = "; ".join(filter(None, (_theirs_too(spot), detail)))
        if have == text or _says_more(have, text, way.pristine):
            return Result(_names(step), "unchanged", spot.shown, detail)
        if way.edited(found, have) and not way.force:
            raise _edited(spot, found)
    elif found is not None:
        detail = "; ".join(filter(None, (f"agent-delegate's block {found.version} stood there", detail)))
    after = block.put_in(spot.data, text, found)
    action = "wrote_new" if spot.data is None else "replaced" if found else "appended"
    return _write(step, way, spot, after, action, detail)


def _theirs_too(spot: place.Spot) -> str:
    for found in block.find_all(spot.data or b""):
        if found.owner == block.THEIRS:
            return f"agent-delegate's block stands there too, in lines {found.first}-{found.last}"
    return ""


def _says_more(have: bytes, text: bytes, pristine: Sequence[bytes]) -> bool:
    """Keep a fuller text of ours: it is there because another tool reads the same file."""
    return have in pristine and text in pristine and pristine.index(have) > pristine.index(text)


def _find(spot: place.Spot) -> block.Block | None:
    try:
        return block.find(spot.data) if spot.data is not None else None
    except FileRefused as error:
        raise FileRefused(f"{spot.shown}: {error.message}", error.hint) from error


def _edited(spot: place.Spot, found: block.Block) -> FileRefused:
    return FileRefused(
        f"{spot.shown}: our block in lines {found.first}-{found.last} was edited by hand",
        "Move your words out of it, or add --force: a copy of the file is kept.",
    )


def _write(step: Step, way: Way, spot: place.Spot, after: bytes, action: str, detail: str) -> Result:
    before = spot.data or b""
    place.refuse_open(spot)
    if way.dry_run:
        detail = "; ".join(filter(None, (_WOULD[action], detail)))
        return Result(_names(step), "would_write", spot.shown, detail, before=before, after=after)
    kept = place.replace(spot, after)
    return Result(
        _names(step), action, spot.shown, detail, backup=str(kept or ""), before=before, after=after
    )


_WOULD = {
    "wrote_new": "would create this file",
    "replaced": "would replace the block",
    "appended": "would append the block, the rest stays as it is",
    "removed": "would take the block out",
}


def _take_block(step: Step, way: Way, spot: place.Spot) -> Result:
    if spot.data is None:
        return Result(_names(step), "noop", spot.shown, "no such file")
    found = _find(spot)
    if found is None:
        return Result(_names(step), "noop", spot.shown, "no markers found")
    if found.owner != block.OURS and not way.force:
        detail = f"the block in lines {found.first}-{found.last} is agent-delegate's; --force takes it out"
        return Result(_names(step), "noop", spot.shown, detail)
    have = found.text(spot.data)
    if way.edited(found, have) and not way.force:
        raise _edited(spot, found)
    after = block.take_out(spot.data, found)
    if after is None and not way.dry_run:
        place.refuse_open(spot)
        kept = place.remove(spot, backup=way.edited(found, have))
        return Result(
            _names(step), "removed", spot.shown, "the file held nothing else", backup=str(kept or "")
        )
    return _write(step, way, spot, after or b"", "removed", step.note if after else "")


def _put_own(step: Step, way: Way, spot: place.Spot) -> Result:
    if spot.data == step.text:
        return Result(_names(step), "unchanged", spot.shown, step.note)
    if spot.data is not None:
        _refuse_foreign(spot, way)
    return _write(step, way, spot, step.text, "wrote_new" if spot.data is None else "replaced", step.note)


def _take_own(step: Step, way: Way, spot: place.Spot) -> Result:
    if spot.data is None:
        return Result(_names(step), "noop", spot.shown, "no such file")
    if spot.data != step.text:
        _refuse_foreign(spot, way)
    place.refuse_open(spot)
    if way.dry_run:
        detail = "would remove this file"
        return Result(_names(step), "would_write", spot.shown, detail, before=spot.data)
    kept = place.remove(spot, backup=spot.data != step.text)
    return Result(_names(step), "removed", spot.shown, backup=str(kept or ""))


def _refuse_foreign(spot: place.Spot, way: Way) -> None:
    """Refuse a file that has our name and isn't ours, or that was edited by hand since."""
    found = _find(spot)
    if found is None or found.owner != block.OURS:
        raise FileRefused(
            f"{spot.shown}: is no file of ours, it has no block of ours in it",
            "Move it away, then try again.",
        )
    if found.version == f"v{texts.VERSION}" and not way.force:
        raise FileRefused(
            f"{spot.shown}: was edited by hand", "Move it away, or add --force: a copy of the file is kept."
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{folder}: can't be made: {error.strerror}") from error


def _remove_empty(folder: Path, stops: set[Path]) -> None:
    """Remove folders of ours that are empty now, up to a folder that shows that a tool is here."""
    for place_ in (folder, *folder.parents):
        if place_ in stops or any(stop.is_relative_to(place_) for stop in stops):
            return
        try:
            place_.rmdir()
        except OSError:
            return
