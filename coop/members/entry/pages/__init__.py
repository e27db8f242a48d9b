"""Pages of the register kept by hand."""
