"""The API of governance: bodies, answers and routes."""
