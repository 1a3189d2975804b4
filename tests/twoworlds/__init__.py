"""Two worlds: cities that differ only in what a caller may not see must be answered alike."""
