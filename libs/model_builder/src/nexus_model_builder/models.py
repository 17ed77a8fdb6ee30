"""The configured models, as clients of their providers. Importing a provider's library takes seconds."""

import os
from typing import TYPE_CHECKING, Any, Protocol

from nexus_contracts.builds.language_models import LanguageModel

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Models(Protocol):
    def made(self, offer: LanguageModel) -> "Model":
        """The client for the model; blocks while a library is imported. Raises ValueError if a key is missing."""
        ...

    async def close(self) -> None: ...


class ProviderModels:
    """Makes each client once and keeps it. `seconds` is the time of one call where a library blocks a thread for it."""

    def __init__(self, seconds: float = 180.0) -> None:
        self._seconds = seconds
        self._made: dict[LanguageModel, Model] = {}

    def made(self, offer: LanguageModel) -> "Model":
        if offer not in self._made:
            self._made[offer] = _model(offer, self._seconds)
        return self._made[offer]

    async def close(self) -> None:
        """Closes the connections of all clients."""
        for model in self._made.values():
            async with model:  # left, it closes what it has made
                pass
        self._made.clear()


def _model(offer: LanguageModel, seconds: float) -> "Model":
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

            return BedrockConverseModel(name, provider=BedrockProvider(bedrock_client=_bedrock(offer, seconds)))
        case _:
            from pydantic_ai.models.openai import OpenAIChatModel
            from pydantic_ai.providers.openai import OpenAIProvider

            # The client wants a key that is not empty, also where none is needed.
            key = offer.key_in(os.environ) or "none"
            return OpenAIChatModel(name, provider=OpenAIProvider(api_key=key, base_url=offer.base_url))


def _bedrock(offer: LanguageModel, seconds: float) -> Any:
    """A client that sends each request once: the caller repeats, and one that has timed out may have been paid."""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    config = Config(retries={"total_max_attempts": 1}, read_timeout=seconds, connect_timeout=min(seconds, 60.0))
    try:
        session: Any = boto3.Session(region_name=region)
        known = os.environ.get("AWS_BEARER_TOKEN_BEDROCK") or session.get_credentials()
        client: Any = session.client("bedrock-runtime", endpoint_url=offer.base_url, config=config)
    except BotoCoreError as error:
        raise ValueError(f"{offer.name}: {error}") from None
    if not known:
        raise ValueError(f"{offer.name} needs credentials of AWS")
    return client
