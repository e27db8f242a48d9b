"""Log of who did what in the members service: accounts, roles, the register, imports, particulars and programs."""
