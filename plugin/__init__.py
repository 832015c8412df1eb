"""Fermata: small rituals of a good therapeutic relationship, inside the video call."""

__version__ = "0.1.0"
