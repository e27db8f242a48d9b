"""Terms: tariffs, law by day, figures and contracts as they bind a day."""
