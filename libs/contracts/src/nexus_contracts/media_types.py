"""Media types (RFC 9110, section 8.3.1): which of them an event may come in, and its data be of."""

from email.message import Message
from functools import lru_cache

_EVENT, _BATCH = "application/cloudevents", "application/cloudevents-batch"
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_LONGEST = 200


class UnsupportedType(ValueError):
    """A media type that is not read; the message says what is, or what to do instead."""


def is_structured(content_type: str | None) -> bool:
    """Whether a message of this type is a whole CloudEvent as JSON. Else it is in binary mode, its content JSON.

    What does not name its type is JSON in binary mode. Raises UnsupportedType.
    """
    if content_type is None:
        return False
    name = _utf8(content_type)
    if name in (_EVENT, f"{_EVENT}+json"):
        return True
    if name.startswith(_BATCH):
        raise UnsupportedType("batches are not supported: send each event by itself")
    if name.startswith(_EVENT):
        raise UnsupportedType(f"the only CloudEvents format that is read is {_EVENT}+json, not {name[:100]}")
    _require_json(name)
    return False


def require_json(content_type: object) -> None:
    """Raises UnsupportedType where data of this `datacontenttype` is not JSON in UTF-8; None stands for JSON."""
    if content_type is None:
        return
    if not isinstance(content_type, str):
        raise UnsupportedType("must be a string")
    _require_json(_utf8(content_type))


def _require_json(name: str) -> None:
    if name != "application/json" and not (name.startswith("application/") and name.endswith("+json")):
        raise UnsupportedType(f"must be application/json or application/...+json, not {name[:100]!r}")


def _utf8(content_type: str) -> str:
    if len(content_type) > _LONGEST:
        raise UnsupportedType(f"must have at most {_LONGEST} characters")
    name, charset = _parsed(content_type)
    if charset not in _CHARSETS:
        raise UnsupportedType(f"must be in UTF-8, not {charset[:100]}")
    return name


@lru_cache(maxsize=64)
def _parsed(content_type: str) -> tuple[str, str]:
    """Type and charset in lower case, other parameters aside."""
    header = Message()
    header["content-type"] = content_type
    charset = header.get_param("charset", "utf-8")
    return header.get_content_type() if content_type.strip() else "", str(charset).strip().lower()
