"""W3C Trace Context, section 3.2: the header `traceparent`."""

import re

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)
_SAMPLED = 1


def trace_context(received: object) -> str | None:
    """The trace and span that `received` names, in the form of version 00; None where it names none.

    A higher version may have more fields and flags, which nobody can know today: its first three are what they were,
    and of its flags the one for "sampled".
    """
    match = _FORM.fullmatch(received) if isinstance(received, str) else None
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == "ff" or not trace_id.strip("0") or not span_id.strip("0"):
        return None
    if version == "00":
        return None if more else match[0]
    return f"00-{trace_id}-{span_id}-{int(flags, 16) & _SAMPLED:02x}"
