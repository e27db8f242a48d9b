"""Contracts: what a member signed for a connection, with the gas bills behind Niet Meer Dan Nu."""
