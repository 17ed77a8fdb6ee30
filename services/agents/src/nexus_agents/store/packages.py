"""Which packages a tenant has: those that were uploaded and those that were deployed. Their content is a blob."""

from nexus_agents.domain.package import UploadedPackage, package_id_of, package_not_found
from nexus_agents.tables import PACKAGES
from nexus_runtime.dynamo import Database, Put
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Change, Saved, States

PACKAGE = Form(UploadedPackage)


class PackageStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._states = States(PACKAGES, PACKAGE)

    async def load(self, package_id: str) -> UploadedPackage | None:
        return await self._states.load(self._database, package_id)

    async def own(self, package_id: str, tenant: str) -> UploadedPackage:
        """The tenant's package. Raises NotFound."""
        package = await self.load(package_id)
        if package is None or package.tenant != tenant:
            raise package_not_found(package_id)
        return package

    async def require_own(self, uri: str, sha256: str, tenant: str) -> None:
        """To know the digest of a package is not to have it. Raises NotFound if the tenant has neither uploaded nor
        deployed it.
        """
        package_id = package_id_of(tenant, sha256)
        if await self.load(package_id) is None and not await self._database.get(PACKAGES, _deployed(package_id)):
            raise package_not_found(uri)

    def deployed(self, sha256: str, tenant: str) -> Change:
        """To be committed with the beginning of its deployment."""
        return Change.of(Put(PACKAGES, _deployed(package_id_of(tenant, sha256))))

    def save(self, package: UploadedPackage) -> Saved[UploadedPackage]:
        """On the condition that it was not uploaded before."""
        return self._states.save(package.package_id, None, package)


def _deployed(package_id: str) -> dict[str, str]:
    """An item of its own, without the digest: it must not keep the blob of an agent that was deleted."""
    return {"package_id": f"{package_id}#deployed"}
