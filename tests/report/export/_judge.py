"""Run by the interpreter of ``.venv-validators``: what ``roc-validator`` says of a crate, as JSON.

``python _judge.py CRATE PROFILE``. It has no network: of the two contexts that it asks for, one
is among the terms that ``rocrate`` brings, and the other is one term here.
"""

import json
import sys
from pathlib import Path

import rocrate
from rocrate_validator.utils import http

RUN = "https://w3id.org/ro/terms/workflow-run"
BROUGHT = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
KNOWN = {
    "https://w3id.org/ro/crate/1.1/context": json.loads(BROUGHT.read_text("utf-8")),
    f"{RUN}/context": {"@context": {"sha256": f"{RUN}#sha256"}},
}


class Answer:
    status_code = 200
    headers = {"Content-Type": "application/ld+json"}  # noqa: RUF012

    def __init__(self, url):
        self.content = KNOWN[url]

    def json(self):
        return self.content


def main(crate, profile):
    http.HttpRequester.get = lambda self, url, **_: Answer(url)
    from rocrate_validator import models, services

    result = services.validate(
        services.ValidationSettings(
            rocrate_uri=crate,
            profile_identifier=profile,
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
        )
    )
    issues = [issue.message for issue in result.get_issues()]
    print(json.dumps({"passed": bool(result.passed()), "issues": issues}))


if __name__ == "__main__":
    main(*sys.argv[1:])
