"""The delegation engine: from a prompt to one ordered stream of events.

Turns, delegations, limits and commands live here. It reaches models, files and the journal through the
ports of core, and knows no wire, no disk, no screen.
"""
