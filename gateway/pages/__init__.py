"""Pages for firms: what is held about them, their consents, and the decision about a new one."""
