"""Lists of seriously dishonest and of trustworthy subjects: entry, objection, exit."""
