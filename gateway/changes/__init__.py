"""What changed at the departments: followed by one worker, applied once in effect."""
