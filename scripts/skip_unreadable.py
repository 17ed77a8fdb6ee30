"""Lets a service go on after a batch of records that cannot be read. What its readiness says names the arguments.

`.venv/bin/python scripts/skip_unreadable.py URL TOPIC PARTITION OFFSET`; URL is the service's own, as http://127.0.0.1:8001.
"""

import argparse
import json
import urllib.error
import urllib.request


def main() -> None:
    parser = argparse.ArgumentParser(description="Go on after a batch that cannot be read; its records are lost.")
    parser.add_argument("url", help="of the service that has the partition, such as http://127.0.0.1:8001")
    parser.add_argument("topic")
    parser.add_argument("partition", type=int)
    parser.add_argument("offset", type=int, help="where the partition is halted")
    chosen = parser.parse_args()
    place = {"topic": chosen.topic, "partition": chosen.partition, "offset": chosen.offset}
    request = urllib.request.Request(
        f"{chosen.url.rstrip('/')}/internal/skip", json.dumps(place).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            print(f"skipped; the service reads on at offset {json.load(answer)['resumed_at']}")
    except urllib.error.HTTPError as error:
        raise SystemExit(f"error: {json.load(error)['error']['message']}") from None
    except OSError as error:
        raise SystemExit(f"error: {chosen.url} does not answer: {error}") from None


if __name__ == "__main__":
    main()
