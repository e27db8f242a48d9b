"""Tokens of one's own: a member lets a program of theirs, such as one at home, read what is theirs and no more."""
