"""The back office that an energy co-operative runs itself on."""
