"""Benchmarks: the running product beside its floors and peers, round by round. ``make bench``, ``make soak``."""
