"""Measures of the whole product, each run by ``python -m benchmarks.<name>``; ``make bench`` runs them all."""
