"""Values, events and ports: what every other room of the house speaks in.

Nothing here does I/O, reads a clock or knows an event loop.
"""
