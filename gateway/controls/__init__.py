"""Controls of the audit log: what in it somebody should look at, raised as alarms in the log."""
