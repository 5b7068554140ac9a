"""A run goes out as a crate and comes back: bit-equal tables, digests, validators, no half crate.

Where the validators are installed (``rocrate``, ``rocrate_validator``, ``frictionless``, ``bdf``)
they judge; the structure is tested here in any case.
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import os
import shutil
import warnings
import zipfile
from pathlib import Path
from urllib.parse import unquote

import polars as pl
import pytest

from polylyte.cli import main
from polylyte.core.encoding import quantity_from_json
from polylyte.core.errors import InputError, MachineError
from polylyte.core.execution import InProcess
from polylyte.core.session import from_store, open_store, run_study
from polylyte.core.study import load
from polylyte.core.tables import Table
from polylyte.report.export import Exported, crate, export
from polylyte.report.export import bdf as bdf_format
from polylyte.report.export import surroundings

STUDY = """
[study]
title = "Two numbers & a line"
description = "Straight lines, from a file and from the one before."
authors = ["A. Author (0000-0002-1825-0097)", "B. Author"]
licence = "CC-BY-4.0"

[step.line]
method = "table.line"
"""
