"""Who may act on grants and consents, and the clocks and limits of both, as data."""
