"""Metering for programs, under ``/metering/api/v1``: one module a noun, with what is sent, what is answered, and the
routes.

Endpoints run in threads, and a body is decoded before its transaction opens.
"""
