"""How documents look on a surface, as bytes, for as long as nothing changes that they show.

A view may look at more than its document: through a `Sight`, which notes the kinds and settings that were seen. When
one of them changes, whatever was made beside them is forgotten. It has no time and no caller, so that what it showed
stays true.
"""

from typing import TYPE_CHECKING, Any

from mock_servers.core.fake import Fake, Work
from mock_servers.core.store import Collection

if TYPE_CHECKING:
    from mock_servers.core.world import World

FRAGMENTS_MAXIMUM = 4_000


class Sight(Work):
    """What a view sees around its document."""

    def __init__(self, world: "World", fake: Fake) -> None:
        self.world = world
        self.fake = fake
        self.vendor = fake.vendor
        self.kinds: set[str] = set()
        self.names: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a view cannot know {name}: what it shows is kept until a document or a setting changes")

    def collection(self, kind: str) -> Collection:
        self.kinds.add(kind)
        return super().collection(kind)

    def setting(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().setting(name, default)


class Fragments:
    """One kind on one surface in one look, by ids and versions. `turn` is another number after each forgetting."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight
        self.texts: dict[tuple[str, int], bytes] = {}
        self.turn = 0
        self._seen: list[Any] = []

    def refresh(self) -> None:
        """Forget everything if anything that was seen has changed."""
        if self._seen and self._seen != self._now():
            self.forget()

    def keep(self, head: tuple[str, int], text: bytes) -> None:
        """Remember how one document looks."""
        if len(self.texts) >= FRAGMENTS_MAXIMUM:
            self.forget()
        self.texts[head] = text
        self._seen = self._now()

    def forget(self) -> None:
        self.texts.clear()
        self.turn += 1

    def _now(self) -> list[Any]:
        """The state of all that was seen by any of them; never the same twice where others can change it unseen."""
        sight = self.sight
        if not sight.kinds and not sight.names:
            return []
        store, settings, vendor = sight.world.store, sight.world.settings, sight.vendor
        revisions: list[Any] = [store.collection(vendor, kind).revision for kind in sight.kinds]
        if sight.kinds and not store.connection.private:
            return [object()]
        return revisions + [settings.get(f"{vendor}.{name}") for name in sight.names]
