"""Everything about faces that runs without Qt, torch or a terminal."""
