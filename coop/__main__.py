"""``python -m coop`` is ``coop``."""

from coop.cli import main

main()
