"""Scoring candidate sample units against fixed references: indicators, weights, ranks, gates."""
