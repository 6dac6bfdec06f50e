"""Files, folders and globs, made into bounded context. What a worker does with it is not known here.

Imports nothing by itself: a verb that sends a few files is not to pay for the shelf of a conversation.
"""
