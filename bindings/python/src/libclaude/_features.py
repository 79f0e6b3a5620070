"""Features that calls may ask for: what has happened to a call's attempts says its report."""

from __future__ import annotations

from ._errors import invalid
from ._ffi import lib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from typing import Any, Literal, TypedDict, Union

    from typing_extensions import Unpack

    from ._base import Form
    from ._files import File
    from ._response import Response

    Feature = Literal["retries", "circuit_breaker", "rate_limiting", "failover", "quota", "enterprise_features"]
    Features = Union[Feature, Collection[Feature]]

    class Given(TypedDict, total=False):
        """What client.request() takes, but for `stream` and `features`."""

        path: Mapping[str, Any] | None
        query: Mapping[str, Any] | None
        betas: Sequence[str] | None
        form: Form | None
        files: Sequence[File] | None
        extra_headers: Mapping[str, str | None] | None
        timeout: float | None
        options: Mapping[str, Any] | None


_FLAGS = {
    "retries": lib.CLAUDE_WITH_RETRIES,
    "circuit_breaker": lib.CLAUDE_WITH_CIRCUIT_BREAKER,
    "rate_limiting": lib.CLAUDE_WITH_RATE_LIMITING,
    "failover": lib.CLAUDE_WITH_FAILOVER,
    "quota": lib.CLAUDE_WITH_QUOTA,
    "enterprise_features": lib.CLAUDE_WITH_ENTERPRISE_FEATURES,
}


def flags_of(features: Features | None) -> int | None:
    """The library's flags; None where nothing is said."""
    if features is None:
        return None
    flags = 0
    try:
        for name in [features] if isinstance(features, str) else features:
            flags |= _FLAGS[name]
    except (KeyError, TypeError):
        known = ", ".join(_FLAGS)
        raise invalid(f"features is {features!r}; it must be one of {known}, or several of them in a list") from None
    return flags


class Executing:
    """client.request() with one feature each, by the specification's names. For streams, see `features`."""

    if TYPE_CHECKING:
        request: Any

    def _with(self, feature: Feature, endpoint: str, body: Any, given: Given) -> Response:
        answer: Response = self.request(endpoint, body, features=feature, **given)
        return answer

    def execute_with_retries(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint; failures that may pass are tried again (options `retry.*`)."""
        return self._with("retries", endpoint, body, given)

    def execute_with_circuit_breaker(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint; a CircuitOpenError instead while it has been failing (options `breaker.*`)."""
        return self._with("circuit_breaker", endpoint, body, given)

    def execute_with_rate_limiting(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint when its turn has come; a ThrottledError if that takes too long (options `limiter.*`)."""
        return self._with("rate_limiting", endpoint, body, given)

    def execute_with_failover(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint of the API; where one server fails, the next is asked (options `failover.*`)."""
        return self._with("failover", endpoint, body, given)

    def execute_with_quota(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint within the quotas; a QuotaExceededError if they have no room (options `quota.*`)."""
        return self._with("quota", endpoint, body, given)

    def execute_with_enterprise_features(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint with all of these that the client has enabled."""
        return self._with("enterprise_features", endpoint, body, given)


class AsyncExecuting:
    """client.request() with one feature each, by the specification's names. For streams, see `features`."""

    if TYPE_CHECKING:
        request: Any

    async def _with(self, feature: Feature, endpoint: str, body: Any, given: Given) -> Response:
        answer: Response = await self.request(endpoint, body, features=feature, **given)
        return answer

    async def execute_with_retries(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint; failures that may pass are tried again (options `retry.*`)."""
        return await self._with("retries", endpoint, body, given)

    async def execute_with_circuit_breaker(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint; a CircuitOpenError instead while it has been failing (options `breaker.*`)."""
        return await self._with("circuit_breaker", endpoint, body, given)

    async def execute_with_rate_limiting(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint when its turn has come; a ThrottledError if that takes too long (options `limiter.*`)."""
        return await self._with("rate_limiting", endpoint, body, given)

    async def execute_with_failover(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint of the API; where one server fails, the next is asked (options `failover.*`)."""
        return await self._with("failover", endpoint, body, given)

    async def execute_with_quota(self, endpoint: str, body: Any = None, **given: Unpack[Given]) -> Response:
        """Calls an endpoint within the quotas; a QuotaExceededError if they have no room (options `quota.*`)."""
        return await self._with("quota", endpoint, body, given)

    async def execute_with_enterprise_features(
        self, endpoint: str, body: Any = None, **given: Unpack[Given]
    ) -> Response:
        """Calls an endpoint with all of these that the client has enabled."""
        return await self._with("enterprise_features", endpoint, body, given)
