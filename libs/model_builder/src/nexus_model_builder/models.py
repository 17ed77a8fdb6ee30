"""The configured models, as clients of their providers. Importing a provider's library takes seconds."""

import os
from typing import TYPE_CHECKING, Protocol

from nexus_contracts.builds.language_models import LanguageModel

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Models(Protocol):
    def made(self, offer: LanguageModel) -> "Model":
        """The client for the model; blocks while a library is imported. Raises ValueError if a key is missing."""
        ...

    async def close(self) -> None: ...


class ProviderModels:
    """Makes each client once and keeps it."""

    def __init__(self) -> None:
        self._made: dict[LanguageModel, Model] = {}

    def made(self, offer: LanguageModel) -> "Model":
        if offer not in self._made:
            self._made[offer] = _model(offer)
        return self._made[offer]

    async def close(self) -> None:
        """Closes the connections of all clients."""
        for model in self._made.values():
            async with model:  # left, it closes what it has made
                pass
        self._made.clear()


def _model(offer: LanguageModel) -> "Model":
    name = offer.model
    match offer.provider:
        case "anthropic":
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            key = offer.key_in(os.environ)
            return AnthropicModel(name, provider=AnthropicProvider(api_key=key, base_url=offer.base_url))
        case "bedrock":
            from pydantic_ai.models.bedrock import BedrockConverseModel
            from pydantic_ai.providers.bedrock import BedrockProvider

            region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
            return BedrockConverseModel(name, provider=BedrockProvider(base_url=offer.base_url, region_name=region))
        case _:
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.openai import OpenAIProvider

            # The client wants a key that is not empty, also where none is needed.
            key = offer.key_in(os.environ) or "none"
            return OpenAIChatModel(name, provider=OpenAIProvider(api_key=key, base_url=offer.base_url))
