"""Servers that are measured beside the gateway; each is a program of its own."""
