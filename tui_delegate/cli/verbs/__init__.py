"""One file a verb, each with `HELP`, `add_arguments(parser)` and `run(args) -> exit code`.

A verb imports what it needs when it runs, never at the top: start-up is most of what a short verb costs.
"""
