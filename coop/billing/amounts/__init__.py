"""Monthly amounts and forecasts: what a year is expected to cost, and what is asked for it."""
