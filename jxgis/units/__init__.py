"""Units of 2–5 km²: proposing, judging, verifying and comparing them."""
