"""Billing for programs, under ``/billing/api/v1``: one module a noun, with what is sent, what is answered, and the
routes. Money is whole cents incl. VAT, prices and energies are decimals as text.
"""
