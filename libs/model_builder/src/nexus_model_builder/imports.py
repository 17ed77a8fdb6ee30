"""What a tool's module may import."""

ALLOWED = frozenset(
    {
        *("base64", "binascii", "bisect", "calendar", "collections", "csv", "dataclasses", "datetime", "decimal"),
        *("difflib", "enum", "fractions", "functools", "hashlib", "heapq", "itertools", "json", "math", "operator"),
        *("re", "statistics", "string", "textwrap", "typing", "unicodedata"),
    }
)
