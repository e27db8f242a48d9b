"""History of the register: each field that became something else, with who, when, through which door and why."""
