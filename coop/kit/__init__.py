"""Mechanisms that know no word of the field: journal, inbox, bus, database, settings, sign-in, jobs."""
