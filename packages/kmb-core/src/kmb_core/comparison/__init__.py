"""A model on several backends side by side: where their outputs part, and which of them is the fastest."""
