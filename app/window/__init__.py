"""The pages of the window and what they ask of the rest of the program."""
