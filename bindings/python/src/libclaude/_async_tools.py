"""The loop of a conversation with tools, for asyncio."""

from __future__ import annotations

import asyncio
import inspect

from ._tools import BaseRunner

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._response import Message
    from ._tools import Pending

# The library's runner makes its calls itself and has no descriptor to watch: it is looked at, seldom if it takes long.
_FIRST_S, _LONGEST_S = 0.001, 0.02


class AsyncToolRunner(BaseRunner):
    """A conversation with tools: `async for` gives each message of the model; its tools are run before the next.

    Async tools of one message run together, others one after the other. Failures are as of a ToolRunner.
    """

    def __aiter__(self) -> AsyncToolRunner:
        return self

    async def __anext__(self) -> Message:
        if self._over:
            raise StopAsyncIteration
        self._enter()
        try:
            await self._run_tools()
            message, pause = self._step(0), _FIRST_S
            while message is None:
                await asyncio.sleep(pause)
                message, pause = self._step(0), min(pause * 1.5, _LONGEST_S)
            return message
        finally:
            self._owner.release()

    async def _run_tools(self) -> None:
        calls = self._pending()
        outcomes = await asyncio.gather(*map(self._outcome, calls))
        for call, (value, error) in zip(calls, outcomes):
            self._answer(call, value, error)

    async def _outcome(self, call: Pending) -> tuple[Any, Exception | None]:
        try:
            value = self._tools[call.name].run(call.input)
            return (await value if inspect.isawaitable(value) else value), None
        except Exception as error:
            return None, error

    async def until_done(self) -> Message:
        """Goes on to the end; the last message."""
        message = None
        async for each in self:
            message = each
        if message is None:
            message = self._step(0)
        assert message is not None
        return message
