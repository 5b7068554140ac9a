"""``python -m polylyte`` is ``polylyte``."""

import sys

from polylyte.cli import main

sys.exit(main())
