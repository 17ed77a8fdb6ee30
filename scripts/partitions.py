"""Lets a service continue with a partition that it has halted. What its readiness says names the arguments.

`.venv/bin/python scripts/partitions.py skip URL TOPIC PARTITION OFFSET` passes over a batch that cannot be read,
`... resume URL TOPIC PARTITION` continues where the limit of dead letters was reached. URL is the service's own. Where
the services have an IDENTITY_SECRET it is needed in the environment here, too.
"""

import argparse
import json
import os
import urllib.error
import urllib.request
from urllib.parse import urlsplit

from pydantic import SecretStr

from nexus_contracts.principal import PLATFORM
from nexus_runtime.process.caller import Trust


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Go on with a partition that is halted.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    skip = verbs.add_parser("skip", help="go on after a batch that cannot be read; its records are lost")
    resume = verbs.add_parser("resume", help="go on where the limit of dead letters was reached; nothing is lost")
    for verb in (skip, resume):
        verb.add_argument("url", help="of the service that has the partition, such as http://127.0.0.1:8001")
        verb.add_argument("topic")
        verb.add_argument("partition", type=int)
    skip.add_argument("offset", type=int, help="where the partition is halted")
    return parser.parse_args()


def main() -> None:
    chosen = vars(_arguments())
    verb, url = chosen.pop("verb"), chosen.pop("url")
    whole = f"{url.rstrip('/')}/internal/{verb}"
    secret = os.environ.get("IDENTITY_SECRET")
    signed = Trust(SecretStr(secret) if secret else None).header(PLATFORM, "POST", urlsplit(whole).path)
    headers = {"content-type": "application/json", **signed}
    request = urllib.request.Request(whole, json.dumps(chosen).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            print(f"the service reads on at offset {json.load(answer)['resumed_at']}")
    except urllib.error.HTTPError as error:
        raise SystemExit(f"error: {json.load(error)['error']['message']}") from None
    except OSError as error:
        raise SystemExit(f"error: {url} does not answer: {error}") from None


if __name__ == "__main__":
    main()
