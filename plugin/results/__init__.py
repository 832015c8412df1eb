"""Results at the host's record: how an order becomes a stored resource, exactly once."""
