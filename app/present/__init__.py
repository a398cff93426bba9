"""Core values in words, numbers and tones; no Qt, shared by command line and window."""
