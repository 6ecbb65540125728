"""Training: the loop, its trainers, its logs and progress, and the callbacks."""
