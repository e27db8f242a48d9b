"""Told moves: what members said of moving, and what became of each; ``moving`` works on them."""
