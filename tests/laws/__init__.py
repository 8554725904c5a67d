"""Laws: true of every vendor there is, and of an invented one that has what no real one has yet."""
