"""Takes off what models put around a file: code fences in every form, a sentence before and after, a thought.

Pure: text in, text out, and one word for what was taken off. Where two readings are possible the text stays
as it came, letter for letter: a fence too many is seen at once, a line lost is not. How it is decided:

- A fence around everything goes, however long, whichever of the two kinds, with or without a language, also
  where its end is missing, and where it holds fences of its own.
- In code, sentences before and after one block go with it. In prose (Markdown and the like, and names
  without an ending) nothing but a fence around everything is ever taken for wrapping.
- The frame that files are sent in goes where it holds one file, and is not itself what the file holds.
- Of several blocks, in code, the one is taken that alone is in the file's language, or that outweighs the
  others together by four to one. Else all stays.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_FENCE: Final = r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})(?P<info>.*)$"
_GLUED: Final = r"^(?P<said>.*[^`])(?:`{3,}|~{3,})[\w+#.-]*$"
_THOUGHT: Final = r"\s*<(think|thinking|thought|reasoning)>.*?</\1>\s*"
_THOUGHT_ENDS: Final = r"</(?:think|thinking|thought|reasoning)>\s*"
_ONE_LINE: Final = r"^(`{3,}|~{3,})(?P<text>[^`~\n]+)\1$"

_FRAME: Final = r'^[ \t]*<file path="(?P<path>[^"\n]*)">[ \t]*\r?\n'
_FRAME_END: Final = "\n</file>"
"""What files are sent in; some models answer in it."""
_MARKS: Final = ("```", "~~~", "</")
"""Without one of these there is nothing to take off. Patterns are compiled when they are first needed."""

_WRAPPING_LANGUAGES: Final = ("", "md", "markdown", "mdx", "gfm", "commonmark", "text", "txt", "plaintext")
_CODE_ROWS: Final = """
py pyi: python python3 py3
js mjs cjs jsx: javascript node js jsx
ts tsx mts cts: typescript ts tsx jsx
sh bash zsh ksh: bash sh shell zsh console
fish bat cmd nu:
ps1 psm1: powershell pwsh ps1
c h: c cpp h
cc cpp cxx hh hpp cu: cpp c++ cc cxx cuda
cs: csharp c#
fs vb java scala groovy dart php lua r swift zig nim nix sql proto graphql solidity sol:
kt kts: kotlin
gradle: gradle groovy kotlin
m mm: objectivec objective-c matlab
go: golang
rs: rust
rb: ruby
pl pm: perl
jl: julia
ex exs: elixir
erl hrl: erlang
hs: haskell
ml mli: ocaml
clj cljs edn: clojure
el lisp scm rkt: elisp lisp scheme racket
tf tfvars hcl: terraform hcl
json jsonc json5 ipynb geojson: json jsonc json5
yml yaml: yaml yml
toml lock: toml
ini cfg conf properties env service: ini cfg conf properties dotenv env systemd
css scss sass less: css scss sass less
html htm xhtml xml svg xsl plist: html xml svg
vue svelte astro: vue svelte astro html
csv tsv: csv tsv
mk cmake: make makefile cmake
asm s sv v vhd: asm assembly verilog systemverilog vhdl
diff patch: diff patch
makefile gnumakefile justfile: make makefile just
dockerfile containerfile: dockerfile docker
jenkinsfile vagrantfile gemfile rakefile procfile brewfile: groovy ruby
cmakelists.txt requirements.txt constraints.txt robots.txt: cmake text txt
"""
"""Endings and names of files that hold code, and what its blocks are called. All else is taken for prose."""


class Stripped(NamedTuple):
    """A file's text, and what was taken off."""

    text: str
    what: str = ""
    """`fence`; `prose`: sentences too; `block`: other blocks too; `frame`; `thought`; `several`: in doubt."""


class _Fence(NamedTuple):
    line: int
    indent: int
    mark: str
    info: str

    def closes(self, opening: _Fence) -> bool:
        """Whether this line ends what another began."""
        return (
            not self.info
            and self.mark[0] == opening.mark[0]
            and len(self.mark) >= len(opening.mark)
            and self.indent <= opening.indent + 3
        )

    def opens(self) -> bool:
        """Whether a block may begin so: no backtick stands behind backticks."""
        return self.mark[0] == "~" or "`" not in self.info

    @property
    def language(self) -> str:
        """The first word behind the fence."""
        return self.info.lstrip("{.").partition("}")[0].partition(" ")[0].partition(":")[0].casefold()


class _Block(NamedTuple):
    first: _Fence
    last: int
    """The line of the closing fence; the number of lines where there is none."""


def strip_fences(text: str, name: str = "") -> Stripped:
    """Take the wrapping off a worker's answer. `name` is the file's: it says what the text should be."""
    if text.startswith("\ufeff") and text[1:].lstrip().startswith(("```", "~~~")):
        text = text[1:]  # it hides the fence behind it
    if not any(mark in text for mark in _MARKS):
        return Stripped(text)
    thought = re.match(_THOUGHT, text, re.DOTALL | re.IGNORECASE)
    if thought and text[thought.end() :].strip():
        rest = _unframe(text[thought.end() :], name)
        return rest if rest.text != text[thought.end() :] else Stripped(rest.text, "thought")
    ended = re.search(_THOUGHT_ENDS, text, re.IGNORECASE)
    if ended and not thought and text.startswith(("```", "~~~"), ended.end()):
        rest = _unwrap(text[ended.end() :], name)  # the thought's beginning stood in the prompt
        if rest.what == "fence" and rest.text.strip():
            return rest
    return _unframe(text, name)


def _unframe(text: str, name: str) -> Stripped:
    """Take fences and our own frame off. In markup it may be the file's; of several files none is chosen."""
    bare = _unwrap(text, name)
    languages = _languages_of(name)
    begun, end = re.search(_FRAME, bare.text, re.MULTILINE), bare.text.rfind(_FRAME_END)
    if begun is None or end < begun.end() or "xml" in languages or "html" in languages:
        return bare
    inside, around = (
        bare.text[begun.end() : end],
        (bare.text[: begun.start()], bare.text[end + len(_FRAME_END) :]),
    )
    said = [line for part in around for line in part.split("\n")]
    if any(line.strip() for line in said) and not (languages and _are_sentences(said, name)):
        return bare
    if re.search(_FRAME, inside, re.MULTILINE) or _FRAME_END in inside:
        return Stripped(text, "several") if languages else bare
    if not languages and _leaf(begun["path"]) != _leaf(name):
        return bare
    rest = _unwrap(inside, name)
    return rest if rest.what else Stripped(rest.text, "frame")


def finish(text: str) -> str:
    """End a file with one line end, the one that its other lines have. A text of nothing stays nothing."""
    kept = text.rstrip()
    if not kept:
        return ""
    return kept + ("\r\n" if "\r\n" in kept and kept.count("\n") == kept.count("\r\n") else "\n")


def _unwrap(text: str, name: str) -> Stripped:
    if "```" not in text and "~~~" not in text:
        return Stripped(text)
    if whole := re.match(_ONE_LINE, text.strip()):
        return Stripped(_without_language(whole["text"], name), "fence")
    lines = text.split("\n")
    fences = _fences_in(lines)
    prose = not _languages_of(name)
    if not fences:
        return Stripped(text)
    first, last = fences[0], fences[-1]
    before, after = lines[: first.line], lines[last.line + 1 :]
    bare = not any(line.strip() for line in (*before, *after))
    wraps = _wraps(fences, lines, prose, name)
    if wraps and (bare or (not prose and _are_sentences((*before, *after), name))):
        return Stripped(_inside(lines, _Block(first, last.line)), "fence" if bare else "prose")
    if len(fences) == 1:
        return _half_wrapped(text, lines, first, prose, name)
    if prose or wraps is None:
        return Stripped(text, "" if prose else "several")
    read = _one_of_several(text, lines, fences, name)
    # No file of code begins with a fence, or with a sentence and one.
    return Stripped(text, "several") if not read.what and _are_sentences(before, name) else read


def _fences_in(lines: Sequence[str]) -> list[_Fence]:
    found = []
    for number, line in enumerate(lines):
        if matched := re.match(_FENCE, line.rstrip()):
            indent = len(matched["indent"].expandtabs(4))
            found.append(_Fence(number, indent, matched["fence"], matched["info"].strip()))
    return found


def _blocks_in(fences: Sequence[_Fence], count: int) -> list[_Block]:
    """Pair fences as Markdown does: the first that can end a block ends it."""
    blocks = []
    opening: _Fence | None = None
    for fence in fences:
        if opening is None:
            opening = fence if fence.opens() else None
        elif fence.closes(opening):
            blocks.append(_Block(opening, fence.line))
            opening = None
    if opening:
        blocks.append(_Block(opening, count))
    return blocks


def _are_sentences(lines: Sequence[str], name: str) -> bool:
    if not any(line.strip() for line in lines):
        return True
    from tui_delegate.tools.sentences import are_sentences

    return are_sentences(lines, name)


def _wraps(fences: Sequence[_Fence], lines: Sequence[str], prose: bool, name: str) -> bool | None:
    """Whether the first and the last fence hold all that is between, fences and all. None: it may be so."""
    first, inner, last = fences[0], fences[1:-1], fences[-1]
    if first is last or not first.opens() or not last.closes(first):
        return False
    if not any(fence.closes(first) for fence in inner):
        return True
    blocks = _blocks_in([fence for fence in inner if fence.indent <= first.indent + 3], last.line)
    if any(block.last == last.line for block in blocks):
        return False  # one inside would lack its end: so the first fence ends before
    if (first.language and first.language in _WRAPPING_LANGUAGES) or blocks[0].first.info:
        return True
    # Two readings: blocks inside a file, or blocks with sentences between, which stand apart from them.
    parts = [lines[block.first.line + 1 : block.last] for block in blocks]
    apart = all(not part or not part[0].strip() or not part[-1].strip() for part in parts)
    said = all(_are_sentences(part, "" if prose else name) for part in parts)
    return None if apart and said else True


def _half_wrapped(text: str, lines: Sequence[str], fence: _Fence, prose: bool, name: str) -> Stripped:
    """Read the only fence of a text: a beginning without its end, or an end without its beginning."""
    before, after = lines[: fence.line], lines[fence.line + 1 :]
    is_led, is_followed = any(line.strip() for line in before), any(line.strip() for line in after)
    if is_followed and fence.opens() and (not prose or (fence.language and not is_led)):
        if prose and fence.language not in _WRAPPING_LANGUAGES:
            return Stripped(text)
        if _are_sentences(before, name):
            inside = _glued_end(_inside(lines, _Block(fence, len(lines))), fence)
            return Stripped(inside, "prose" if is_led else "fence")
    elif is_led and not is_followed and not prose and not fence.info:
        return _begun_behind_words(text, before, name)
    return Stripped(text)


def _begun_behind_words(text: str, before: Sequence[str], name: str) -> Stripped:
    """Read what stands before an end that has no beginning of its own: it may stand behind a sentence."""
    for number, line in enumerate(before):
        if glued := re.match(_GLUED, line.rstrip()):
            if _are_sentences([*before[:number], glued["said"]], name):
                return Stripped("\n".join(before[number + 1 :]), "prose")
            return Stripped(text)
    return Stripped("\n".join(before), "fence")


def _one_of_several(text: str, lines: Sequence[str], fences: Sequence[_Fence], name: str) -> Stripped:
    blocks = _blocks_in(fences, len(lines))
    outside: list[str] = []
    done = 0
    for block in blocks:
        outside += lines[done : block.first.line]
        done = block.last + 1
    if not _are_sentences((*outside, *lines[done:]), name):
        return Stripped(text)
    fitting = _fitting(blocks, _languages_of(name))
    if not fitting:
        return Stripped(text, "several")
    return Stripped(_inside(lines, fitting), "block" if len(blocks) > 1 else "prose")


def _fitting(blocks: Sequence[_Block], languages: Sequence[str]) -> _Block | None:
    """Find the block that is the file: alone in its language, or far the longest."""
    if len(blocks) == 1:
        return blocks[0]
    possible = [block for block in blocks if not block.first.language or block.first.language in languages]
    sizes = {block: block.last - block.first.line - 1 for block in blocks}
    if len(possible) == 1:
        return possible[0] if possible[0].first.language and sizes[possible[0]] else None
    longest = max(possible, key=lambda block: sizes[block], default=None)
    if longest and sizes[longest] >= max(8, 4 * (sum(sizes.values()) - sizes[longest])):
        return longest
    return None


def _inside(lines: Sequence[str], block: _Block) -> str:
    """Give a block's text; what its fence is indented by goes from its lines, where all of them have it."""
    inside = lines[block.first.line + 1 : block.last]
    margin = " " * block.first.indent
    if margin and all(line.startswith(margin) for line in inside if line.strip()):
        inside = [line.removeprefix(margin) for line in inside]
    return "\n".join(inside)


def _glued_end(text: str, fence: _Fence) -> str:
    """Take off an end that stands behind the last line's text."""
    kept = text.rstrip()
    return kept.removesuffix(fence.mark) if kept.endswith(fence.mark) else text


def _without_language(text: str, name: str) -> str:
    word, space, rest = text.partition(" ")
    return rest.strip() if space and word.casefold() in _languages_of(name) else text.strip()


def _languages_of(name: str) -> tuple[str, ...]:
    """Give what blocks for this file are called. Nothing: it isn't known to be code."""
    leaf = _leaf(name)
    ending = leaf.rpartition(".")[2]
    for row in _CODE_ROWS.splitlines():
        names, _, languages = row.partition(":")
        if leaf in names.split() or ("." in leaf[1:] and ending in names.split()):
            return (*languages.split(), ending, leaf)
    return ()


def _leaf(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2].casefold()
