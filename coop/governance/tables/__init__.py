"""Tables of governance, their common columns and the guards in the database."""
