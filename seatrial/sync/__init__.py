"""`seatrial sync`: the real engine and real connectors, against real vendors or the running fakes."""
