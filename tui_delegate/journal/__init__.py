"""The journal: one SQLite file that holds sessions, runs, their events, and the ledger of model calls.

Imports nothing by itself: the ledger verb is not to pay for the writer. No event loop, no wire, no wording
for a terminal lives in this room.
"""
