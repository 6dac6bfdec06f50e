"""What a worker's answer is put through and where it is put: fences, differences, files, checks.

Nothing here asks a model, knows a profile or writes to a terminal.
"""
