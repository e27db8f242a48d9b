"""Pages of second factors: the second step of a sign-in, the own factors, and help for who lost theirs."""
