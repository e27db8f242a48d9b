"""Pages of messages: what waits and failed, letters to print, kinds and their words, and one's own."""
