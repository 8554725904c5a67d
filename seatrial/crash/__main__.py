"""`python -m seatrial.crash`: the same as `seatrial crash`."""

import sys

from seatrial import cli

if __name__ == "__main__":
    sys.argv[:1] = ["seatrial", "crash"]
    cli.main()
