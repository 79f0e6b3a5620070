"""Lists that come in pages: the next one is asked for when it is wanted."""

from __future__ import annotations

from ._errors import check
from ._ffi import ffi, lib
from ._response import Body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator
    from typing import Any

    from ._async import AsyncClient
    from ._base import Settings
    from ._claude import CData
    from ._client import Client


class _AnyPage(Body):
    """A page of a list. The members of its JSON body are attributes, and members: `page.data`, `page["data"]`."""

    __slots__ = ("_client", "_request", "_settings")

    def __init__(self, client: Any, request: CData, response: CData, settings: Settings) -> None:
        super().__init__(ffi.gc(response, lib.claude_response_unref))
        self._client = client
        self._request = request
        self._settings = settings

    def _other(self, function: Any) -> CData | None:
        """The request of the next or previous page; None if there is none."""
        out, err = ffi.new("claude_request_t **"), ffi.new("claude_error_t **")
        if check(function(self._request, self._handle, out, err), err) == lib.CLAUDE_DONE:
            return None
        return ffi.gc(out[0], lib.claude_request_unref)

    def has_next_page(self) -> bool:
        """Whether there is a page after this one."""
        return self._other(lib.claude_page_next) is not None


class Page(_AnyPage):
    """A page of a list. Iterating gives its items and those of the pages after it, which are fetched on the way.

    The members of its JSON body are attributes, and members: `page.data`, `page["data"]`.
    """

    __slots__ = ()
    _client: Client

    def next_page(self) -> Page | None:
        """Fetches the page after this one; None after the last."""
        return self._fetch(lib.claude_page_next)

    def previous_page(self) -> Page | None:
        """Fetches the page before this one, of lists that go in both directions; None before the first."""
        return self._fetch(lib.claude_page_previous)

    get_next_page = next_page

    def _fetch(self, function: Any) -> Page | None:
        request = self._other(function)
        if request is None:
            return None
        return Page(self._client, request, self._client._execute(request, self._settings), self._settings)

    def iter_pages(self) -> Iterator[Page]:
        """This page and those after it."""
        page: Page | None = self
        while page is not None:
            yield page
            page = page.next_page()

    def __iter__(self) -> Iterator[Any]:
        for page in self.iter_pages():
            yield from page["data"]


class AsyncPage(_AnyPage):
    """A page of a list, for asyncio. `async for` gives its items and those of the pages after it.

    The members of its JSON body are attributes, and members: `page.data`, `page["data"]`.
    """

    __slots__ = ()
    _client: AsyncClient

    async def next_page(self) -> AsyncPage | None:
        """Fetches the page after this one; None after the last."""
        return await self._fetch(lib.claude_page_next)

    async def previous_page(self) -> AsyncPage | None:
        """Fetches the page before this one, of lists that go in both directions; None before the first."""
        return await self._fetch(lib.claude_page_previous)

    get_next_page = next_page

    async def _fetch(self, function: Any) -> AsyncPage | None:
        request = self._other(function)
        return None if request is None else await AsyncPages(self._client, request, self._settings)

    async def iter_pages(self) -> AsyncIterator[AsyncPage]:
        """This page and those after it."""
        page: AsyncPage | None = self
        while page is not None:
            yield page
            page = await page.next_page()

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for page in self.iter_pages():
            for item in page["data"]:
                yield item


class AsyncPages:
    """A list that nothing has been fetched of: await it for its first page, or go through its items by `async for`."""

    __slots__ = ("_client", "_request", "_settings")

    def __init__(self, client: AsyncClient, request: CData, settings: Settings) -> None:
        self._client = client
        self._request = request
        self._settings = settings

    async def _first(self) -> AsyncPage:
        response = await self._client._execute(self._request, self._settings)
        return AsyncPage(self._client, self._request, response, self._settings)

    def __await__(self) -> Generator[Any, None, AsyncPage]:
        return self._first().__await__()

    async def iter_pages(self) -> AsyncIterator[AsyncPage]:
        """The pages one by one."""
        async for page in (await self._first()).iter_pages():
            yield page

    async def __aiter__(self) -> AsyncIterator[Any]:
        async for item in await self._first():
            yield item
