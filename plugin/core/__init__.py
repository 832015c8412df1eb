"""The call as a pure fold: no clock, no randomness, no input or output."""
