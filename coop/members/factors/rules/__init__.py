"""Rules of second factors: codes, passkeys, and how many tries there are."""
