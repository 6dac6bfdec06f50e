"""The blocks that `install` puts into other tools' instruction files, and the files of ours beside them.

What may not live here: words for a terminal and exit codes (cli), and anything that a model call needs.
"""
