"""What ``coop doctor`` looks at: a small function a check, that yields what is wrong and what to do about it."""
