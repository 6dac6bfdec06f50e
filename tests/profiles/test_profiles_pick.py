from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tui_delegate.core.errors import InputError, ResolveError
from tui_delegate.core.limits import Limits
from tui_delegate.profiles import (
    Profile,
    Settings,
    api_key,
    key_source,
    key_warning,
    load,
    select,
    split,
    with_limits,
)

if TYPE_CHECKING:
    from pathlib import Path

CLOUD = "https://h.example/v1"


def settings(text: str, folder: Path) -> Settings:
    file = folder / "profiles.toml"
    file.write_text(text)
    return load({"TUI_DELEGATE_CONFIG": str(file)}, folder)


def test_an_unknown_profile_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ResolveError) as caught:
        select(settings("", tmp_path), "olama")
    assert (caught.value.message, caught.value.hint) == (
        "There is no profile 'olama'.",
        "Did you mean ollama?",
    )


def test_a_broken_profile_fails_only_the_call_that_selects_it(tmp_path: Path) -> None:
    found = settings('[profiles.bad]\nbackend = "telepathy"\n[profiles.empty]\n', tmp_path)
    assert select(found, "ollama").backend == "ollama"
    with pytest.raises(ResolveError, match="there is no backend 'telepathy'"):
        select(found, "bad")
    with pytest.raises(ResolveError, match=r"\[profiles.empty\] backend: is not there"):
        select(found, "empty")


def test_an_address_is_needed_where_there_is_no_usual_one(tmp_path: Path) -> None:
    found = settings('[profiles.p]\nbackend = "openai-compat"\ndefault_model = "m"', tmp_path)
    with pytest.raises(ResolveError, match=r"\[profiles.p\] base_url: is not there"):
        select(found, "p")


def test_a_model_is_needed_where_any_model_would_cost_money(tmp_path: Path) -> None:
    found = settings(
        f'[profiles.p]\nbackend = "openai-compat"\nbase_url = "{CLOUD}"\n'
        '[profiles.here]\nbackend = "openai-compat"\nbase_url = "http://127.0.0.1:8000"\n',
        tmp_path,
    )
    with pytest.raises(ResolveError, match=r"\[profiles.p\] default_model: is not there"):
        select(found, "p")
    assert select(found, "p", "named").default_model == ""
    assert select(found, "here").name == "here"


def test_a_place_is_a_profile_and_the_rest_is_its_model() -> None:
    assert split("openrouter/meta-llama/llama-3.3") == ("openrouter", "meta-llama/llama-3.3")
    assert split("ollama") == ("ollama", "")


def test_the_variable_comes_before_the_key_in_the_file() -> None:
    profile = Profile("p", "anthropic", CLOUD, api_key="inline", api_key_env="KEY")
    assert (api_key(profile, {"KEY": " env\n"}), key_source(profile, {"KEY": "x"})) == ("env", "environment")
    assert (api_key(profile, {"KEY": ""}), key_source(profile, {})) == ("inline", "file")
    bare = Profile("p", "ollama", "http://127.0.0.1:1")
    assert (api_key(bare, {}), key_source(bare, {})) == ("", "")


def test_a_missing_key_names_its_variable() -> None:
    with pytest.raises(ResolveError) as caught:
        api_key(Profile("p", "anthropic", CLOUD, api_key_env="MY_KEY"), {})
    assert caught.value.message == "Profile 'p' needs a key: MY_KEY is not set."


def test_a_key_that_could_break_out_of_its_header_is_refused_and_not_repeated() -> None:
    with pytest.raises(ResolveError) as caught:
        api_key(Profile("p", "anthropic", CLOUD, api_key_env="MY_KEY"), {"MY_KEY": "canary\r\nX: 1"})
    assert "canary" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("url", ["http://192.168.1.5:1234", "http://h.example", "http://localhost.example"])
def test_a_key_does_not_travel_over_plain_http(url: str) -> None:
    with pytest.raises(ResolveError, match="over plain http"):
        api_key(Profile("p", "openai-compat", url, api_key="k"), {})
    with pytest.raises(ResolveError, match="over plain http"):
        api_key(Profile("p", "openai-compat", CLOUD, api_key="k", base_urls=(CLOUD, url)), {})
    assert api_key(Profile("p", "openai-compat", url), {}) == ""


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://127.8.8.8", "http://[::1]:1", "http://localhost:1", CLOUD]
)
def test_a_key_travels_to_this_machine_and_over_https(url: str) -> None:
    assert api_key(Profile("p", "openai-compat", url, api_key="k"), {}) == "k"


def test_a_key_in_a_file_that_others_may_read_is_warned_of(tmp_path: Path) -> None:
    found = settings('[profiles.p]\nbackend = "ollama"\napi_key = "canary"\n', tmp_path)
    file = tmp_path / "profiles.toml"
    file.chmod(0o644)
    assert key_warning(found, found.profiles["p"]) == (
        f"{file} holds a key and others may read it (mode 0644): chmod 600 {file}"
    )
    assert key_warning(found, found.profiles["haiku"]) == ""
    file.chmod(0o600)
    assert key_warning(found, found.profiles["p"]) == ""


def test_limits_of_the_command_line_go_over_those_of_the_file() -> None:
    under = Limits(depth=2, tokens=100, cost=1.0)
    told = with_limits(under, ["max_uses=3", "cost = 0.5", "nested=yes", "tokens=none", "seconds=90"])
    assert told == Limits(depth=2, max_uses=3, cost=0.5, nested=True, seconds=90.0)
    assert with_limits(under, []) == under


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("max_uses", "--limit 'max_uses' is not name=value."),
        ("max_uses=", "--limit 'max_uses=' is not name=value."),
        ("max_use=3", "--limit: max_use: is not a key here. Did you mean max_uses?"),
        ("max_uses=many", "--limit: max_uses: must be a whole number, 0 or above"),
        ("max_uses=1.5", "--limit: max_uses: must be a whole number, 0 or above"),
        ("depth=none", "--limit: depth: must be a whole number, 1 or above"),
        ("seconds=nan", "--limit: seconds: must be a number above 0"),
        ("nested=1", "--limit: nested: must be true or false"),
    ],
)
def test_a_limit_that_can_not_be_is_a_usage_error(flag: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        with_limits(Limits(), [flag])
    assert caught.value.message == words
