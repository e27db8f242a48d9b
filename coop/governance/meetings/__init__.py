"""Meetings with their points, who may vote at them, their notices and their terms."""
