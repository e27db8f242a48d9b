"""Commands on second factors: enrol and remove one's own, show one to sign in, and take off one that was lost."""
