"""Statutes as data, and what follows from them: whether a decision stands, who may vote, until when, who is elected.

``model`` holds the articles, ``law`` what applies where they are silent, and each other module one question. Every
answer is a ``Ruling``, which names the article that decides.
"""
