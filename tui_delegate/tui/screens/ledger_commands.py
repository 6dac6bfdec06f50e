"""What a person can do in the ledger: its commands. What they do is the screen's."""

from __future__ import annotations

from typing import Final

from tui_delegate.tui.commands import Command

COMMANDS: Final = (
    Command("ledger.run", "Ledger: this run", "Show the calls of the run that was on the screen.", "r"),
    Command("ledger.session", "Ledger: this session", "Show the calls of this session.", "s"),
    Command("ledger.today", "Ledger: today", "Show all calls since midnight.", "t"),
    Command("ledger.all", "Ledger: everything", "Show all calls that the journal has.", "a"),
    Command(
        "ledger.filter",
        "Ledger: filter by typing",
        "Show only calls that hold these words.",
        "slash",
        label="filter",
    ),
    Command(
        "ledger.group",
        "Ledger: group",
        "Sum up by agent, profile, model, run, day or delegation, one after the other.",
        "g",
        label="group",
    ),
    Command("ledger.ungroup", "Ledger: group by what was before", "One step back through the groups.", "G"),
    Command(
        "ledger.sort", "Ledger: sort by the next column", "A click on a head sorts too.", "o", label="sort"
    ),
    Command("ledger.reverse", "Ledger: sort the other way round", "Largest first, or smallest.", "O"),
    Command(
        "ledger.columns",
        "Ledger: choose columns",
        "Which are shown, and in what order.",
        "c",
        label="columns",
    ),
    Command(
        "ledger.export", "Ledger: export", "Write these calls to a CSV or JSONL file.", "x", label="export"
    ),
    Command(
        "ledger.plots",
        "Ledger: plots",
        "Tokens, cost and speed over time, or the table again.",
        "p",
        label="plots",
    ),
    Command(
        "ledger.open",
        "Ledger: open the row",
        "All figures of a call; the calls of a group.",
        "enter",
        label="open",
    ),
    Command(
        "ledger.close",
        "Ledger: one step back",
        "Out of the plots, the filter, a group; then out of the ledger.",
        "escape",
        label="back",
    ),
    Command("ledger.quit", "Ledger: close", "Back to the conversation.", "q"),
)
