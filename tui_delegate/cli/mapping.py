"""`map` on the command line: which files, where the answers go, what is told of them.

How files are asked about is `workspace.mapping`'s; how results are kept, `results`'.
"""

from __future__ import annotations

import asyncio
import os
import stat
from functools import partial
from typing import TYPE_CHECKING

from tui_delegate.cli import output
from tui_delegate.cli.conduct import Conduct, note_of
from tui_delegate.cli.results import Results
from tui_delegate.cli.stopping import Stoppable
from tui_delegate.core.clean import clean, clean_line
from tui_delegate.core.errors import DelegateError, InputError
from tui_delegate.corpus.inputs import Input, inputs
from tui_delegate.workspace.asking import schema_at
from tui_delegate.workspace.envelopes import without_keys
from tui_delegate.workspace.errands import Errands
from tui_delegate.workspace.many import open_many
from tui_delegate.workspace.mapping import AHEAD, Sweep, Wish

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from tui_delegate.cli.progress import Progress
    from tui_delegate.engine.errand import Bench, Done
    from tui_delegate.journal.store import Journal
    from tui_delegate.workspace.errands import Told
    from tui_delegate.workspace.many import Many
    from tui_delegate.workspace.mapping import Record


def conduct_map(args: argparse.Namespace) -> int:
    """Ask about all files. Gives the exit code."""
    if args.parallel < 0:
        raise InputError("--parallel takes a number from 1 on.")
    conduct = Conduct(args, Errands.open(args.limit))
    conduct.resolve()
    found, left = inputs(args.input, os.getcwd())
    found = _but_results(found, args.out)
    if not found:
        raise InputError("No file is there to ask about.", "Name others with --input.")
    if args.preview:
        return _show(found)
    for item in [one for one in left if one.wanted]:
        conduct.say(f"left out: {item.name} ({item.why})")
    with Results(args.out) as results:
        if results.bad_lines:
            conduct.say(
                f"{results.bad_lines} lines of {clean_line(args.out)} are no results, and are left alone"
            )
        work = _Told(conduct, results, len(found))
        try:
            with Stoppable():
                asyncio.run(work.run(found))
        except (DelegateError, KeyboardInterrupt) as error:
            sweep = work.sweep
            if isinstance(error, KeyboardInterrupt) or (sweep and (sweep.fresh or sweep.failed)):
                conduct.say(f"stopped: {work.sum()}")
            if args.out and isinstance(error, KeyboardInterrupt):
                conduct.say("the same call again goes on where this one stopped")
            raise
        return work.end()


def _but_results(found: list[Input], out: str) -> list[Input]:
    """Leave out the very file that the answers go to, also where the shell sends them there."""
    ours = set()
    for place in (out, 1):
        try:
            made = os.stat(place)
        except OSError:
            continue
        if stat.S_ISREG(made.st_mode):
            ours.add((made.st_dev, made.st_ino))
    return [one for one in found if _identity(one.path) not in ours] if ours else found


def _identity(path: str) -> tuple[int, int] | None:
    try:
        seen = os.stat(path)
    except OSError:  # it is told when its turn comes
        return None
    return seen.st_dev, seen.st_ino


def _show(found: list[Input]) -> int:
    rows = [("file", "bytes")]
    for one in found:
        try:
            rows.append((one.name, str(os.stat(one.path).st_size)))
        except OSError as error:
            rows.append((one.name, error.strerror or "?"))
    output.data(output.table([*rows, (f"{len(found)} files", "")], right=frozenset({1})))
    return output.OK


class _Told:
    """Keeps the answers of one call, and says what a person wants to know of it."""

    def __init__(self, conduct: Conduct, results: Results, total: int) -> None:
        self.conduct = conduct
        self.results = results
        self.total = total
        self.sweep: Sweep | None = None
        self._bar: Progress | None = None

    async def run(self, found: list[Input]) -> None:
        """Ask about all files, then combine."""
        conduct, args = self.conduct, self.conduct.args
        assert conduct.place is not None
        wish = Wish(args.question, schema_at(args.schema), args.split)
        journal = await asyncio.to_thread(conduct.journal)
        try:
            async with open_many(args.limit) as many:
                seat = conduct.seat = await many.seat(conduct.place, args.temperature, args.fallback)
                for notice in many.reach.notices:
                    conduct.say(notice)
                run = partial(self._run, many, journal)
                self.sweep = Sweep(wish, found, conduct.place, seat, run, many.environ, self)
                with output.progress(self.total, "files") as self._bar:
                    await self.sweep.side_by_side(args.parallel or await many.capacity(seat) + AHEAD)
                if args.combine:
                    await self.sweep.combine()
        finally:
            if journal:
                await asyncio.to_thread(journal.close)

    async def _run(
        self,
        many: Many,
        journal: Journal | None,
        work: Callable[[Bench], Awaitable[Done]],
        prompt: str,
    ) -> Told:
        told = await many.run(work, prompt, command="map", journal=journal, tell=self.conduct.hear)
        self.conduct.unwritten = self.conduct.unwritten or told.unwritten
        return told

    def known(self, key: str) -> Record | None:
        """Give what the file of results has already."""
        return self.results.done.get(key)

    async def keep(self, record: Record) -> None:
        """Write an answer down and give it on."""
        await asyncio.to_thread(self.results.add, record)
        args = self.conduct.args
        if not (args.out or args.json or args.combine):
            output.data_json(record)

    def failed(self, name: str, error: DelegateError) -> None:
        """Say that a file gave nothing; a program finds it among the failed."""
        if self.conduct.args.json:
            return
        self.conduct.say(f"{clean_line(name)}: {without_keys(error)}")

    def step(self, name: str) -> None:
        """Show how far it is."""
        if self._bar:
            self._bar.step(note=name)

    def sum(self) -> str:
        """Say how it went on the whole."""
        sweep = self.sweep
        if sweep is None:
            return f"{self.total} not begun"
        before = len(sweep.records) - sweep.fresh
        parts = [f"{sweep.fresh} done"]
        parts += [f"{before} were done before"] * bool(before)
        parts += [f"{len(sweep.failed)} failed"] * bool(sweep.failed)
        parts += [f"{sweep.not_begun} not begun"] * bool(sweep.not_begun)
        return ", ".join(parts) + f"; {note_of(sweep.usage, sweep.cost)}"

    def end(self) -> int:
        """Tell how it went. Gives the exit code."""
        conduct, args, sweep = self.conduct, self.conduct.args, self.sweep
        assert sweep is not None
        combined = sweep.combined
        error = combined.done.error if combined else None
        if args.json:
            output.data_json(self._envelope(sweep))
        else:
            if combined and not error:
                output.data(combined.done.text if args.raw else clean(combined.done.text))
            conduct.say(self.sum())
        if error:
            return output.exit_code(error.code) if args.json else conduct.fail(error, combined)
        if not sweep.whole:
            codes = {one.code for one in sweep.failed.values()}
            alike = len(codes) == 1 and not sweep.records
            return output.exit_code(codes.pop()) if alike else output.FAILED
        return conduct.end()

    def _envelope(self, sweep: Sweep) -> dict[str, object]:
        conduct, args = self.conduct, self.conduct.args
        place = conduct.place
        assert place is not None
        body: dict[str, object] = {
            "ok": sweep.whole,
            "command": "map",
            "model": conduct.seat.model if conduct.seat else place.model,
        }
        figures = sweep.figures()
        body |= {"content": figures.pop("content"), "profile": place.profile, "out": args.out} | figures
        body |= conduct.said()
        return body if args.out else body | {"results": sweep.in_order}
