"""Threads, wake-ups and pictures between the core and Qt; nothing here paints."""
