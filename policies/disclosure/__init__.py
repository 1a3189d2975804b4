"""The disclosure clock: how long a record is published and disclosed, by which rule."""
