"""Messages to members and holders of accounts: mail through the queue, letters that somebody posts, the proof."""
