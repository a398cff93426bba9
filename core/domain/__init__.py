"""Frozen records: what a frame, a face, a template and a decision are."""
