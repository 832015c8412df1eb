"""The journal: what happened, in order, sealed, and what is owed because of it."""
