"""The release of coop that runs here, as the installed package names it."""

from __future__ import annotations

from importlib.metadata import version

DISTRIBUTION = "coop-backoffice"
"""Name on the package index; the command and the package that is imported are called ``coop``."""

VERSION = version(DISTRIBUTION)
