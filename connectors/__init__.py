"""Real clients of the vendors, and the engine that moves orders through them."""
