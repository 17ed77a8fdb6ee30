"""Entity tags, with which callers name the versions that they know (RFC 9110, sections 8.8.3 and 13)."""

import re

_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*")
_ONE = re.compile(_TAG)
ANY = "*"


def entity_tags(text: str) -> list[str] | None:
    """The tags of a list, those in W/ as they are; ['*'] for any tag at all; None for what is not such a list."""
    if text.strip(" \t") == ANY:
        return [ANY]
    return _ONE.findall(text) if _LIST.fullmatch(text) else None


def names_tag(if_none_match: str | None, etag: str) -> bool:
    """Whether the caller has this version (weak comparison); a malformed list says nothing."""
    known = (entity_tags(if_none_match) or []) if if_none_match is not None else []
    return known == [ANY] or etag.removeprefix("W/") in {tag.removeprefix("W/") for tag in known}
