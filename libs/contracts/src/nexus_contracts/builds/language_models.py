"""The language models that a platform may use, and what they cost."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from nexus_contracts.builds.reports import Usage
from nexus_contracts.model import RequestBody

MILLION = 1_000_000
_ANTHROPIC_WRITE = 1.25
"""What Anthropic takes for a token that is written to its cache for five minutes, of the price of other input."""
_USUAL_KEYS = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY"}
Price = Annotated[float, Field(ge=0, le=10_000)]


class LanguageModel(RequestBody):
    """`name` is `provider:model`. Prices are in USD for a million tokens; `cached_usd` None: as other input.

    `cache_write_usd` is for input that a cache is to keep; None: as other input, of Anthropic's models a quarter more.
    `openai` is every address that speaks the OpenAI chat wire. A key is in the environment, under `api_key_env`.
    `answers_by` is what holds it to a form: a tool that it has to call, or a JSON schema that its text has to fit.
    """

    name: str = Field(pattern=r"^(anthropic|bedrock|openai):[^\s]{1,180}$")
    input_usd: Price
    output_usd: Price
    cached_usd: Price | None = None
    cache_write_usd: Price | None = None
    base_url: str | None = Field(default=None, pattern="^https?://")
    api_key_env: str | None = Field(default=None, pattern="^[A-Z][A-Z0-9_]{0,99}$")
    answers_by: Literal["tool", "schema"] = "tool"
    max_output_tokens: int = Field(default=8192, ge=256, le=200_000)

    @property
    def provider(self) -> str:
        return self.name.partition(":")[0]

    @property
    def model(self) -> str:
        """As its provider calls it."""
        return self.name.partition(":")[2]

    def key_in(self, environment: Mapping[str, str]) -> str | None:
        """None where none is needed, as by most addresses of one's own. Raises ValueError where one is missing."""
        variable = self.api_key_env or _USUAL_KEYS.get(self.provider, "")
        key = environment.get(variable, "").strip() or None
        if key is None and not (self.provider == "openai" and self.base_url):
            raise ValueError(f"{self.name} needs a key in the environment variable {variable}")
        return key

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, cache_write_tokens: int = 0) -> float:
        """In USD. Of the input, `cached_tokens` were read from a cache and `cache_write_tokens` written to one."""
        fresh = input_tokens - cached_tokens - cache_write_tokens
        total = fresh * self.input_usd + cached_tokens * self._per_cached + cache_write_tokens * self._per_written
        return round((total + output_tokens * self.output_usd) / MILLION, 9)

    def usage(
        self, input_tokens: int, output_tokens: int, cached_tokens: int = 0, cache_write_tokens: int = 0
    ) -> Usage:
        cached = min(cached_tokens, input_tokens)
        written = min(cache_write_tokens, input_tokens - cached)
        return Usage(
            input_tokens=input_tokens,
            cached_tokens=cached,
            cache_write_tokens=written,
            output_tokens=output_tokens,
            cost_usd=self.cost(input_tokens, output_tokens, cached, written),
        )

    def dearest(self, input_tokens: int, output_tokens: int) -> Usage:
        """An estimate: the most that a call of so many tokens can cost. What is cached its provider decides."""
        written = input_tokens if self._per_written > self.input_usd else 0
        cost = self.cost(input_tokens, output_tokens, cache_write_tokens=written)
        return Usage(input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost, estimated_usd=cost)

    @property
    def prices(self) -> dict[str, float]:
        """By what is charged for, in USD for a million tokens: for who has to add up what calls cost."""
        return {
            "input_usd": self.input_usd,
            "cached_usd": self._per_cached,
            "cache_write_usd": self._per_written,
            "output_usd": self.output_usd,
        }

    @property
    def _per_cached(self) -> float:
        return self.input_usd if self.cached_usd is None else self.cached_usd

    @property
    def _per_written(self) -> float:
        if self.cache_write_usd is not None:
            return self.cache_write_usd
        anthropic = self.provider == "anthropic" or (self.provider == "bedrock" and "anthropic." in self.model)
        return self.input_usd * (_ANTHROPIC_WRITE if anthropic else 1)
