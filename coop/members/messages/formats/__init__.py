"""Forms in which a message leaves: a mail, and a letter on paper."""
