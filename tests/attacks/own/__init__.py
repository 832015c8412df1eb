"""Attacks that make sense on one host only, in a module of its name."""
