"""Shared electricity: keys, the run over quarter-hours, kernels and their explanation."""
