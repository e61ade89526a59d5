"""What every adapter must hold, and probes that prove it."""
