from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_delegate.core.errors import ConfigError, DelegateError, ResolveError
from tui_delegate.core.limits import Limits
from tui_delegate.core.usage import Price
from tui_delegate.profiles import KEYS, Settings, config_path, find, load, new_config_path, select, state_path
from tui_delegate.profiles.read import parse, settings_of
from tui_delegate.profiles.table import Source


def read(text: str, environ: dict[str, str] | None = None, *, lenient: bool = False) -> Settings:
    source = Source("profiles.toml", lenient)
    return settings_of(parse(text.encode(), source), source, environ or {}, Path("profiles.toml"))


def refusal(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_without_any_file_the_built_in_profiles_are_there(tmp_path: Path) -> None:
    found = load({"TUI_DELEGATE_HOME": str(tmp_path)}, tmp_path)
    assert list(found.profiles) == ["ollama", "lmstudio", "llamacpp", "openrouter", "haiku", "builtin"]
    assert (found.source, found.warnings, found.default_profile, found.limits) == (None, (), "", Limits())
    assert found.profiles["ollama"].base_url == "http://127.0.0.1:11434"
    assert found.profiles["haiku"].api_key_env == "ANTHROPIC_API_KEY"
    for name in found.profiles:
        assert select(found, name).name == name


def test_a_profile_of_a_built_in_name_changes_only_the_keys_that_it_holds() -> None:
    found = read('[profiles.openrouter]\ndefault_model = "mine"').profiles["openrouter"]
    assert (found.backend, found.default_model, found.api_key_env) == (
        "openai-compat",
        "mine",
        "OPENROUTER_API_KEY",
    )


def test_another_backend_under_a_built_in_name_takes_nothing_over() -> None:
    found = read('[profiles.haiku]\nbackend = "openai-compat"\nbase_url = "https://h.example/v1"').profiles[
        "haiku"
    ]
    assert (found.default_model, found.api_key_env) == ("", "")


def test_another_address_under_a_built_in_name_does_not_get_its_key() -> None:
    moved = read('[profiles.openrouter]\nbase_url = "https://openrouter.ai.example/api/v1"').profiles[
        "openrouter"
    ]
    assert (moved.api_key_env, moved.default_model) == ("", "meta-llama/llama-3.3-70b-instruct")
    several = read('[profiles.haiku]\nbase_urls = ["https://api.anthropic.com", "https://x.example"]')
    assert several.profiles["haiku"].api_key_env == ""
    same = read('[profiles.openrouter]\nbase_url = "https://openrouter.ai/api/v1/"').profiles["openrouter"]
    assert same.api_key_env == "OPENROUTER_API_KEY"


def test_every_key_of_a_profile_arrives() -> None:
    found = read(
        """
        [profiles.p]
        backend = "llamacpp"
        base_urls = ["http://127.0.0.1:8080/", "http://[::1]:8081/v1"]
        default_model = "m"
        api_key = "k"
        api_key_env = "MY_KEY"
        extra_headers = { X-One = "1" }
        timeout = 5
        temperature = 0
        max_parallel = 3
        price = { input = 0.15, cached = 0.075, output = 0.6 }
        fallback = ["ollama", "openrouter/a/b"]
        num_ctx = 4096
        keep_alive = -1
        think = "high"
        instructions = "Be\\nbrief."
        """
    ).profiles["p"]
    assert found.urls == ("http://127.0.0.1:8080", "http://[::1]:8081/v1")
    assert (found.base_url, found.timeout, found.temperature) == ("http://127.0.0.1:8080", 5.0, 0.0)
    assert (found.price, found.fallback) == (Price(0.15, 0.6, 0.075), ("ollama", "openrouter/a/b"))
    assert (found.num_ctx, found.keep_alive, found.think) == (4096, -1, "high")
    assert (found.extra_headers, found.instructions) == ((("X-One", "1"),), "Be\nbrief.")


def test_roles_limits_agents_teams_and_tools_arrive() -> None:
    found = read(
        """
        default_profile = "ollama"
        [roles]
        manager = "haiku"
        [limits]
        max_uses = 0
        cost = 0.5
        nested = true
        [agents.a]
        profile = "ollama"
        delegates = ["b"]
        [agents.b]
        max_tokens = 5
        [teams.t]
        planner = "a"
        workers = ["b"]
        [tools.fetch]
        enabled = false
        approval = "deny"
        """
    )
    assert (found.default_profile, found.roles.manager, found.roles.worker) == ("ollama", "haiku", "")
    assert found.limits == Limits(max_uses=0, cost=0.5, nested=True)
    assert (found.agents["b"].max_tokens, found.delegates) == (5, {"a": ("b",)})
    assert (found.teams["t"].workers, found.tools["fetch"].approval) == (("b",), "deny")
    assert not found.tools["fetch"].enabled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[profile.x]", "profile: is not a key here. Did you mean profiles?"),
        ('[profiles.p]\nbase_ulr = "x"', "[profiles.p] base_ulr: is not a key here. Did you mean base_url?"),
        ("[limits]\nmax_use = 3", "[limits] max_use: is not a key here. Did you mean max_uses?"),
        (
            "[profiles.p]\nprice = { inputs = 1 }",
            "[profiles.p.price] inputs: is not a key here. Did you mean input?",
        ),
        ("[profiles.p]\nprice = { input = 1 }", "[profiles.p] price: needs input and output"),
        ("[profiles.p]\nprice = 3", "[profiles.p] price: must be a table"),
        ("[profiles.p]\ntimeout = true", "[profiles.p] timeout: must be a number above 0"),
        ("[profiles.p]\ntimeout = nan", "[profiles.p] timeout: must be a number above 0"),
        ("[profiles.p]\ntimeout = inf", "[profiles.p] timeout: must be a number above 0"),
        ("[profiles.p]\ntimeout = -1", "[profiles.p] timeout: must be a number above 0"),
        ("[profiles.p]\ntimeout = 0", "[profiles.p] timeout: must be a number above 0"),
        ("[profiles.p]\ntemperature = '0.1'", "[profiles.p] temperature: must be a number, 0 or above"),
        ("[profiles.p]\nmax_parallel = 0", "[profiles.p] max_parallel: must be a whole number, 1 or above"),
        ("[profiles.p]\nmax_parallel = 1.0", "[profiles.p] max_parallel: must be a whole number"),
        ("[profiles.p]\nnum_ctx = true", "[profiles.p] num_ctx: must be a whole number"),
        (
            "[profiles.p]\nthink = 'hard'",
            "[profiles.p] think: must be true, false or one of low, medium, high",
        ),
        ("[profiles.p]\nkeep_alive = 'soon'", "[profiles.p] keep_alive: must be a time"),
        ("[profiles.p]\nkeep_alive = true", "[profiles.p] keep_alive: must be a time"),
        ("[profiles.p]\nfallback = 'x'", "[profiles.p] fallback: must be a list of strings"),
        ("[profiles.p]\nfallback = ['']", "[profiles.p] fallback: holds an empty string"),
        ("[profiles.p]\nextra_headers = ['a']", "[profiles.p] extra_headers: must be a table"),
        ("[profiles.p]\nextra_headers = { a = 1 }", "[profiles.p.extra_headers] a: must be a string"),
        ("[profiles.p]\nextra_headers = { 'a b' = '1' }", "[profiles.p.extra_headers] a b: is not the name"),
        (
            '[profiles.p]\nextra_headers = { a = "1\\r\\nb: 2" }',
            "[profiles.p.extra_headers] a: holds a line break",
        ),
        ("[profiles.p]\nbase_url = 'localhost:11434'", "[profiles.p] base_url: must be an address"),
        ("[profiles.p]\nbase_url = 'http://'", "[profiles.p] base_url: must be an address"),
        ("[profiles.p]\nbase_url = 'http://h:99999'", "[profiles.p] base_url: must be an address"),
        ("[profiles.p]\nbase_url = 'http://[::1'", "[profiles.p] base_url: must be an address"),
        ("[profiles.p]\nbase_url = 'http://a b'", "[profiles.p] base_url: must be an address"),
        ("[profiles.p]\nbase_url = 'http://a\\@b'", "[profiles.p] base_url: must be an address"),
        ("[profiles.p]\nbase_url = 'http://h/v1?x=1'", "[profiles.p] base_url: must not hold a ?"),
        ("[profiles.p]\nbase_urls = ['ftp://h']", "[profiles.p] base_urls: must be an address"),
        ("[profiles]\np = 3", "[profiles] p: must be a table: [profiles.p]"),
        ("profiles = 3", "profiles: must be a table"),
        ('[profiles.""]', "[profiles.] the name: must begin with a letter or digit"),
        ('[profiles."a "]', "the name: must begin with a letter or digit"),
        ("default_profile = 3", "default_profile: must be a string"),
        ("[limits]\ndepth = 0", "[limits] depth: must be a whole number, 1 or above"),
        ("[limits]\nnested = 1", "[limits] nested: must be true or false"),
        ("[limits]\nseconds = 0", "[limits] seconds: must be a number above 0"),
        ("[agents.a]\ndelegates = ['b']", "[agents.a] delegates: names an agent that is not there."),
        ("[tools.t]\napproval = 'maybe'", "[tools.t] approval: must be one of ask, allow, deny"),
        ("[tools.t]\nenabled = 'yes'", "[tools.t] enabled: must be true or false"),
        ("[teams.t]\nworkers = 'x'", "[teams.t] workers: must be a list of strings"),
        ("a = 1\na = 2", "profiles.toml:2: a key that is there already"),
        ("x = " + "[" * 5000, "profiles.toml: is not TOML that can be read"),
        ("x = " + "9" * 5000, "profiles.toml: is not TOML that can be read"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_file_table_and_key(text: str, words: str) -> None:
    assert f"profiles.toml: {words}" in refusal(text) or words in refusal(text)


@pytest.mark.parametrize("key", ["sk-live-4711", "ghp_4711abc", "hf_4711", "gsk_4711", "AKIA4711"])
def test_a_key_in_the_place_of_its_variable_is_refused_and_not_repeated(key: str) -> None:
    words = refusal(f'[profiles.p]\napi_key_env = "{key}"')
    assert "[profiles.p] api_key_env: must be the name of an environment variable, not the key" in words
    assert "4711" not in words


def test_a_key_may_be_any_plain_line_and_nothing_else() -> None:
    assert read('[profiles.p]\napi_key = " k "').profiles["p"].api_key == "k"
    assert "control character" in refusal('[profiles.p]\napi_key = "a\\nb"')
    assert "no key has" in refusal('[profiles.p]\napi_key = "clé"')


def test_no_secret_is_in_the_repr_of_what_was_read() -> None:
    text = '[profiles.p]\napi_key = "canary"\nextra_headers = { Authorization = "Bearer canary" }'
    assert "canary" not in repr(read(text))


def words_of(text: str) -> str:
    try:
        return " ".join(read(text).warnings)
    except DelegateError as error:
        return error.message + error.hint


@given(
    cut=st.integers(0, 400), put=st.sampled_from(["", '"', "=", "[", "\n", "\x00", "é", "'''", "]]", "\\"])
)
@settings(max_examples=150, deadline=None)
def test_a_file_broken_anywhere_is_one_line_and_never_repeats_a_secret(cut: int, put: str) -> None:
    text = (
        'default_profile = "p"\n[profiles.p]\nbackend = "anthropic"\napi_key = "canary-1"\n'
        'base_url = "https://u:canary-2@h.example"\nextra_headers = { Authorization = "canary-3" }\n'
        'api_key_env = "canary-4"\n[limits]\ndepth = 3\n'
    )
    for broken in (text[:cut] + put, text[:cut] + put + text[cut:]):
        said = words_of(broken)
        assert "\n" not in said
        assert "canary-" not in said


def test_the_address_of_one_request_is_cut_back_with_a_warning() -> None:
    found = read(
        '[profiles.p]\nbackend = "openai-compat"\nbase_url = "https://h.example/v1/chat/completions/"'
    )
    assert found.profiles["p"].base_url == "https://h.example/v1"
    assert found.warnings == (
        "profiles.toml: [profiles.p] base_url: names one request; only what is before it is used",
    )
    assert (
        read('[profiles.ollama]\nbase_url = "http://h:1/api/chat"').profiles["ollama"].base_url
        == "http://h:1"
    )


def test_a_claude_profile_of_two_lines_knows_where_its_key_is() -> None:
    found = read('[profiles.c]\nbackend = "anthropic"\ndefault_model = "m"').profiles["c"]
    assert (found.base_url, found.api_key_env) == ("https://api.anthropic.com", "ANTHROPIC_API_KEY")
    elsewhere = read('[profiles.c]\nbackend = "anthropic"\nbase_url = "http://127.0.0.1:8080"').profiles["c"]
    assert elsewhere.api_key_env == ""


@pytest.mark.parametrize(
    ("told", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:9", "http://127.0.0.1:9"),
        (":9", "http://127.0.0.1:9"),
        ("box:9", "http://box:9"),
        ("[::1]:9", "http://[::1]:9"),
        ("https://box", "https://box:443"),
        ("http://box/", "http://box:80"),
    ],
)
def test_ollama_is_where_its_own_variable_says(told: str, url: str) -> None:
    assert read("", {"OLLAMA_HOST": told}).profiles["ollama"].base_url == url
    written = read('[profiles.ollama]\nbase_url = "http://w:1"', {"OLLAMA_HOST": told})
    assert written.profiles["ollama"].base_url == "http://w:1"


def test_an_unreadable_ollama_host_is_a_warning() -> None:
    found = read("", {"OLLAMA_HOST": "http://u:p@x"})
    assert found.warnings == ("OLLAMA_HOST: is not an address that can be read, left alone",)


def test_our_file_is_where_its_variables_say_with_the_journal_beside_it(tmp_path: Path) -> None:
    home, file = {"TUI_DELEGATE_HOME": str(tmp_path)}, {"TUI_DELEGATE_CONFIG": str(tmp_path / "my.toml")}
    assert (config_path(home), state_path(home)) == (tmp_path / "profiles.toml", tmp_path)
    assert (config_path(file), state_path(file)) == (tmp_path / "my.toml", tmp_path)
    both = {**file, "TUI_DELEGATE_HOME": str(tmp_path / "state")}
    assert (config_path(both), state_path(both)) == (tmp_path / "my.toml", tmp_path / "state")


def test_without_variables_config_and_state_have_their_own_folders() -> None:
    assert config_path({}).name == "profiles.toml"
    assert config_path({}).parent != Path.cwd()
    assert "tui-delegate" in str(state_path({}))


def test_the_file_of_agent_delegate_is_read_where_ours_is_absent(tmp_path: Path) -> None:
    theirs = tmp_path / ".agent-delegate" / "profiles.toml"
    theirs.parent.mkdir()
    theirs.write_text('default_profile = "p"\n[profiles.p]\nbackend = "openai-compat"\ncolour = "red"\n')
    environ = {"TUI_DELEGATE_HOME": str(tmp_path / "ours")}
    found = load(environ, tmp_path)
    assert (found.default_profile, found.source) == ("p", theirs)
    assert found.warnings == (f"{theirs}: [profiles.p] colour: is not a key here, left alone",)
    other = tmp_path / "other.toml"
    other.write_text('default_profile = "q"')
    assert load({**environ, "AGENT_DELEGATE_CONFIG": str(other)}, tmp_path).default_profile == "q"
    folder = {**environ, "AGENT_DELEGATE_HOME": str(theirs.parent)}
    assert load(folder, tmp_path / "nobody").default_profile == "p"
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "profiles.toml").write_text("")
    assert load(environ, tmp_path).source == tmp_path / "ours" / "profiles.toml"


def test_a_place_that_is_named_comes_before_one_that_is_usual(tmp_path: Path) -> None:
    folders = {"usual": config_path({}).parent, "theirs": tmp_path / "theirs", "ours": tmp_path / "ours"}
    for name, folder in folders.items():
        folder.mkdir(parents=True)
        (folder / "profiles.toml").write_text(f'default_profile = "{name}"')
    theirs = {"AGENT_DELEGATE_HOME": str(folders["theirs"])}
    assert load({}, tmp_path).default_profile == "usual"
    assert load(theirs, tmp_path).default_profile == "theirs"
    assert load({**theirs, "TUI_DELEGATE_HOME": str(folders["ours"])}, tmp_path).default_profile == "ours"


def test_in_agent_delegates_file_a_wrong_profile_is_left_out_and_said(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.toml"
    theirs.write_text('[profiles.good]\ntimeout = "30"\n[profiles.haiku]\nthink = 5\n[profiles."a/b"]\n')
    found = load({"AGENT_DELEGATE_CONFIG": str(theirs)}, tmp_path)
    assert found.profiles["good"].timeout == 30.0
    assert (set(found.broken), set(found.written)) == ({"haiku", "a/b"}, {"good"})
    assert "haiku" not in found.profiles
    assert all("is left out" in warning for warning in found.warnings)
    with pytest.raises(ResolveError, match=r"\[profiles.haiku\] think"):
        find(found, "haiku")
    with pytest.raises(ConfigError, match="the name"):
        load({"TUI_DELEGATE_CONFIG": str(theirs)}, tmp_path)


def test_no_other_file_stands_in_for_one_that_agent_delegates_variables_name(tmp_path: Path) -> None:
    usual = tmp_path / ".agent-delegate" / "profiles.toml"
    for path in (config_path({}), usual):
        path.parent.mkdir(parents=True)
        path.write_text('default_profile = "usual"')
    no = str(tmp_path / "no")
    found = load({"AGENT_DELEGATE_CONFIG": no, "AGENT_DELEGATE_HOME": str(usual.parent)}, tmp_path)
    assert (found.default_profile, found.source) == ("", None)
    assert found.warnings == (f"AGENT_DELEGATE_CONFIG names a file that is not there: {no}",)
    found = load({"AGENT_DELEGATE_HOME": no}, tmp_path)
    assert (found.default_profile, found.source, found.warnings) == ("", None, ())


def test_a_first_file_is_made_where_the_environment_says(tmp_path: Path) -> None:
    theirs = {"AGENT_DELEGATE_HOME": str(tmp_path / "a"), "AGENT_DELEGATE_CONFIG": str(tmp_path / "b.toml")}
    assert new_config_path(theirs, tmp_path) == tmp_path / "b.toml"
    ours = {**theirs, "TUI_DELEGATE_HOME": str(tmp_path / "ours")}
    assert new_config_path(ours, tmp_path) == tmp_path / "ours" / "profiles.toml"
    assert new_config_path({}, tmp_path) == config_path({})


def test_a_named_file_that_is_not_there_is_warned_of(tmp_path: Path) -> None:
    found = load({"TUI_DELEGATE_CONFIG": str(tmp_path / "no.toml")}, tmp_path)
    assert found.warnings == (f"TUI_DELEGATE_CONFIG names a file that is not there: {tmp_path}/no.toml",)


def test_a_folder_in_the_place_of_the_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't be read: Is a directory"):
        load({"TUI_DELEGATE_CONFIG": str(tmp_path)}, tmp_path)


def test_every_limit_has_its_key() -> None:
    assert set(KEYS["limits"]) == set(Limits.__dataclass_fields__)


def test_the_limits_of_a_file_are_those_of_a_run() -> None:
    assert KEYS["limits"] == tuple(one.name for one in fields(Limits))


def test_settings_are_read_without_a_dataclass() -> None:
    script = (
        "import os, sys; from pathlib import Path; from tui_delegate import profiles;"
        "profiles.load(os.environ, Path.home()); print('dataclasses' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
