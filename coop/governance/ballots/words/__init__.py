"""Words that decide beside the votes: the chair's at a tie, and the consent of a body outside the meeting."""
