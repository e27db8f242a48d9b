from coop.kit.database import new_metadata
from coop.kit.journal import add_kit_tables

metadata = new_metadata()
add_kit_tables(metadata)
