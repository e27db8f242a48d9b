"""Commands of identity, by what they work on."""
