"""Benchmarks: `python -m tests.bench`. Each figure stands beside its floor, measured in the same rounds.

Never part of the timed suite. The floor of a job is the best hand-written code for it, not a weak one.
"""
