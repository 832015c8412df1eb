"""Listening: one file per host turns its signed deliveries into facts. No socket, no clock, no plugin."""
