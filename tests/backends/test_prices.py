"""The shipped price list: which line a model gets, and where nothing is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import tui_delegate
from tui_delegate.backends.prices import price_list, price_of, window_of
from tui_delegate.core.usage import LOCAL, Usage

ANTHROPIC = "https://api.anthropic.com/v1"
OPENAI = "https://api.openai.com/v1"
ROUTER = "https://openrouter.ai/api/v1"


def test_a_listed_model_has_the_price_of_the_list_and_says_so() -> None:
    price = price_of("claude-haiku-4-5", "anthropic", ANTHROPIC)
    assert price is not None
    assert (price.input, price.cached, price.output) == (1.0, 0.1, 5.0)
    assert price.source == f"list {price_list().date}"
    assert price.cost(Usage(prompt=1_000_000, cached=500_000, completion=100_000)) == pytest.approx(1.05)


@pytest.mark.parametrize(
    "name",
    [
        "claude-haiku-4-5-20251001",
        "claude-haiku-4-5@20251001",
        "anthropic/claude-haiku-4-5",
        "CLAUDE-Haiku-4-5",
    ],
)
def test_prefix_and_date_of_a_name_do_not_hide_its_price(name: str) -> None:
    assert price_of(name, "anthropic", ANTHROPIC) == price_of("claude-haiku-4-5", "anthropic", ANTHROPIC)


def test_a_dated_model_with_a_line_of_its_own_keeps_that_line() -> None:
    old, new = (price_of(name, "openai-compat", OPENAI) for name in ("gpt-4o-2024-05-13", "gpt-4o"))
    assert old is not None
    assert new is not None
    assert old.input > new.input


def test_a_model_that_is_listed_as_latest_is_found_by_its_date() -> None:
    assert price_of("claude-3-5-haiku-20241022", "anthropic", ANTHROPIC) is not None


def test_each_host_has_its_own_price_of_a_model() -> None:
    router = price_of("qwen/qwen3-coder", "openai-compat", ROUTER)
    assert router is not None
    assert price_of("qwen/qwen3-coder", "openai-compat", OPENAI) is None


def test_on_a_host_that_nobody_knows_only_the_maker_of_a_model_says_its_price() -> None:
    gateway = "https://models.example.com/v1"
    assert price_of("openai/gpt-4o", "openai-compat", gateway) == price_of("gpt-4o", "openai-compat", OPENAI)
    assert price_of("qwen/qwen3-coder", "openai-compat", gateway) is None


@pytest.mark.parametrize(
    ("protocol", "host"),
    [
        ("ollama", "http://192.168.1.4:11434"),
        ("lmstudio", "http://box.lan:1234"),
        ("llamacpp", "http://[::1]:8080"),
        ("builtin", ""),
        ("openai-compat", "http://localhost:8000/v1"),
        ("anthropic", "http://127.0.0.1:8080"),
        ("openai-compat", "http://[::1]:8000"),
    ],
)
def test_a_server_of_ones_own_costs_nothing(protocol: str, host: str) -> None:
    assert price_of("gpt-4o", protocol, host) is LOCAL


@pytest.mark.parametrize("name", ["qwen3-coder:480b-cloud", "glm-5:cloud"])
@pytest.mark.parametrize("protocol", ["ollama", "openai-compat"])
def test_a_cloud_model_behind_a_local_ollama_is_not_free(name: str, protocol: str) -> None:
    assert price_of(name, protocol, "http://127.0.0.1:11434") is None


def test_the_cloud_of_ollama_itself_is_not_local() -> None:
    assert price_of("glm-5", "ollama", "https://ollama.com") is not LOCAL


@pytest.mark.parametrize("name", ["", "/", "no-such-model", "openai/", "a/b/c"])
def test_an_unknown_model_has_no_price_and_no_window(name: str) -> None:
    assert price_of(name, "openai-compat", OPENAI) is None
    assert window_of(name, "openai-compat", OPENAI) is None


def test_a_window_is_known_with_and_without_prefix() -> None:
    for name in ("claude-haiku-4-5", "anthropic/claude-haiku-4-5-20251001"):
        assert window_of(name, "openai-compat", OPENAI) == 200_000
        assert window_of(name, "openai-compat", "http://127.0.0.1:1") is None


def test_the_list_is_small_dated_and_sane() -> None:
    raw = (Path(tui_delegate.__file__).parent / "prices.json").read_bytes()
    assert len(raw) < 200_000
    shipped = price_list()
    assert date.fromisoformat(shipped.date).year >= 2026
    names = [(provider, model) for provider, models in shipped.models.items() for model in models]
    assert len(names) > 1_000
    for line in (shipped.line(*name) for name in names):
        assert line is not None
        assert 0 <= line.input < 10_000
        assert 0 <= line.output < 10_000
        assert line.window is None or line.window > 0
