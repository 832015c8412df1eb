"""HTTP: deliveries in, tokens out, and the files that a host's page needs."""
