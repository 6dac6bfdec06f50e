"""The screen: folds events into transcripts and shows them. No engine logic and no wire may live here."""
