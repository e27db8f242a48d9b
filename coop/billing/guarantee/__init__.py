"""The guarantee: how a ceiling follows from gas bills, index and year."""
