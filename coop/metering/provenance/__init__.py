"""The walk back from a result to the telegrams, and the check that it comes out again."""
