"""`python -m exporter` is the command northflank-backup-exporter."""

import sys

from exporter.cli import main

sys.exit(main())
