"""The demonstration: people who do not exist, before a simulated camera, in a gallery for once."""
