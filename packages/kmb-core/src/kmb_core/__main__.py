"""`python -m kmb_core`: the `kmb` command, where its script is not on the path."""

import sys

from kmb_core.cli import main

sys.exit(main())
