"""Which part of the current the lithium ions carry."""
