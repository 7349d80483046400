"""The command line with little time for other processes: `python hasty.py SECONDS COMMAND…`."""

import sys
from datetime import timedelta

from copyist import devices
from copyist.cli.app import main

if __name__ == "__main__":
    devices.PROCESS_TIMEOUT = timedelta(seconds=float(sys.argv.pop(1)))
    main()
