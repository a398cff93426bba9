"""The only training loop, and what it needs: gradients, state, order of work."""
