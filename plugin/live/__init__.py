"""The wire to browsers."""
