"""Adapters in a process of their own: the same contract, over a pipe that trusts nothing."""
