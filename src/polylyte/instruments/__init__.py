"""One file per raw format: bytes in, tidy table and metadata out."""
