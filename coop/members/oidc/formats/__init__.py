"""The provider's own formats, as it answers over HTTPS."""
