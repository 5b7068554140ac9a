"""Ion transport from measurements: conductivity and its activation."""
