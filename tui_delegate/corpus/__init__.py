"""Files, folders and globs, made into bounded context. What a worker does with it is not known here."""

from tui_delegate.corpus.gather import expand
from tui_delegate.corpus.mentions import find_mentions, from_prompt
from tui_delegate.corpus.shelf import CorpusShelf
from tui_delegate.corpus.values import Bounds, Corpus, LeftOut, Shelved

__all__ = ["Bounds", "Corpus", "CorpusShelf", "LeftOut", "Shelved", "expand", "find_mentions", "from_prompt"]
