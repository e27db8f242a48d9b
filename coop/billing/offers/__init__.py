"""Offers to somebody who is no member yet."""
