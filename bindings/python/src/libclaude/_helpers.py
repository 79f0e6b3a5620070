"""What resources have beside the functions of the table, or in their place: batches, files, skills."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import PurePath

from ._args import c_text
from ._base import Settings, made_request, new_request
from ._endpoints import Resource
from ._errors import check, invalid, make
from ._ffi import NULL, ffi, lib
from ._files import File, add_form, is_content
from ._pieces import BatchResults, Download
from ._response import Response, wrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Union

    from ._async_pieces import AsyncBatchResults, AsyncDownload
    from ._claude import CData
    from ._features import Features
    from ._files import Content

    Headers = Mapping[str, "str | None"]
    Options = Mapping[str, Any]
    Progress = Callable[[Response], object]
    Upload = Union[Content, tuple[str, Content], tuple[str, Content, str]]
    SkillFiles = Union[
        str, os.PathLike[str], Mapping[str, Content], Iterable[Union[os.PathLike[str], tuple[str, Content]]]
    ]

# ---- batches


class _Waiting:
    """How long to wait before a batch is asked for again, and for how long in all."""

    def __init__(self, batch_id: str, first: float, longest: float, timeout: float | None) -> None:
        self.batch_id = batch_id
        self.first, self.longest = (_seconds(value, what) for value, what in ((first, "first"), (longest, "longest")))
        self.end = None if timeout is None else time.monotonic() + timeout
        self.attempt = 0

    def pause(self, batch: Response) -> float:
        """Seconds until the next time; 0: it has ended."""
        milliseconds = lib.claude_batch_poll_delay(batch._handle, self.attempt, self.first, self.longest)
        self.attempt += 1
        pause: float = milliseconds / 1000
        if pause and self.end is not None and time.monotonic() + pause > self.end:
            text = f"batch {self.batch_id} has not ended within the time; its processing_status is "
            raise make({"code": lib.CLAUDE_E_TIMEOUT, "message": text + str(batch.get("processing_status"))}, batch)
        return pause


def _seconds(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= 86400:
        raise invalid(f"{what} must be a number of seconds, more than 0 and at most 86400")
    return max(1, int(value * 1000))


def _results_request(batch: Response) -> CData:
    return made_request(lib.claude_batch_results_request, batch._handle)


def _file_request(path: str | os.PathLike[str]) -> CData:
    file = File(path if isinstance(path, os.PathLike) else PurePath(path))
    return made_request(lib.claude_batch_file_request, file._handle)


class Batches(Resource):
    """Batches of messages: create(), retrieve(), list(), cancel(), delete(), and what makes them easy to use."""

    __slots__ = ()

    def _retrieve(self, batch_id: str, headers: Headers | None = None, features: Features | None = None) -> Response:
        batch: Response = self._client.request(
            "messages.batches.retrieve",
            path={"message_batch_id": batch_id},
            extra_headers=headers,
            features=features,
        )
        return batch

    def results(
        self,
        batch: str | Response,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> BatchResults:
        """The results of a batch that has ended, one by one; nothing is kept of those that have been taken.

        A batch given by its id is retrieved first, because it says where its results are. `timeout` is how long the
        stream may be silent.
        """
        client, settings = self._client, Settings(extra_headers, timeout, options, features=features)
        found = self._retrieve(batch, extra_headers, features) if isinstance(batch, str) else batch
        request = client._prepared(_results_request(found), True, settings)
        return BatchResults(client._start(request, settings, stream=True))

    def wait(
        self,
        batch_id: str,
        *,
        on_progress: Progress | None = None,
        first: float = 1,
        longest: float = 60,
        timeout: float | None = None,
        features: Features | None = None,
    ) -> Response:
        """Retrieves a batch until it has ended, and returns it.

        The pauses between begin with `first` seconds and grow to `longest`. `on_progress` is called with the batch each
        time; what it raises ends the waiting, as Ctrl-C does. After `timeout` seconds it is an APITimeoutError.
        """
        waiting = _Waiting(batch_id, first, longest, timeout)
        while True:
            batch = self._retrieve(batch_id, features=features)
            if on_progress is not None:
                on_progress(batch)
            pause = waiting.pause(batch)
            if not pause:
                return batch
            time.sleep(pause)

    def create_from_file(
        self,
        path: str | os.PathLike[str],
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Creates a batch from a file of JSON lines, {"custom_id": "...", "params": {...}} each.

        Every line is checked before anything is sent. The file is read while it is sent, and never in memory.
        """
        client = self._client
        settings = Settings(extra_headers, timeout, options, features=features)
        return wrap(client._execute(client._prepared(_file_request(path), False, settings), settings))


class AsyncBatches(Resource):
    """Batches of messages: create(), retrieve(), list(), cancel(), delete(), and what makes them easy to use."""

    __slots__ = ()

    async def _retrieve(
        self, batch_id: str, headers: Headers | None = None, features: Features | None = None
    ) -> Response:
        batch: Response = await self._client.request(
            "messages.batches.retrieve",
            path={"message_batch_id": batch_id},
            extra_headers=headers,
            features=features,
        )
        return batch

    async def results(
        self,
        batch: str | Response,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> AsyncBatchResults:
        """The results of a batch that has ended, for `async for`; see Batches.results()."""
        from ._async_pieces import AsyncBatchResults

        client, settings = self._client, Settings(extra_headers, timeout, options, features=features)
        found = await self._retrieve(batch, extra_headers, features) if isinstance(batch, str) else batch
        request = client._prepared(_results_request(found), True, settings)
        return await AsyncBatchResults(client._start(request, settings, stream=True))._begun()

    async def wait(
        self,
        batch_id: str,
        *,
        on_progress: Progress | None = None,
        first: float = 1,
        longest: float = 60,
        timeout: float | None = None,
        features: Features | None = None,
    ) -> Response:
        """Retrieves a batch until it has ended, and returns it; see Batches.wait()."""
        from asyncio import sleep

        waiting = _Waiting(batch_id, first, longest, timeout)
        while True:
            batch = await self._retrieve(batch_id, features=features)
            if on_progress is not None:
                on_progress(batch)
            pause = waiting.pause(batch)
            if not pause:
                return batch
            await sleep(pause)

    async def create_from_file(
        self,
        path: str | os.PathLike[str],
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Creates a batch from a file of JSON lines; see Batches.create_from_file()."""
        client = self._client
        settings = Settings(extra_headers, timeout, options, features=features)
        return wrap(await client._execute(client._prepared(_file_request(path), False, settings), settings))


# ---- files


def _upload_form(file: Upload, expires_in_seconds: int | None) -> list[tuple[str, Any]]:
    form: list[tuple[str, Any]] = []
    if expires_in_seconds is not None:
        form.append(("expires_in_seconds", expires_in_seconds))
    return [*form, ("file", file)]


class Files(Resource):
    """Files kept by the API: upload(), list(), retrieve_metadata(), delete(), download()."""

    __slots__ = ()

    def upload(
        self,
        file: Upload,
        *,
        expires_in_seconds: int | None = None,
        betas: Sequence[str] | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Uploads a file: a path, which is read while it is sent; bytes; or a file opened in binary mode.

        A tuple says its name, and its media type if wanted: `("a.txt", b"...", "text/plain")`.
        """
        form = _upload_form(file, expires_in_seconds)
        settings = Settings(extra_headers, timeout, options, features=features, form=form, betas=betas)
        request = self._client._request("files.upload", None, False, settings)
        return wrap(self._client._execute(request, settings))

    if TYPE_CHECKING:

        def download(
            self,
            file_id: str,
            *,
            betas: Sequence[str] | None = None,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            features: Features | None = None,
        ) -> Download: ...


class AsyncFiles(Resource):
    """Files kept by the API: upload(), list(), retrieve_metadata(), delete(), download()."""

    __slots__ = ()

    async def upload(
        self,
        file: Upload,
        *,
        expires_in_seconds: int | None = None,
        betas: Sequence[str] | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Uploads a file; see Files.upload()."""
        form = _upload_form(file, expires_in_seconds)
        settings = Settings(extra_headers, timeout, options, features=features, form=form, betas=betas)
        request = self._client._request("files.upload", None, False, settings)
        return wrap(await self._client._execute(request, settings))

    if TYPE_CHECKING:

        async def download(
            self,
            file_id: str,
            *,
            betas: Sequence[str] | None = None,
            extra_headers: Headers | None = None,
            timeout: float | None = None,
            options: Options | None = None,
            features: Features | None = None,
        ) -> AsyncDownload: ...


# ---- skills


def _skill_request(files: SkillFiles, display_name: str | None) -> CData:
    shown = NULL if display_name is None else c_text(display_name, "display_name")
    if isinstance(files, (str, os.PathLike)):
        return made_request(lib.claude_skill_from_directory, c_text(files, "path"), shown)
    pairs = list(_named(files))
    opened = [File(content) for _, content in pairs]
    names = [ffi.new("char[]", c_text(name, "the name of a file")) for name, _ in pairs]
    handles = ffi.new("claude_file_t *[]", [file._handle for file in opened])
    return made_request(lib.claude_skill_create_request, shown, handles, ffi.new("char *[]", names), len(pairs))


def _named(files: Any) -> Iterable[tuple[str, Any]]:
    """Paths in the skill and what they have."""
    for each in files.items() if isinstance(files, Mapping) else files:
        if isinstance(each, os.PathLike):
            yield PurePath(each).as_posix(), each
        elif isinstance(each, tuple) and len(each) == 2 and isinstance(each[0], str) and is_content(each[1]):
            yield each
        else:
            raise invalid("files must be a directory, or a mapping of paths in the skill to files, or a list of paths")


def _version_request(skill_id: str, files: SkillFiles) -> CData:
    request = new_request("skills.versions.create")
    err = ffi.new("claude_error_t **")
    check(lib.claude_request_set_path(request, b"skill_id", c_text(skill_id, "skill_id"), err), err)
    if isinstance(files, (str, os.PathLike)):
        check(lib.claude_skill_add_directory(request, c_text(files, "path"), err), err)
    else:
        add_form(request, [("files[]", (name, content)) for name, content in _named(files)])
    return request


class Skills(Resource):
    """Skills: create(), list(), retrieve(), delete(), and their versions."""

    __slots__ = ()

    def create(
        self,
        files: SkillFiles,
        *,
        display_name: str | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Creates a skill of a directory: all files in and below it.

        Or of a mapping, {"my-skill/SKILL.md": content, ...}, or a list of such pairs or of relative paths.
        """
        client, settings = self._client, Settings(extra_headers, timeout, options, features=features)
        return wrap(client._execute(client._prepared(_skill_request(files, display_name), False, settings), settings))


class AsyncSkills(Resource):
    """Skills: create(), list(), retrieve(), delete(), and their versions."""

    __slots__ = ()

    async def create(
        self,
        files: SkillFiles,
        *,
        display_name: str | None = None,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Creates a skill; see Skills.create()."""
        client, settings = self._client, Settings(extra_headers, timeout, options, features=features)
        return wrap(
            await client._execute(client._prepared(_skill_request(files, display_name), False, settings), settings)
        )


class SkillVersions(Resource):
    """Versions of skills."""

    __slots__ = ()

    def create(
        self,
        skill_id: str,
        files: SkillFiles,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Makes a new version of a skill; the files as for Skills.create()."""
        client, settings = self._client, Settings(extra_headers, timeout, options, features=features)
        return wrap(client._execute(client._prepared(_version_request(skill_id, files), False, settings), settings))


class AsyncSkillVersions(Resource):
    """Versions of skills."""

    __slots__ = ()

    async def create(
        self,
        skill_id: str,
        files: SkillFiles,
        *,
        extra_headers: Headers | None = None,
        timeout: float | None = None,
        options: Options | None = None,
        features: Features | None = None,
    ) -> Response:
        """Makes a new version of a skill; see SkillVersions.create()."""
        client, settings = self._client, Settings(extra_headers, timeout, options, features=features)
        return wrap(
            await client._execute(client._prepared(_version_request(skill_id, files), False, settings), settings)
        )


HELPERS: dict[tuple[str, bool], type[Resource]] = {
    ("messages.batches", False): Batches,
    ("messages.batches", True): AsyncBatches,
    ("files", False): Files,
    ("files", True): AsyncFiles,
    ("skills", False): Skills,
    ("skills", True): AsyncSkills,
    ("skills.versions", False): SkillVersions,
    ("skills.versions", True): AsyncSkillVersions,
}
