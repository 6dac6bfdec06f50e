"""`completions`: a script that completes our verbs and flags, for bash, zsh or fish. Made of the parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui_delegate.cli import output

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from tui_delegate.cli.outline import Flag, Outline

PROGRAMS = ("tui-delegate", "tud")
BEFORE = "--profile --model --temperature --json --quiet --verbose --help --version"
"""Flags that may stand before the verb."""
ABOUT = (
    'bash: eval "$(tui-delegate completions bash)" in ~/.bashrc. zsh: tui-delegate completions zsh >'
    " FOLDER/_tui-delegate, in a folder of $fpath. fish: tui-delegate completions fish >"
    " ~/.config/fish/completions/tui-delegate.fish"
)
_PROFILES = "tui-delegate profiles list 2>/dev/null | sed 's/ (default)$//'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what follows."""
    parser.epilog = ABOUT
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell that is to complete")


def run(args: argparse.Namespace) -> int:
    """Write the script."""
    from tui_delegate.cli.main import whole_parser
    from tui_delegate.cli.outline import outline

    write = {"bash": _bash, "zsh": _zsh, "fish": _fish}[args.shell]
    output.data("\n".join(write(outline(whole_parser()))))
    return output.OK


def _bash(top: Outline) -> Iterator[str]:
    """Find verb and action among the words before the cursor, then offer what may follow them."""
    flags = {flag for one in _all(top) for flag in one.flags if flag.metavar}
    many = sorted({name for flag in flags if flag.many for name in flag.names})
    valued = sorted({name for flag in flags for name in flag.names} - set(many))
    yield "# bash completion of tui-delegate; made by `tui-delegate completions bash`"
    yield '_tui_delegate_offer() { local IFS=$\'\\n\'; COMPREPLY=($(compgen -W "$1" -- "$2")); }'
    yield "_tui_delegate() {"
    yield '    local word at=1 verb="" action="" files="" cur="${COMP_WORDS[COMP_CWORD]}"'
    yield '    local prev="${COMP_WORDS[COMP_CWORD-1]}"'
    yield '    while [ "$at" -lt "$COMP_CWORD" ]; do'
    yield '        word="${COMP_WORDS[at]}"'
    yield '        case "$word" in'
    yield f"            {'|'.join(many)}) files=1 at=$((at + 1)) ;;"
    yield f"            {'|'.join(valued)}) files='' at=$((at + 1)) ;;"
    yield "            -*) files='' ;;"
    yield '            *) [ -n "$files" ] || { [ -n "$verb" ] && action="${action:-$word}"'
    yield '                verb="${verb:-$word}"; } ;;'
    yield "        esac"
    yield "        at=$((at + 1))"
    yield "    done"
    yield '    if [ -n "$files" ] && [ "${cur#-}" = "$cur" ]; then return; fi'
    yield '    case "$verb $prev" in'
    for one in top.below:
        yield from _bash_values(one, {flag for inner in _all(one) for flag in inner.flags})
    yield f'        *" --profile") _tui_delegate_offer "$({_PROFILES})" "$cur"; return ;;'
    yield '        *" --model"|*" --temperature") return ;;'
    yield "    esac"
    yield '    case "$verb $action" in'
    names = _lines(one.name for one in top.below)
    yield f"        ' ') _tui_delegate_offer $'{names}\\n{_lines(BEFORE.split())}' \"$cur\" ;;"
    for one in top.below:
        for inner in one.below:
            yield f"        '{one.name} {inner.name}')"
            yield from _bash_places(inner)
            yield f"            _tui_delegate_offer $'{_offered(inner)}' \"$cur\" ;;"
        yield f"        '{one.name} '*) _tui_delegate_offer $'{_offered(one)}' \"$cur\" ;;"
    yield "    esac"
    yield "}"
    yield f"complete -o default -F _tui_delegate {' '.join(PROGRAMS)}"


def _bash_values(one: Outline, flags: set[Flag]) -> Iterator[str]:
    """Offer what may follow a flag; a path is left to the shell's own way."""
    for flag in sorted(flags):
        cases = "|".join(f"'{one.name} {name}'" for name in flag.names)
        if flag.kind == "words":
            yield f"        {cases}) _tui_delegate_offer $'{_lines(flag.words)}' \"$cur\"; return ;;"
        elif flag.kind == "profile":
            yield f'        {cases}) _tui_delegate_offer "$({_PROFILES})" "$cur"; return ;;'
        elif flag.kind in ("file", "folder", "text"):
            yield f"        {cases}) return ;;"


def _bash_places(one: Outline) -> Iterator[str]:
    """Offer what may stand there without a flag; a path is left to the shell's own way."""
    kinds = {place.kind for place in one.places}
    bare = '            if [ "${cur#-}" = "$cur" ]; then'
    if "profile" in kinds:
        yield f'{bare} _tui_delegate_offer "$({_PROFILES})" "$cur"; return; fi'
    elif "file" in kinds:
        yield f"{bare} return; fi"


def _offered(one: Outline) -> str:
    words = [inner.name for inner in one.below] + [word for place in one.places for word in place.words]
    return _lines([*words, *(name for flag in one.flags for name in flag.names)])


def _lines(words: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    return "\\n".join(words)


def _zsh(top: Outline) -> Iterator[str]:
    yield f"#compdef {' '.join(PROGRAMS)}"
    yield "# made by `tui-delegate completions zsh`"
    yield "_tui_delegate_profiles() {"
    yield f'    local -a found; found=("${{(@f)$({_PROFILES})}}"); compadd -a found'
    yield "}"
    yield "_tui_delegate() {"
    yield '    local curcontext="$curcontext" state line'
    yield "    typeset -A opt_args"
    yield "    _arguments -C \\"
    yield "        '--profile[the profile]:name:_tui_delegate_profiles' '--model[the model]:name:' \\"
    yield "        '--temperature[how freely it chooses its words]:number:' '--json[one JSON object]' \\"
    yield "        '(-q --quiet)'{-q,--quiet}'[no talk]' '(-v --verbose)'{-v,--verbose}'[more talk]' \\"
    yield "        '1:verb:->verb' '*::argument:->rest'"
    yield "    case $state in"
    yield "    verb)"
    yield "        local -a verbs; verbs=("
    yield from (f"            '{one.name}:{_zsh_text(one.help)}'" for one in top.below)
    yield "        ); _describe verb verbs ;;"
    yield "    rest)"
    yield "        case $line[1] in"
    for one in top.below:
        yield f"        {one.name}) _arguments \\"
        yield from (f"            {text} \\" for text in dict.fromkeys(_zsh_flags(one)))
        yield f"            {_zsh_places(one)} ;;"
    yield "        esac ;;"
    yield "    esac"
    yield "}"
    yield '_tui_delegate "$@"'


def _zsh_flags(one: Outline) -> Iterator[str]:
    ways = {
        "none": "",
        "text": ":value:",
        "file": ":file:_files",
        "folder": ":folder:_files -/",
        "profile": ":name:_tui_delegate_profiles",
    }
    for flag in {flag.names: flag for inner in _all(one) for flag in inner.flags}.values():
        way = f":word:({' '.join(flag.words)})" if flag.kind == "words" else ways[flag.kind]
        told = f"[{_zsh_text(flag.help)}]{way}"
        if len(flag.names) > 1:
            yield f"'({' '.join(flag.names)})'{{{','.join(flag.names)}}}'{told}'"
        else:
            yield f"'{flag.names[0]}{told}'"


def _zsh_places(one: Outline) -> str:
    if one.below:
        actions = " ".join(f'{inner.name}\\:"{_zsh_text(inner.help)}"' for inner in one.below)
        kinds = {place.kind for inner in one.below for place in inner.places}
        rest = "name:_tui_delegate_profiles" if "profile" in kinds else "argument:_files"
        return f"'1:action:(({actions}))' '*:{rest}'"
    words = [word for place in one.places for word in place.words]
    return f"'1:word:({' '.join(words)})' '*:argument:_files'" if words else "'*:argument:_files'"


def _zsh_text(text: str) -> str:
    for letter in "\\[]:":
        text = text.replace(letter, "\\" + letter)
    return text.replace("'", "'\\''").replace('"', "")


def _fish(top: Outline) -> Iterator[str]:
    yield "# fish completion of tui-delegate; made by `tui-delegate completions fish`"
    yield f"for program in {' '.join(PROGRAMS)}"
    start = "complete -c $program"
    yield f"    {start} -n __fish_use_subcommand -l profile -x -a '({_fish_text(_PROFILES)})'"
    for word in BEFORE.split()[1:]:
        takes = " -x" if word in ("--model", "--temperature") else ""
        yield f"    {start} -n __fish_use_subcommand -l {word[2:]}{takes}"
    for one in top.below:
        told = _fish_text(one.help)
        yield f"    {start} -n __fish_use_subcommand -f -a {one.name} -d '{told}'"
        here = f"'__fish_seen_subcommand_from {one.name}'"
        inner_names = " ".join(inner.name for inner in one.below)
        for inner in one.below:
            first = (
                f"'__fish_seen_subcommand_from {one.name}; and not __fish_seen_subcommand_from {inner_names}'"
            )
            yield f"    {start} -n {first} -f -a {inner.name} -d '{_fish_text(inner.help)}'"
            if any(place.kind == "profile" for place in inner.places):
                there = (
                    f"'__fish_seen_subcommand_from {one.name}; and __fish_seen_subcommand_from {inner.name}'"
                )
                yield f"    {start} -n {there} -f -a '({_fish_text(_PROFILES)})'"
        words = " ".join(word for place in one.places for word in place.words)
        if words:
            yield f"    {start} -n {here} -f -a '{words}'"
        for flag in {flag.names: flag for inner in _all(one) for flag in inner.flags}.values():
            yield f"    {start} -n {here} {_fish_flag(flag)}"
    yield "end"


def _fish_flag(flag: Flag) -> str:
    names = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in flag.names)
    ways = {
        "none": "",
        "text": " -x",
        "file": " -r -F",
        "folder": " -x -a '(__fish_complete_directories)'",
        "profile": f" -x -a '({_fish_text(_PROFILES)})'",
        "words": f" -x -a '{' '.join(flag.words)}'",
    }
    return f"{names}{ways[flag.kind]} -d '{_fish_text(flag.help)}'"


def _fish_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _all(one: Outline) -> Iterator[Outline]:
    yield one
    for inner in one.below:
        yield from _all(inner)
