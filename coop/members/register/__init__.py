"""The register itself: members, their contact data, and the end of a membership."""
