"""The statutes as people read, fill in and change them."""
