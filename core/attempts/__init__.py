"""State machines that turn a run of frames into one answer."""
