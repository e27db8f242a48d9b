"""Programs: which may come in with a token, what each may do, and for which meters a gateway speaks."""
