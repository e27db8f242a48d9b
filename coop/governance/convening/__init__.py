"""Convening: from a notice to its withdrawal, a second meeting and a meeting that was held before."""
