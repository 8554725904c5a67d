"""The machine under every fake. It knows no vendor by name."""
