"""Scenarios: stories as data, played through the real doors of an installation of their own, at a time that is set.

``coop scenario FILE...`` plays each file in a temporary folder, or on PostgreSQL with ``--database``, and ends with the
first difference between what was expected and what came. The clock that a scenario sets exists nowhere else: no
installation that serves people can be given one.
"""
