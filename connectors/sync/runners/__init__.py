"""What makes the passes go. A runner holds nothing that matters: it may be killed at any moment."""
