"""The screens: each puts widgets together and turns their messages into commands."""
