"""Architecture search: a supernet of every operation on every edge, and how a cell is read off."""
