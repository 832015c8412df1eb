"""Servers to compare with: the least that the same job can cost, and what a team would pick first."""
