"""Days of readings: packed, merged, kept, taken apart again, and what of them is missing."""
