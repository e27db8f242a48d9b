"""Keeping an installation: backup, restore, doctor, and the change of its secrets.

A backup is one point in time over all services: none has heard a fact that its teller's part of the backup lacks
(``snapshot``). It is a tar of tables in the text format of PostgreSQL's COPY (``lines``, ``dumping``), the same from
both databases and for both (``loading``), written piece by piece (``archive``) and encrypted if asked (``sealing``).
"""
