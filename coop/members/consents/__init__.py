"""Purposes for which data of members are used, and what each member said to those that need their consent."""
