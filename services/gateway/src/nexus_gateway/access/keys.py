"""API keys: `nexus_<id><secret>`; only the hash of the secret is stored.

A secret has 256 random bits, so one round of SHA-256 protects it as well as any slower hash.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from pydantic import SecretStr

from nexus_contracts.audit import AuditEntry
from nexus_contracts.errors import Conflict, IdempotencyKeyReused, NotFound
from nexus_contracts.identifiers import Timestamp, format_timestamp
from nexus_contracts.keys import CreateKeyBody, KeyView, NewKeyView
from nexus_contracts.model import Message
from nexus_contracts.principal import Principal
from nexus_gateway.access.identity import Identity
from nexus_gateway.answers import request_id
from nexus_gateway.tables import KEYS
from nexus_runtime.dynamo import ConditionFailed, Database, Delete, Item, Put, Update, Where
from nexus_runtime.ledger.audit import Audit
from nexus_runtime.process.clock import derived_id

PREFIX = "nexus_"
_FORM = re.compile(PREFIX + "([0-9a-f]{32})([A-Za-z0-9_-]{43})")
KEEP = timedelta(days=8)
"""How long a deleted key is remembered: during this time repeating its creation makes no second one."""
TRIES = 5


class StoredKey(Message):
    """`fingerprint` is that of the request that created it."""

    schema_number: int = 1
    key_id: str
    tenant: str
    user_id: str
    name: str
    scopes: tuple[str, ...]
    project_id: str | None
    digest: str
    fingerprint: str
    created_by: str
    created_at: Timestamp
    expires_at: Timestamp | None
    deleted_at: Timestamp | None = None
    last_used_at: Timestamp | None = None

    def good(self, now: datetime) -> bool:
        return self.deleted_at is None and (self.expires_at is None or now < self.expires_at)

    def identity(self) -> Identity:
        return Identity(Principal(id=self.user_id, tenant=self.tenant, scopes=self.scopes), self.project_id)

    def view(self) -> KeyView:
        return KeyView.model_validate(dict(self))


class Wish(NamedTuple):
    """A key to be created. A repeat has the same `command_id`, and so no second effect."""

    command_id: str
    fingerprint: str
    asker: Principal
    body: CreateKeyBody


class Made(NamedTuple):
    """`replayed`: it had already been created."""

    view: NewKeyView
    replayed: bool


class Keys:
    """The keys of all tenants. Every method raises ServiceUnavailable if the database does not answer."""

    def __init__(self, database: Database, secret: SecretStr, now: Callable[[], datetime]) -> None:
        self._database = database
        self._from = secret.get_secret_value().encode()
        self._now = now
        self.audit = Audit(database, KEYS)

    async def create(self, wish: Wish, action: str = "create_key") -> Made:
        """`action` is the one in the audit trail. Raises IdempotencyKeyReused, Conflict.

        The secret derives from the command id, so that a repeat gets the same answer although no secret is stored.
        """
        secret = self._secret(wish.command_id)
        key = _key(wish, _digest(secret), self._now())
        try:
            await self._database.write(
                Put(KEYS, {**_place(key.key_id), "state": _state(key)}, where=Where(absent="part")),
                Put(KEYS, {**_listed(key), "key_id": key.key_id}),
                self._audited(wish.asker, action, key),
            )
        except ConditionFailed:
            if made := await self.made_before(wish.command_id, wish.fingerprint):
                return made
            raise Conflict("the key is not readable yet; try again", type="key", id=key.key_id) from None
        return Made(_with_secret(key, secret), replayed=False)

    async def made_before(self, command_id: str, fingerprint: str) -> Made | None:
        """The answer to an equal request that came before, if one did. Raises as `create` does."""
        known = await self._load(derived_id("key_", command_id))
        if known is None:
            return None
        if known.fingerprint != fingerprint:
            raise IdempotencyKeyReused("this Idempotency-Key was used for another request")
        secret = self._secret(command_id)
        if known.digest != _digest(secret):
            raise Conflict("the key was created with another IDENTITY_SECRET, so its secret cannot be shown again")
        return Made(_with_secret(known, secret), replayed=True)

    def _secret(self, command_id: str) -> str:
        derived = hmac.digest(self._from, f"api key {command_id}".encode(), "sha256")
        return base64.urlsafe_b64encode(derived).rstrip(b"=").decode()

    async def rotate(self, key_id: str, wish: Wish, grace: timedelta) -> Made:
        """A new key in place of that one, which expires after `grace`. Raises as `create` does, and NotFound."""
        # The new key first: after a crash in between the old one is still valid, and a repeat of the request finds the
        # new one and lets the old one expire.
        made = await self.create(wish, "rotate_key")
        until = made.view.created_at + grace

        def expire(old: StoredKey) -> StoredKey:
            return old if old.expires_at and old.expires_at <= until else old.model_copy(update={"expires_at": until})

        await self._change(key_id, wish.asker, expire)
        return made

    async def delete(self, key_id: str, asker: Principal) -> StoredKey:
        """The key is invalid from now on. Raises NotFound."""
        return await self._change(key_id, asker, lambda key: key.model_copy(update={"deleted_at": self._now()}))

    async def page(self, tenant: str, limit: int, before: str | None) -> tuple[Sequence[KeyView], str | None]:
        """Newest first, and the position to continue from."""
        entries: list[Item] = []
        bounds: dict[str, Any] = {"newest_first": True, "page": limit + 1, "before": before}
        async for item in self._database.query(KEYS, f"tenant#{tenant}", **bounds):
            entries.append(item)
            if len(entries) > limit:
                break
        shown = entries[:limit]
        found = {key.key_id: key for key in map(_read, await self._items([one["key_id"] for one in shown]))}
        # A key that was deleted between the two reads is left out; the position stays that of its entry.
        views = [found[one["key_id"]].view() for one in shown if one["key_id"] in found]
        return views, shown[-1]["entry"] if len(entries) > limit else None

    async def own(self, key_id: str, asker: Principal) -> StoredKey:
        """The key of the asker's tenant. Raises NotFound."""
        key = await self._load(key_id)
        if key is None or key.tenant != asker.tenant or key.deleted_at is not None:
            raise NotFound(f"there is no key {key_id}", type="key", id=key_id)
        return key

    async def verified(self, token: str) -> StoredKey | None:
        """The key that the token represents, if it is valid."""
        form = _FORM.fullmatch(token)
        key = await self._load(f"key_{form[1]}") if form else None
        if form is None or key is None or not hmac.compare_digest(key.digest, _digest(form[2])):
            return None
        return key if key.good(self._now()) else None

    async def used(self, key: StoredKey) -> None:
        """Records that it was used just now."""
        # On condition that it is there: an update would otherwise create an item for a key that is gone.
        place, assign = _place(key.key_id), {"used_at": format_timestamp(self._now())}
        await self._database.write(Update(KEYS, place, assign=assign, where=Where(equal=place)))

    async def _change(self, key_id: str, asker: Principal, changed: Callable[[StoredKey], StoredKey]) -> StoredKey:
        """Raises NotFound."""
        for _ in range(TRIES):
            before = await self.own(key_id, asker)
            after = changed(before)
            deleted = [Delete(KEYS, _listed(before)), self._audited(asker, "delete_key", after)]
            actions = deleted if after.deleted_at else []
            ttl = {"ttl": int((after.deleted_at + KEEP).timestamp())} if after.deleted_at else {}
            assign, unchanged = {"state": _state(after), **ttl}, Where(equal={"state": _state(before)})
            # The whole state is compared, as a key has no version. The time of its last use is not a part of it, so
            # uses do not get in the way of changes.
            try:
                await self._database.write(Update(KEYS, _place(key_id), assign=assign, where=unchanged), *actions)
            except ConditionFailed:
                continue
            return after
        raise Conflict("the key keeps changing; try again", type="key", id=key_id)

    def _audited(self, asker: Principal, action: str, key: StoredKey) -> Put:
        asked = request_id.get() or None
        entry = AuditEntry(time=self._now(), principal=asker.id, action=action, resource=key.key_id, request_id=asked)
        return self.audit.record(asker.tenant, key.key_id, entry)

    async def _load(self, key_id: str) -> StoredKey | None:
        item = await self._database.get(KEYS, _place(key_id))
        return _read(item) if item else None

    async def _items(self, key_ids: Sequence[str]) -> list[Item]:
        return await self._database.get_many(KEYS, [_place(key_id) for key_id in key_ids])


def _key(wish: Wish, digest: str, now: datetime) -> StoredKey:
    return StoredKey(
        **wish.body.model_dump(),
        key_id=derived_id("key_", wish.command_id),
        tenant=wish.asker.tenant,
        digest=digest,
        fingerprint=wish.fingerprint,
        created_by=wish.asker.id,
        created_at=now,
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _state(key: StoredKey) -> str:
    return key.model_dump_json(exclude={"last_used_at"})


def _read(item: Item) -> StoredKey:
    key = StoredKey.model_validate_json(item["state"])
    return (
        key.model_copy(update={"last_used_at": datetime.fromisoformat(item["used_at"])}) if "used_at" in item else key
    )


def _with_secret(key: StoredKey, secret: str) -> NewKeyView:
    return NewKeyView(**dict(key.view()), key=f"{PREFIX}{key.key_id.removeprefix('key_')}{secret}")


def _place(key_id: str) -> dict[str, str]:
    return {"part": f"key#{key_id}", "entry": "key"}


def _listed(key: StoredKey) -> dict[str, str]:
    return {"part": f"tenant#{key.tenant}", "entry": f"{format_timestamp(key.created_at)}#{key.key_id}"}
