"""`python -m kmb_core.cli`."""

import sys

from kmb_core.cli import main

sys.exit(main())
