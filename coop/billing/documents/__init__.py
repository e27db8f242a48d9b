"""The bill on paper: its contents from an issued bill, and the file that is made of them."""
