"""The uploaded packages; their content is a blob."""

from nexus_agents.domain.package import UploadedPackage, package_not_found
from nexus_agents.tables import PACKAGES
from nexus_runtime.dynamo import Database
from nexus_runtime.dynamo.form import Form
from nexus_runtime.ledger.change import Saved, States

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

    def save(self, package: UploadedPackage) -> Saved[UploadedPackage]:
        """On the condition that it was not uploaded before."""
        return self._states.save(package.package_id, None, package)
