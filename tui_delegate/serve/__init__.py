"""The faces that programs talk to over a protocol of theirs, not over a command line.

Like the screen they stand on the workspace and draw nothing; they know neither the screen nor the verbs.
"""
