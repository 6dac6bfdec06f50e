"""Gathers what a stream says into one reply, and decides whether there is one.

Pure, and in no protocol's words: the readers translate, this is told "text", "call", "finished", "usage".
A reply exists only when the server said that it was done.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tui_delegate.backends.slots import CallSlots
from tui_delegate.backends.thoughts import RepeatWatch, ThinkSplitter, split_at_lone_close
from tui_delegate.core.chunks import CallChunk, Reply, TextChunk, ThoughtChunk
from tui_delegate.core.errors import BadReply, ContextOverflow, CutOff
from tui_delegate.core.messages import Message, Thinking, ToolCall, estimate_prompt
from tui_delegate.core.records import dataclass
from tui_delegate.core.usage import Usage, estimate_tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from tui_delegate.core.chunks import ChatRequest, Chunk, Finish

_TAGGED = re.compile(r"<tool_call>(.*?)</tool_call>|\[TOOL_REQUEST\](.*?)\[END_TOOL_REQUEST\]", re.DOTALL)


@dataclass(slots=True)
class Counts:
    """What the server counted; None: it did not say, or said nonsense. `prompt` includes the cached ones."""

    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None
    reasoning: int | None = None


def count_of(value: object) -> int | None:
    """Read a token count."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 12:
        value = int(value)
    return value if type(value) is int and value >= 0 else None


class Assembly:
    """One answer in the making. `put` is handed each piece for the eye, in order."""

    def __init__(self, request: ChatRequest, put: Callable[[Chunk], None], *, tags: bool = True) -> None:
        self._request = request
        self._put = put
        self._text: list[str] = []
        self._thinking: list[Thinking] = []
        self._thought: list[str] = []
        self._splitter = ThinkSplitter() if tags else None
        self._watches = {"text": RepeatWatch(), "thought": RepeatWatch(), "call": RepeatWatch()}
        self._halves = {"text": "", "thought": ""}
        self._flags: dict[str, None] = {}
        self._finish: Finish = "stop"
        self.slots = CallSlots()
        self.terminal = False
        """The server said that it was done."""
        self.model = ""
        self.speed: float | None = None
        self.counts = Counts()

    def flag(self, name: str) -> None:
        """Note something that was mended or missing."""
        self._flags[name] = None

    def say(self, text: str) -> None:
        """Take a piece of the answer."""
        text = self._sound("text", text)
        if self._splitter is None or self._splitter.passed:
            self._say(text)
            return
        for kind, piece in self._splitter.feed(text):
            self._say(piece) if kind == "text" else self._think(piece)

    def think(self, text: str) -> None:
        """Take a piece of thinking."""
        self._think(self._sound("thought", text))

    def close_thought(self, signature: str) -> None:
        """End a block of thinking, with what the provider signed it with."""
        if self._thought or signature:
            self._thinking.append(Thinking("".join(self._thought), sound(signature)))
            self._thought = []

    def seal(self, redacted: str) -> None:
        """Take a block of thinking that the provider does not show."""
        self.close_thought("")
        self._thinking.append(Thinking(redacted=sound(redacted)))

    def call(
        self, index: object, call_id: object, name: object, arguments: object, *, whole: bool = False
    ) -> None:
        """Take a tool call, or a piece of one."""
        piece = self.slots.add(index, call_id, name, arguments, whole=whole)
        if piece is None:
            self.flag("too_many_calls")
            return
        self._watches["call"].feed(piece.text)
        self._put(CallChunk(piece.slot, sound(piece.name), sound(piece.text)))

    def finish(self, finish: Finish) -> None:
        """The server said why it stopped."""
        self.terminal = True
        self._finish = finish

    def flush(self) -> None:
        """Hand on what was held back for its other half."""
        for channel, half in self._halves.items():
            self._halves[channel] = ""
            if half:
                self.say("\ufffd") if channel == "text" else self._think("\ufffd")
        for kind, piece in self._splitter.end() if self._splitter else []:
            self._say(piece) if kind == "text" else self._think(piece)

    def reply(self) -> Reply:
        """Give the reply, or say why there is none. Call `flush` first."""
        text = "".join(self._text)
        if not self.terminal:
            raise CutOff(self._how_much(text), "Try again; what came so far is kept.")
        self.close_thought("")
        if self._splitter and self._splitter.unclosed:
            self.flag("unclosed_thinking")
        usage = self._usage(text)
        text = self._part_lone_close(text)
        calls, text = self._calls(text)
        finish: Finish = "calls" if calls else "length" if self._finish == "length" else "stop"
        if not text and not calls:
            self._judge_empty()
        message = Message("assistant", text, calls, tuple(self._thinking))
        return Reply(message, finish, usage, sound(self.model), self.speed, tuple(self._flags))

    def _say(self, text: str) -> None:
        if text:
            self._text.append(text)
            self._put(TextChunk(text))
            self._watches["text"].feed(text)

    def _think(self, text: str) -> None:
        if text:
            self._thought.append(text)
            self._put(ThoughtChunk(text))
            self._watches["thought"].feed(text)

    def _sound(self, channel: str, text: str) -> str:
        """Mend surrogates: their halves may come in two pieces, and a lone one can't be stored or shown."""
        half = self._halves[channel]
        if not half and text.isascii():
            return text
        text = half + text
        self._halves[channel] = ""
        if "\ud800" <= text[-1:] <= "\udbff":
            self._halves[channel], text = text[-1], text[:-1]
        return sound(text)

    def _how_much(self, text: str) -> str:
        calls = len(self.slots)
        if not text and not self._thought and not self._thinking and not calls:
            return "The answer was cut off before its first word."
        tokens = estimate_tokens(text) + estimate_tokens("".join(self._thought))
        also = f" and {calls} unfinished tool call{'s' if calls > 1 else ''}" if calls else ""
        return f"The answer was cut off after about {tokens} tokens{also}."

    def _part_lone_close(self, text: str) -> str:
        parts = split_at_lone_close(text) if self._splitter else None
        if parts is None:
            return text
        self.flag("thinking_moved")
        if parts[0]:
            self._thinking.insert(0, Thinking(parts[0]))
        return parts[1]

    def _calls(self, text: str) -> tuple[tuple[ToolCall, ...], str]:
        calls = tuple(
            ToolCall(sound(call.id), sound(call.name), sound(call.arguments)) for call in self.slots.calls()
        )
        if self._finish == "length":
            if calls:
                self.flag("calls_cut")
            return (), text
        if calls and "bad_line" in self._flags:
            raise BadReply("A line of the answer was no JSON, so its tool calls can't be trusted.")
        if calls or not (self._request.tools and self._request.may_call):
            return calls, text
        found = textual_calls(text, {tool.name for tool in self._request.tools})
        if found:
            self.flag("textual_call")
            return found, ""
        return (), text

    def _judge_empty(self) -> None:
        if "window_full" in self._flags and not self._thinking:
            raise ContextOverflow(
                "The model's window was full before its first word.",
                "Send less text, or give the model a larger window.",
            )
        self.flag("only_thinking" if self._thinking else "empty")

    def _usage(self, text: str) -> Usage:
        """Zero tokens for a text that is there were not counted: then it is estimated."""
        counts = self.counts
        said = text + "".join(thought.text for thought in self._thinking)
        said += "".join(call.name + call.arguments for call in self.slots.calls())
        prompt = counts.prompt or estimate_prompt(self._request.messages, self._request.tools)
        guessed = estimate_tokens(said)
        completion = counts.completion if counts.completion or not guessed else guessed
        reported = bool(counts.prompt) and counts.completion is not None and completion == counts.completion
        return Usage(
            prompt,
            min(counts.cached or 0, prompt),
            completion or 0,
            counts.reasoning or 0,
            "reported" if reported else "estimated",
        )


def sound(text: str) -> str:
    """Replace lone surrogates; join the ones that are a pair."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def textual_calls(text: str, offered: set[str]) -> tuple[ToolCall, ...]:
    """Read calls that a server left in the text: only where they are all of it and name offered tools."""
    if not text.lstrip().startswith(("<tool_call>", "[TOOL_REQUEST]")) or _TAGGED.sub("", text).strip():
        return ()
    calls: list[ToolCall] = []
    for number, match in enumerate(_TAGGED.finditer(text), start=1):
        try:
            value = json.loads(match.group(1) or match.group(2) or "")
        except (ValueError, RecursionError):
            return ()
        name = value.get("name") if isinstance(value, dict) else None
        if not isinstance(name, str) or name not in offered:
            return ()
        arguments = value.get("arguments", value.get("parameters"))
        words = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
        calls.append(ToolCall(f"call_{number}", name, "" if arguments is None else words))
    return tuple(calls)
