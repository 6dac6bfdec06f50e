"""Models and servers in the few words that a list has for them. Pure: it draws nothing.

Every text that is given out here is clean, and none of it is markup.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from textual.content import Content

from tui_delegate.core.clean import clean_line
from tui_delegate.core.records import replace
from tui_delegate.core.servers import ModelInfo
from tui_delegate.tui import figures
from tui_delegate.tui.fuzzy import fit
from tui_delegate.tui.widgets.catalog import Column, Line
from tui_delegate.workspace.catalog import Offer

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from tui_delegate.core.choice import Role
    from tui_delegate.core.usage import Price
    from tui_delegate.profiles import Profile
    from tui_delegate.workspace.catalog import Station
    from tui_delegate.workspace.jobs import Job

MODEL_COLUMNS: Final = (
    Column("model"),
    Column("profile", 12),
    Column("state", 13),
    Column("size", 8, 74, right=True),
    Column("window", 7, 62, right=True),
    Column("quant", 12, 96),
    Column("can", 22, 112),
    Column("$/M in · out", 16, 140, right=True),
)
PROFILE_COLUMNS: Final = (
    Column("profile", 18),
    Column("now", 17),
    Column("server", 14),
    Column("usual model"),
    Column("backend", 13, 80),
    Column("", 8, 90),
    Column("address", 36, 120),
)
HEALTH: Final = {
    "asking": ("◌", "asking", "$dim"),
    "up": ("●", "answers", "$ok"),
    "down": ("○", "not running", "$dim"),
    "key": ("○", "needs a key", "$warn"),
    "odd": ("✗", "fails", "$bad"),
}
STATES: Final = {
    "loaded": ("●", "loaded", "$ok"),
    "loading": ("◍", "loading", "$warn"),
    "unloaded": ("○", "not loaded", "$dim"),
    "downloading": ("◍", "downloading", "$warn"),
    "unknown": ("·", "", "$dim"),
}
_BAR: Final = 16
_PULLS: Final = ("ollama", "lmstudio", "llamacpp")


def size_words(size: int | None) -> str:
    """Write a number of bytes as people do; nothing where it is not known or none."""
    if not size:
        return ""
    for unit, name in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} B"


def shown_url(url: str) -> str:
    """Give an address without a name and password that somebody wrote into it."""
    return clean_line(re.sub(r"(?<=://)[^/@]*@", "", url))


def price_words(price: Price | None) -> str:
    """Write what a million tokens cost."""
    if price is None:
        return ""
    if not (price.input or price.output):
        return "free"
    return f"${price.input:g} · ${price.output:g}"


def role_words(role: Role) -> str:
    """Name a role as the screen does."""
    return "manager" if role == "manager" else "workers"


def pick_title(role: Role, now: tuple[str, str]) -> Content:
    """Ask for a model for one of the two roles; `now` is who has it."""
    parts = [
        (f" {role_words(one)} ", "bold reverse" if one == role else "$dim") for one in ("manager", "worker")
    ]
    sits = " / ".join(clean_line(word, 40) for word in now if word)
    return Content.assemble(("Model for  ", "bold"), *parts, (f"   now {sits}" if sits else "", "$dim"))


def once_title(worker: str) -> Content:
    """Ask for a model for one task, which is begun again there; empty where there is no such worker."""
    return Content.assemble((f"Run {clean_line(worker, 60)} once more on  ", "bold") if worker else "")


def pull_title(profile: str) -> Content:
    """Ask for the name of a model to download."""
    return Content.assemble(("Download a model", "bold"), (f" to profile {clean_line(profile)}", "$dim"))


def pull_place(stations: Sequence[Station], wanted: str) -> str:
    """Choose where a download goes: to this profile if its server does that, else to the first that does."""
    able = [one.profiles for one in stations if one.health == "up" and one.kind in _PULLS and one.profiles]
    if not able or any(wanted in names for names in able):
        return wanted
    return able[0][0]


def offer_line(offer: Offer, role: Role, at: tuple[int, ...] = (), *, recent: bool = False, key: str) -> Line:
    """Write a model in a line. `at` are the letters of its name that were searched for."""
    model = offer.model
    name = Content(clean_line(model.id))
    for letter in at:
        if letter < len(name.plain):
            name = name.stylize("$accent bold", letter, letter + 1)
    if role == "manager" and offer.unsure:
        name = Content.assemble(name, (" ?", "$dim"))
    if recent:
        name = Content.assemble(name, ("  recent", "$dim"))
    glyph, word, tone = STATES[model.state]
    state = Content.assemble((glyph, tone), " ", word)
    if offer.blocked:
        state = Content.assemble(("○", "$warn"), " no key")
    elif role == "manager" and offer.not_manager:
        state = Content.assemble(("⊘", "$warn"), " no tools")
    cells = (
        name,
        offer.profile,
        state,
        size_words(model.size),
        figures.count(model.window) if model.window else "",
        f"{model.parameters} {model.quantization}",
        " ".join(can for can in model.capabilities if can != "completion"),
        price_words(offer.price),
    )
    return Line(key, cells, dim=bool(offer.blocked or (role == "manager" and offer.not_manager)))


def at_work(line: Line, job: Job) -> Line:
    """Write how far a job is in the place of its model's state."""
    word = {"load": "loading", "unload": "unloading", "pull": "pulling"}[job.action]
    state = Content.assemble(("◍", "$warn"), f" {word}" if job.percent is None else f" {job.percent} %")
    return replace(line, cells=(*line.cells[:2], state, *line.cells[3:]))


def typed(query: str, known: Container[str], usual: str, listed: Sequence[Offer]) -> Offer | None:
    """Offer a name as it was typed, unless just that is listed. It may name its profile: `profile/model`."""
    profile, slash, model = query.strip().partition("/")
    if not (slash and model and profile in known):
        profile, model = usual, query.strip()
    if not (profile and model) or any((one.profile, one.model.id) == (profile, model) for one in listed):
        return None
    return Offer(profile, ModelInfo(model))


def typed_line(offer: Offer, key: str) -> Line:
    """Write a name that no server lists in a line."""
    return Line(key, (Content.assemble(clean_line(offer.model.id), ("  as typed", "$dim")), offer.profile))


def station_line(station: Station, key: str) -> Line:
    """Write a server that has nothing to offer now in a line."""
    glyph, word, tone = HEALTH[station.health]
    name = shown_url(station.url) or clean_line(station.kind)
    state = Content.assemble((glyph, tone), " ", word)
    return Line(key, (name, station.label, state), dim=True, fixed=True)


def details(offer: Offer, station: Station | None, role: Role) -> Content:
    """Say more about a model in two lines: where it is and what it costs, and what stands against it."""
    model = offer.model
    facts = [
        clean_line(model.id, 300),
        f"profile {clean_line(offer.profile)}",
        clean_line(f"{station.kind} {station.version}".strip()) if station else "",
        shown_url(station.url) if station else "",
        f"{price_words(offer.price)} a million tokens in · out" if offer.price and offer.price.output else "",
    ]
    return Content.assemble(" · ".join(fact for fact in facts if fact), "\n", _against(offer, station, role))


def fitting(query: str, listed: Sequence[Offer], role: Role) -> list[tuple[Offer, tuple[int, ...]]]:
    """Give the models that fit, best first; those that can't be taken for this role last."""
    rows = []
    for number, one in enumerate(listed):
        name = clean_line(one.model.id)
        found = fit(query, f"{name} {one.profile}")
        if found:
            refused = bool(one.blocked or (role == "manager" and one.not_manager))
            score = found.score if query.strip() else 0.0
            rows.append(((refused, -score, number), one, tuple(at for at in found.at if at < len(name))))
    return [(one, at) for _, one, at in sorted(rows, key=lambda row: row[0])]


def job_line(job: Job) -> Content:
    """Write a job that is going on, or how it ended, in a line."""
    words = clean_line(job.words, 300)
    if job.state == "failed":
        return Content.assemble(("✗ ", "$bad"), words)
    if job.state in ("done", "cancelled"):
        return Content.assemble(("✓ ", "$ok") if job.state == "done" else ("■ ", "$warn"), words)
    if job.percent is None:
        status = clean_line(job.step.status, 40)
        return Content.assemble(("◍ ", "$warn"), words, (f"  {status}", "$dim"))
    full = job.percent * _BAR // 100
    bar = ("▰" * full, "$live"), ("▱" * (_BAR - full), "$dim")
    bytes_ = (
        f"  {size_words(job.step.done) or '0 B'} of {size_words(job.step.total)}"
        if job.action == "pull"
        else ""
    )
    return Content.assemble(("◍ ", "$warn"), words, "  ", *bar, f" {job.percent} %", (bytes_, "$dim"))


def _against(offer: Offer, station: Station | None, role: Role) -> Content:
    if offer.blocked:
        hint = clean_line(station.hint) if station else ""
        return Content.assemble((f"{clean_line(offer.blocked)} {hint}", "$warn"))
    if role == "manager" and offer.not_manager:
        return Content.assemble((f"Not as manager: {offer.not_manager}.", "$warn"))
    if role == "manager" and offer.unsure:
        return Content.assemble(("Its server doesn't say what it can do; a manager needs tools.", "$dim"))
    can = [one for one in offer.model.capabilities if one != "completion"]
    return Content.assemble((clean_line(f"can {', '.join(can)}") if can else "", "$dim"))


def check_lines(rows: Sequence[tuple[str, bool, str]]) -> Content:
    """Write how a try of a profile went, a line for each thing that was tried."""
    lines = [
        Content.assemble(("✓ ", "$ok") if well else ("✗ ", "$bad"), f"{what}: {clean_line(detail, 300)}")
        for what, well, detail in rows
    ]
    return Content("\n").join(lines)


def profile_line(profile: Profile, station: Station | None, roles: Sequence[Role], *, written: bool) -> Line:
    """Write a profile in a line."""
    glyph, word, tone = HEALTH[station.health if station else "asking"]
    now = Content.assemble((" + ".join(role_words(role) for role in roles), "$accent bold"))
    several = f" +{len(profile.urls) - 1}" if len(profile.urls) > 1 else ""
    cells = (
        profile.name,
        now,
        Content.assemble((glyph, tone), " ", word),
        profile.default_model or "whichever is loaded",
        profile.backend or "?",
        "yours" if written else "built in",
        shown_url(profile.base_url) + several,
    )
    return Line(profile.name, cells)


def profile_details(profile: Profile, station: Station | None, key: str) -> Content:
    """Say more about a profile: where it is, where its key comes from (never the key), what is wrong."""
    facts = [
        *(shown_url(url) for url in profile.urls),
        f"key: {clean_line(key)}" if key else "",
        f"headers: {', '.join(clean_line(name) for name, _ in profile.extra_headers)}"
        if profile.extra_headers
        else "",
        f"goes on to {', '.join(clean_line(one) for one in profile.fallback)}" if profile.fallback else "",
    ]
    first = " · ".join(fact for fact in facts if fact)
    wrong = clean_line(f"{station.words} {station.hint}") if station else ""
    return Content.assemble(first, "\n" if wrong else "", (wrong, "$warn"))
