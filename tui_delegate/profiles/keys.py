"""The tables of a profiles file: which keys each has, and the value that each table becomes.

Finding and reading the file is `read`'s; what one kind of value may be is `table`'s.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from tui_delegate.profiles.builtin import USUAL_KEY_ENV, USUAL_URL
from tui_delegate.profiles.table import nearest
from tui_delegate.profiles.values import Profile, Roles, TeamSpec, ToolRule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tui_delegate.core.limits import Limits
    from tui_delegate.core.specs import AgentSpec, Think
    from tui_delegate.core.usage import Price
    from tui_delegate.profiles.table import Table
    from tui_delegate.profiles.values import Approval

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("default_profile", "profiles", "roles", "limits", "agents", "teams", "tools"),
    "profiles": (
        "backend",
        "base_url",
        "base_urls",
        "default_model",
        "api_key",
        "api_key_env",
        "extra_headers",
        "timeout",
        "temperature",
        "max_parallel",
        "price",
        "fallback",
        "num_ctx",
        "keep_alive",
        "think",
        "instructions",
    ),
    "price": ("input", "cached", "output"),
    "roles": ("manager", "worker"),
    "limits": (
        "depth",
        "max_uses",
        "max_tasks",
        "max_parallel",
        "max_steps",
        "tokens",
        "cost",
        "seconds",
        "nested",
    ),
    "agents": (
        "profile",
        "model",
        "description",
        "instructions",
        "temperature",
        "max_tokens",
        "think",
        "delegates",
    ),
    "teams": ("description", "planner", "synthesizer", "workers", "max_parallel"),
    "tools": ("enabled", "approval"),
}
"""Every known key, by table; `""` is the top of the file."""

LEVELS: Final = ("low", "medium", "high")
APPROVALS: Final = ("ask", "allow", "deny")

_ENV_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,127}"
_IS_A_KEY = (
    r"(?:[spr]k[-_]|gh[pousr]_|github_pat_|glpat|hf_|gsk_|xai|AKIA|AIza|xox[abp]|eyJ|nvapi)"
    r"(?!.*(?:KEY|TOKEN))"
)
_HEADER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_DURATION = r"-?\d+(?:\.\d+)?|-?(?:\d+(?:\.\d+)?(?:ms|s|m|h))+"
_ENDPOINT = r"/(?:(?:chat/)?completions|messages|embeddings|models|api/(?:chat|generate|tags))$"


def profile(table: Table, name: str, environ_url: str = "") -> Profile:
    """Make a profile of its table. What is missing or unknown is found when it is selected."""
    backend = table.text("backend")
    urls = _urls(table)
    written = _url(table, "base_url", table.text("base_url"))
    usual = environ_url or USUAL_URL.get(backend, "")
    key_env = _key_env(table)
    if not (written or urls or key_env or table.text("api_key")):
        key_env = USUAL_KEY_ENV.get(backend, "")
    return Profile(
        name,
        backend,
        written or (urls[0] if urls else usual),
        table.text("default_model"),
        _secret(table, "api_key"),
        key_env,
        _headers(table),
        table.number("timeout", zero=False),
        table.number("temperature", zero=True),
        table.whole("max_parallel", 1),
        urls,
        _price(table),
        table.texts("fallback"),
        table.whole("num_ctx", 1),
        _keep_alive(table),
        _think(table),
        table.text("instructions", multiline=True),
    )


def roles(table: Table) -> Roles:
    """Make the roles of their table."""
    return Roles(table.text("manager"), table.text("worker"))


def limits(table: Table) -> Limits:
    """Make the limits of their table, over the usual ones."""
    from tui_delegate.core.limits import Limits

    usual = Limits()
    return Limits(
        table.whole("depth", 1) or usual.depth,
        _or(table.whole("max_uses", 0), usual.max_uses),
        _or(table.whole("max_tasks", 0), usual.max_tasks),
        table.whole("max_parallel", 1) or usual.max_parallel,
        table.whole("max_steps", 1) or usual.max_steps,
        table.whole("tokens", 1),
        table.number("cost", zero=True),
        table.number("seconds", zero=False),
        table.flag("nested", usual.nested),
    )


def agent(table: Table, name: str) -> AgentSpec:
    """Make an agent of its table."""
    from tui_delegate.core.specs import AgentSpec

    return AgentSpec(
        name,
        table.text("profile"),
        table.text("model"),
        table.text("description", multiline=True),
        table.text("instructions", multiline=True),
        table.number("temperature", zero=True),
        table.whole("max_tokens", 1),
        _think(table),
    )


def delegates(table: Table, name: str, agents: Mapping[str, AgentSpec]) -> tuple[str, ...]:
    """Give the agents that an agent may hand work to: others that are there, never itself."""
    found = table.texts("delegates")
    if name in found:
        table.refuse("delegates", "an agent can't delegate to itself")
    for other in found:
        if other not in agents:
            table.refuse("delegates", f"names an agent that is not there. {nearest(other, agents)}")
    return found


def team(table: Table, name: str) -> TeamSpec:
    """Make a team of its table."""
    return TeamSpec(
        name,
        table.text("description", multiline=True),
        table.text("planner"),
        table.text("synthesizer"),
        table.texts("workers"),
        table.whole("max_parallel", 1),
    )


def tool(table: Table, name: str) -> ToolRule:
    """Make a tool's rule of its table."""
    approval = table.choice("approval", APPROVALS, "ask")
    return ToolRule(name, table.flag("enabled", True), cast("Approval", approval))


def _or(value: int | None, usual: int) -> int:
    return usual if value is None else value


def _urls(table: Table) -> tuple[str, ...]:
    return tuple(_url(table, "base_urls", url) for url in table.texts("base_urls"))


def _url(table: Table, key: str, url: str) -> str:
    """Check an address; take the path of one request off it, as people copy it from documentation."""
    if not url or url in USUAL_URL.values():
        return url
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or "\\" in url or any(letter.isspace() for letter in url):
        table.refuse(key, "must be an address that begins with http:// or https://")
    if "@" in parts.netloc:
        table.refuse(key, "must not hold a user name or password", "Put the key into api_key_env.")
    if parts.query or parts.fragment:
        table.refuse(key, "must not hold a ? or a #")
    path = parts.path.rstrip("/")
    short = re.sub(_ENDPOINT, "", path)
    if short != path:
        table.source.warnings.append(
            f"{table.source.file}: [{table.name}] {key}: names one request; only what is before it is used"
        )
    return f"{parts.scheme}://{parts.netloc}{short}"


def _key_env(table: Table) -> str:
    name = table.text("api_key_env")
    if name and (not re.fullmatch(_ENV_NAME, name) or re.match(_IS_A_KEY, name)):
        table.refuse("api_key_env", "must be the name of an environment variable, not the key")
    return name


def _secret(table: Table, key: str) -> str:
    secret = table.text(key)
    if not secret.isascii():
        table.refuse(key, "holds a character that no key has")
    return secret


def _headers(table: Table) -> tuple[tuple[str, str], ...]:
    headers = table.mapping("extra_headers")
    inner = type(table)(table.source, f"{table.name}.extra_headers", headers, tuple(headers))
    found = []
    for name in headers:
        if not re.fullmatch(_HEADER, name):
            inner.refuse(name, "is not the name of a header")
        found.append((name, _secret(inner, name)))
    return tuple(found)


def _price(table: Table) -> Price | None:
    if "price" not in table.values:
        return None
    inner = table.table("price", KEYS["price"])
    cost, output = inner.number("input", zero=True), inner.number("output", zero=True)
    if cost is None or output is None:
        table.refuse("price", "needs input and output, in dollars per million tokens")
    from tui_delegate.core.usage import Price

    return Price(cost, output, inner.number("cached", zero=True))


def _keep_alive(table: Table) -> str | int | float | None:
    value = table.values.get("keep_alive")
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(_DURATION, value.strip()):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
        table.refuse("keep_alive", "must be a time such as '10m', or a number of seconds (-1: for ever)")
    return value


def _think(table: Table) -> Think:
    value = table.values.get("think")
    if value is None or isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in LEVELS:
        table.refuse("think", f"must be true, false or one of {', '.join(LEVELS)}")
    return value
