"""What has changed since a revision: a diff for each file that git knows, and the new files whole.

Git is asked, with all that runs other programs turned off; it is never let loose on a repository by itself.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from tui_delegate.core.clean import clean_line
from tui_delegate.core.errors import InputError
from tui_delegate.corpus.find import locate, missing, shown
from tui_delegate.corpus.guard import is_binary_name, is_secret, is_secret_folder
from tui_delegate.corpus.packet import Packet, Sheet
from tui_delegate.corpus.packing import look_at, text_of
from tui_delegate.corpus.pattern import MAGIC, Pattern, slashes
from tui_delegate.corpus.values import Bounds, LeftOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

SECONDS: Final = 60
AT_ONCE: Final = 400
_SETTINGS: Final = (
    *("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "core.pager=cat", "core.quotePath=false"),
    *("color.ui=false", "diff.noprefix=false", "diff.mnemonicPrefix=false", "diff.interHunkContext=0"),
)
_DIFF: Final = (
    *("diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=all", "--no-color"),
    *("--no-relative", "--unified=3", "--src-prefix=a/", "--dst-prefix=b/", f"-O{os.devnull}"),
)
_ITS_OWN: Final = frozenset({"local", "worktree"})
_FILTER_KEYS: Final = ("clean", "process", "required")
_FORGOTTEN: Final = frozenset({"GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_PAGER"})


def changed_since(
    revision: str, words: Sequence[str], cwd: Path | str, bounds: Bounds | None = None
) -> Packet:
    """Gather what differs from a revision among the files that the words name: `.` for all from here on.

    Raises an InputError where that is nothing, or there is no such revision, or no repository.
    """
    bounds, cwd = bounds or Bounds(), os.path.abspath(cwd)
    top, commit = _start(revision, cwd)
    rules = [_rule(word, cwd, top) for word in words]
    off = _filters(top)
    changed = _names(_git(top, *_DIFF, "--name-only", "-z", commit, "--", off=off))
    new = _names(_git(top, "ls-files", "--others", "--exclude-standard", "-z"))
    _check(words, rules, cwd, (*changed, *new))
    left: list[LeftOut] = []
    wanted = {
        kind: [name for name in names if _is_wanted(name, rules, _called(name, top, cwd), left)]
        for kind, names in (("changed", changed), ("new", new))
    }
    sheets = []
    for name, diff in _diffs(top, commit, wanted["changed"], off):
        sheets.append(_of_diff(_called(name, top, cwd), diff, bounds))
    for name in wanted["new"]:
        sheets.append(look_at(_called(name, top, cwd), f"{top}/{name}", False, False, bounds))
    taken = sorted((one for one in sheets if isinstance(one, Sheet)), key=lambda one: one.name.casefold())
    left += [one for one in sheets if isinstance(one, LeftOut)]
    if not taken:
        what = f" but what is left out: {', '.join(one.name for one in left[:5])}" if left else ""
        among = clean_line(", ".join(words))
        raise InputError(
            f"Nothing has changed since {clean_line(revision)} in {among}{what}.",
            "Name an older revision, or more files.",
        )
    packet = Packet(tuple(taken), tuple(left))
    packet.check(bounds)
    return packet


def _start(revision: str, cwd: str) -> tuple[str, str]:
    """Find the repository's top and the revision's commit."""
    said = clean_line(revision)
    if not revision or revision.startswith("-") or "\0" in revision:
        raise InputError(f"{said!r} is no revision.", "Name a branch, a tag or a commit: --diff-only main.")
    top = os.fsdecode(_git(cwd, "rev-parse", "--show-toplevel").removesuffix(b"\n"))
    try:
        found = _git(top, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").decode().strip()
    except InputError:
        found = ""
    if not re.fullmatch(r"[0-9a-f]{40,64}", found):
        raise InputError(
            f"There is no revision {said!r} in {clean_line(top)}.",
            "Name one branch, tag or commit, no range: --diff-only main.",
        )
    return top, found


def _filters(top: str) -> dict[str, str]:
    """Turn off the programs that a repository's own settings run its files through, in git's own way."""
    try:
        told = _git(top, "config", "--show-scope", "-z", "--name-only", "--get-regexp", r"^filter\.")
    except InputError:  # there are none
        return {}
    fields = told.decode(errors="surrogateescape").split("\0")
    names = [name for scope, name in zip(fields[::2], fields[1::2], strict=False) if scope in _ITS_OWN]
    filters = dict.fromkeys(name.rpartition(".")[0] for name in names)
    off = [
        (f"{name}.{key}", "false" if key == "required" else "") for name in filters for key in _FILTER_KEYS
    ]
    environ = {"GIT_CONFIG_COUNT": str(len(off))}
    for number, (name, value) in enumerate(off):
        environ |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return environ


def _git(folder: str, *words: str, off: Mapping[str, str] | None = None) -> bytes:
    """Run git with nothing that could start another program or wait for a person."""
    import subprocess

    settings = [word for setting in _SETTINGS for word in ("-c", setting)]
    environ = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    environ |= {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }
    environ |= off or {}
    command = ["git", "--no-pager", *settings, "-C", folder, *words]
    try:
        done = subprocess.run(
            command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError:
        raise InputError("git is not there, and only git knows what has changed.", "Install git.") from None
    except subprocess.TimeoutExpired:
        raise InputError(f"git gave no answer within {SECONDS} s.", "Name fewer files.") from None
    if done.returncode:
        reason = clean_line(done.stderr.decode(errors="replace")) or f"exit code {done.returncode}"
        raise InputError(f"git says: {reason}", "--diff-only needs a folder that git keeps.")
    return done.stdout


def _names(told: bytes) -> list[str]:
    return list(dict.fromkeys(os.fsdecode(name) for name in told.split(b"\0") if name))


def _diffs(top: str, commit: str, names: list[str], off: Mapping[str, str]) -> Iterable[tuple[str, bytes]]:
    """Give each file's diff: many in one call, and by itself what that call does not call plainly."""
    for start in range(0, len(names), AT_ONCE):
        some = names[start : start + AT_ONCE]
        told = _git(top, *_DIFF, commit, "--", *(f":(top,literal){name}" for name in some), off=off)
        found = {part.partition(b"\n")[0]: part for part in re.split(rb"(?m)^(?=diff --git )", told)}
        for name in some:
            raw = os.fsencode(name)
            diff = found.get(b"diff --git a/%b b/%b" % (raw, raw))
            yield name, diff or _git(top, *_DIFF, commit, "--", f":(top,literal){name}", off=off)


def _of_diff(name: str, diff: bytes, bounds: Bounds) -> Sheet | LeftOut:
    if re.search(rb"(?m)^Binary files .* differ$", diff) and b"\n@@ " not in diff:
        return LeftOut(clean_line(name), "binary")
    if len(diff) > bounds.file_bytes:
        return LeftOut(clean_line(name), f"too large: {len(diff)} bytes > {bounds.file_bytes}", wanted=True)
    return Sheet(name, text_of(diff), len(diff))


def _rule(word: str, cwd: str, top: str) -> Callable[[str], bool | None]:
    """Make of a word what says of a file whether it is named: True exactly, False in a folder, None not."""
    place = locate(word, cwd)
    parts = slashes(os.path.expanduser(word)).split("/")
    plain = next((number for number, part in enumerate(parts) if MAGIC.search(part)), None)
    if plain is None or os.path.lexists(place):
        named = _below(place, top)
        inside = f"{named}/" if named else ""
        return lambda name: True if name == named else False if name.startswith(inside) else None
    start = _below(locate("/".join((*parts[:plain], "")) or ".", cwd), top)
    inside = f"{start}/" if start else ""
    pattern = Pattern([part for part in parts[plain:] if part not in ("", ".")])
    return lambda name: (
        False if name.startswith(inside) and pattern.takes(name.removeprefix(inside).split("/")) else None
    )


def _check(
    words: Sequence[str], rules: list[Callable[[str], bool | None]], cwd: str, names: Sequence[str]
) -> None:
    """Refuse a word that names neither what is there nor what was there."""
    for word, rule in zip(words, rules, strict=True):
        place = locate(word, cwd)
        if (
            not os.path.lexists(place)
            and not MAGIC.search(word)
            and all(rule(name) is None for name in names)
        ):
            raise missing(word, place)


def _below(place: str, top: str) -> str:
    """Say where a place is from the repository's top on; the folder above it is taken as it is."""
    folder, name = os.path.split(place)
    real = os.path.join(os.path.realpath(folder), name) if name else os.path.realpath(place)
    below = slashes(os.path.relpath(real, os.path.realpath(top)))
    return "" if below == "." else below


def _is_wanted(
    name: str, rules: list[Callable[[str], bool | None]], called: str, left: list[LeftOut]
) -> bool:
    """Whether a changed file is named, and may be handed on."""
    said = [rule(name) for rule in rules]
    if True in said:
        return True
    if False not in said:
        return False
    *folders, last = name.split("/")
    if is_secret(last, folders[-1] if folders else "") or any(map(is_secret_folder, folders)):
        left.append(LeftOut(clean_line(called), "may hold secrets"))
    elif is_binary_name(last):
        left.append(LeftOut(clean_line(called), "binary"))
    else:
        return True
    return False


def _called(name: str, top: str, cwd: str) -> str:
    place = f"{top}/{name}"
    called = shown(place, cwd)
    return slashes(os.path.relpath(place, os.path.realpath(cwd))) if os.path.isabs(called) else called
