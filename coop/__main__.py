"""``python -m coop`` is ``coop``."""

from coop.operator.cli import main

main()
