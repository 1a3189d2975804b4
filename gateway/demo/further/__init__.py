"""Departments of the demonstration that keep their data elsewhere than in PostgreSQL."""
