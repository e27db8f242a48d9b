"""Kinds of decision, a module each: ``coop.governance.kinds`` finds them here and says what one may hold."""
