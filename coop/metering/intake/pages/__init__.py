"""Pages of what comes in: files, gateways, meters and their exchange, withdrawals."""
