"""The providers, by the name that NEXUS_INFRA chooses."""

from collections.abc import Callable

from nexus_devstack.errors import StackError
from nexus_devstack.providers.docker.provider import DockerProvider
from nexus_devstack.providers.embedded import EmbeddedProvider
from nexus_devstack.providers.external import ExternalProvider
from nexus_devstack.providers.jvm.provider import JvmProvider
from nexus_devstack.providers.provider import Provider, Site
from nexus_devstack.settings import Settings

PROVIDERS: dict[str, Callable[[Settings, Site], Provider]] = {
    "embedded": EmbeddedProvider,
    "external": ExternalProvider,
    "jvm": JvmProvider,
    "docker": DockerProvider,
}


def chosen_provider(settings: Settings, site: Site) -> Provider:
    """The provider that the settings name. Raises StackError if there is none of that name."""
    if settings.infra not in PROVIDERS:
        raise StackError(f"NEXUS_INFRA={settings.infra} does not exist; choose one of: {', '.join(PROVIDERS)}")
    return PROVIDERS[settings.infra](settings, site)
