"""Factors: the second thing that somebody shows to sign in, an app's code or a passkey, and help when it is lost."""
