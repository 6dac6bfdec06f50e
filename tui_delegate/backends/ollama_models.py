"""Reads what an Ollama says about its models. Pure: whoever asked hands the answers in as JSON."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tui_delegate.backends import members
from tui_delegate.core.servers import ModelInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

_CAPABILITIES = ("completion", "tools", "vision", "thinking", "embedding")


def full_name(model: str) -> str:
    """Name a model as Ollama lists it: without a tag it is `:latest`."""
    return model if ":" in model.rpartition("/")[2] else f"{model}:latest"


def name_of(entry: object) -> str:
    """Read the name of a listed model; older servers have only one of the two."""
    return members.text(entry, "model") or members.text(entry, "name")


def running_windows(answer: object) -> dict[str, int | None]:
    """Read which models are loaded, and with which window."""
    entries = members.items(answer, "models")
    return {full_name(name_of(entry)): members.whole(entry, "context_length") for entry in entries}


def shown_window(show: object) -> int | None:
    """Read a window out of `show`: the Modelfile's own, else the longest that the model was made for."""
    if found := re.search(r"^\s*num_ctx\s+(\d+)\s*$", members.text(show, "parameters"), re.MULTILINE):
        return int(found[1])
    about = members.member(show, "model_info")
    values = about.items() if isinstance(about, dict) else ()
    windows = (value for key, value in values if str(key).endswith(".context_length"))
    return next((value for value in windows if isinstance(value, int)), None)


def listed_model(
    entry: object, running: Mapping[str, int | None], show: object, parallel: int | None
) -> ModelInfo:
    """Put together what the list, the loaded ones and `show` say of one model."""
    name = name_of(entry)
    window = running.get(full_name(name))
    if window is None and show is not None:
        window = shown_window(show)
    return ModelInfo(
        id=name,
        state="loaded" if full_name(name) in running else "unloaded",
        window=window,
        size=members.whole(entry, "size") or None,
        quantization=members.text(entry, "details", "quantization_level"),
        parameters=members.text(entry, "details", "parameter_size"),
        capabilities=tuple(word for word in members.words(show, "capabilities") if word in _CAPABILITIES),
        parallel=parallel,
    )
