"""Parks: who is served, who is not, where the next one goes."""
