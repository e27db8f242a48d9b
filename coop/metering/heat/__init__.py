"""Heat by the difference of cumulative readings: breaks, degree days, the plant."""
