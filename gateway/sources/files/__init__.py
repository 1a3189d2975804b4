"""Files of departments: encodings, records, and what is wrong with them."""
