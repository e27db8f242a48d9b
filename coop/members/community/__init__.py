"""The co-operative's own particulars, logo and choices, as its board sees and changes them."""
