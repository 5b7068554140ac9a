"""Run by the interpreter of ``.venv-validators``: what ``batterydf`` says of files, as JSON."""

import json
import sys

import bdf

KEPT = ("ok", "missing", "extras", "legacy_labels")

if __name__ == "__main__":
    told = [bdf.validate(name) for name in sys.argv[1:]]
    print(json.dumps([{name: answer[name] for name in KEPT} for answer in told]))
