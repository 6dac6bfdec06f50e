"""Flags that several verbs share: who does the work, under which limits, in which form it is told.

No verb's own flag is here. Those of one-shot calls are taken before the verb as well as after it.
"""

from __future__ import annotations

import argparse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tui_delegate.core.choice import Choice
    from tui_delegate.core.limits import Limits

VALUED = ("--profile", "--model", "--temperature")
BARE = ("--json", "-q", "--quiet", "-v", "--verbose")
THEIRS = frozenset(
    {
        *("--paths", "--question", "--context", "--spec", "--target", "--target-root", "--stdout", "--force"),
        *("--strip-fences", "--no-strip-fences", "--diff", "--json", "--limit", "--log", "--tool", "--print"),
    }
)
"""Flags that agent-delegate has too: where a shortened one may be several, it is one of these."""
_DESTS = frozenset({"profile", "model", "temperature", "json", "quiet", "verbose"})


class Filled(argparse.Action):
    """Takes a word that may not be empty: where it is, a script's variable was not set."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        """Take it."""
        if not str(values).strip():
            raise argparse.ArgumentError(self, "may not be empty")
        setattr(namespace, self.dest, values)


def add_one_shot(parser: argparse.ArgumentParser) -> None:
    """Declare what every one-shot call takes: `profile model temperature json quiet verbose raw`."""
    parser.add_argument("--profile", default="", metavar="NAME", help="the profile; else the default one")
    parser.add_argument("--model", default="", metavar="NAME", help="the model; else the profile's")
    parser.add_argument(
        "--temperature", type=warmth, default=None, metavar="F", help="how freely it chooses its words"
    )
    add_form(parser)
    parser.add_argument("--raw", action="store_true", help="leave control characters in the answer")


def add_material(parser: argparse.ArgumentParser, flag: str) -> None:
    """Declare what is asked about: `flag` for files, `diff_only`, `preview`."""
    parser.add_argument(
        flag,
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH",
        help="files, folders or patterns; - is stdin; http(s) addresses are fetched",
    )
    parser.add_argument(
        "--diff-only",
        action=Filled,
        default="",
        metavar="REV",
        help="send what has changed since a git revision",
    )
    parser.add_argument(
        "--preview", action="store_true", help="list what would be sent, with sizes and tokens; ask nobody"
    )


def add_errand(parser: argparse.ArgumentParser) -> None:
    """Declare what an errand takes beside: `fallback schema split limit no_keep_text`."""
    parser.add_argument(
        "--fallback",
        action="append",
        default=[],
        metavar="NAME",
        help="a profile, or profile/model, that takes over where the first fails before it began; repeatable",
    )
    parser.add_argument(
        "--schema",
        action=Filled,
        default="",
        metavar="FILE",
        help="the answer has to be JSON that fits this JSON schema",
    )
    parser.add_argument(
        "--split",
        action="store_true",
        help="where the material is more than the model can hold: read it in parts, then combine",
    )
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="tokens, cost, seconds, depth; repeatable",
    )
    parser.add_argument(
        "--no-keep-text", action="store_true", help="keep figures only, no word of what was said"
    )


def add_form(parser: argparse.ArgumentParser) -> None:
    """Declare how a verb may be told: `json quiet verbose`."""
    parser.add_argument("--json", action="store_true", help="one JSON object on one line, and no talk")
    parser.add_argument("-q", "--quiet", action="store_true", help="tell nothing on stderr but errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell more")


def warmth(text: str) -> float:
    """Read a temperature."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError("must be a number, 0 or above")
    return value


def leading(words: Sequence[str]) -> int:
    """Count the words before the verb that are flags of every verb, with their values."""
    at = 0
    while at < len(words):
        word = whole(words[at])
        if word in VALUED:
            at += 2
        elif word in BARE or word.partition("=")[0] in VALUED:
            at += 1
        else:
            break
    return min(at, len(words))


def whole(word: str) -> str:
    """Write out a flag that takes a value before the verb; agent-delegate's callers may shorten these."""
    name, equals, value = word.partition("=")
    if len(name) > 2 and name.startswith("--"):
        name = next((flag for flag in VALUED if flag.startswith(name)), name)
    return name + equals + value


def complete(parser: argparse.ArgumentParser, *, valued: bool) -> None:
    """Take the shared flags everywhere: what a verb does not declare itself is read and has no effect.

    A caller that was made for agent-delegate puts them before any verb. In the parsers of actions
    (`profiles list`) a flag that is left out must not hide one that stands before them.
    """
    _declare_the_rest(parser, valued=valued, default=None)
    for inner in _inner(parser):
        for action in inner._actions:  # argparse has no other way to say what is declared
            if action.dest in _DESTS and action.option_strings:
                action.default = argparse.SUPPRESS
        _declare_the_rest(inner, valued=valued, default=argparse.SUPPRESS)


def _declare_the_rest(parser: argparse.ArgumentParser, *, valued: bool, default: str | None) -> None:
    declared = {word for action in parser._actions for word in action.option_strings}
    for words in (("--json",), ("-q", "--quiet"), ("-v", "--verbose")):
        if free := [word for word in words if word not in declared]:
            parser.add_argument(*free, action="store_true", default=default or False, help=argparse.SUPPRESS)
    for word in VALUED if valued else ():
        if word not in declared:
            kind, none = (warmth, None) if word == "--temperature" else (str, "")
            parser.add_argument(word, type=kind, default=default or none, help=argparse.SUPPRESS)


def _inner(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                yield inner
                yield from _inner(inner)


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Declare the flags that pick who does the work."""
    parser.add_argument("--profile", default="", help="the manager's profile")
    parser.add_argument("--model", default="", help="the manager's model")
    parser.add_argument("--worker-profile", default="", help="the workers' profile")
    parser.add_argument("--worker-model", default="", help="the workers' model")
    parser.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="depth, max_uses, max_tasks, max_parallel, max_steps, tokens, cost, seconds; repeatable",
    )
    parser.add_argument("--nested", action="store_true", help="let workers delegate too")


def choice_of(args: argparse.Namespace) -> Choice:
    """Read who was picked."""
    from tui_delegate.core.choice import Choice

    return Choice(args.profile, args.model, args.worker_profile, args.worker_model)


def changes_of(args: argparse.Namespace) -> list[str]:
    """Read which limits are to be others than usual, as `NAME=VALUE`."""
    return [*args.limit, *(["nested=true"] if args.nested else [])]


def limits_of(args: argparse.Namespace, usual: Limits) -> Limits:
    """Read the limits, over the usual ones. Raises an InputError."""
    from tui_delegate.profiles import with_limits

    return with_limits(usual, changes_of(args))
