"""What a caller class sees of the schema: the part that it could ever read or use."""
