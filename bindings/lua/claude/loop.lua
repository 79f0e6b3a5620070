-- loop.lua - any number of calls on one thread, driven by an event loop that watches one file descriptor.
--
-- Poll loop:fd() for reading; when it is readable, call loop:dispatch(), then loop:next() until it returns nil. Calls
-- made with loop:create() and loop:stream() belong to coroutines: next() hands their events to them, and returns those
-- of loop:submit() only. Adapters to schedulers (claude.luv, claude.copas, claude.cqueues) replace four functions:
-- loop.suspend(call) puts the running coroutine to sleep, loop.resume(call) wakes it, loop:watch() is called with each
-- new call, loop:unwatch() before the descriptor is closed. A coroutine may wake too often.

local core = require "claude.core"
local calls = require "claude.calls"
local client = require "claude.client"
local errors = require "claude.errors"
local event = require "claude.event"
local pieces = require "claude.pieces"
local report = require "claude.report"
local request = require "claude.request"
local response = require "claude.response"

local loop = {}

local DONE = core.CLAUDE_DONE
local pull = core.claude_loop_pull

-- So many events wait for a coroutine that does not take them; then the server is made to wait.
local QUEUE_HIGH, QUEUE_LOW = 256, 64

-- Calls ---------------------------------------------------------------------------------------------------------------

local Call = {}
Call.__index = Call
Call.__name = "claude.call"

-- The answer of a call that has ended. Throws why it failed.
function Call:result()
    return response.wrap(core.claude_call_result(self._handle or errors.state("the loop has been closed")))
end

function Call:cancel()
    core.claude_call_cancel(self._handle)
end

-- Holds its events back, and makes the server wait, until resume().
function Call:pause()
    core.claude_call_pause(self._handle)
end

function Call:resume()
    core.claude_call_resume(self._handle)
end

function Call:header(name)
    return core.claude_call_header(self._handle or errors.state("the loop has been closed"), name)
end

-- Figures of a rate limit, as of an answer, once there is one.
function Call:rate_limit(what)
    return response.figures(core.claude_call_rate_limit, self._handle or errors.state("the loop has been closed"), what)
end

-- What has happened so far: attempts, waits, ...
function Call:report()
    return report.table(core.claude_call_report(self._handle or errors.state("the loop has been closed")))
end

-- Streams and answers for coroutines ----------------------------------------------------------------------------------

local Stream = {}
Stream.__index = Stream
Stream.__name = "claude.loop.stream"

-- Something for a call that a coroutine owns; `found` is nil at its end.
local function deliver(call, found)
    if found then
        call.last = call.last + 1
        call.queue[call.last] = found
        if call.last - call.first + 1 == QUEUE_HIGH then
            call:pause()
        end
    end
    if call.waiting then
        call.loop.resume(call)
    end
end

-- Sleeps until ready(call) says something.
local function await(call, ready)
    local found = ready(call)
    while not found do
        if call.waiting then
            errors.state("another coroutine waits for this call already")
        end
        call.waiting = true -- no pcall() around: Lua 5.1 cannot yield across it
        call.loop.suspend(call)
        call.waiting = false
        found = ready(call)
    end
    return found
end

local function ended(call)
    return call.ended
end

local function event_or_end(call)
    return call.first <= call.last or call.ended
end

-- The next event, for which the coroutine sleeps if need be; nil when the message is complete.
function Stream:next()
    local call = self._call
    await(call, event_or_end)
    if call.first > call.last then
        core.claude_call_result(call._handle or errors.state("the loop has been closed"))
        return nil
    end
    local found = call.queue[call.first]
    call.queue[call.first] = nil
    call.first = call.first + 1
    if call.last - call.first + 1 == QUEUE_LOW then
        call:resume()
    end
    return found
end

-- for event in stream do (not in Lua 5.1 itself, whose iterators cannot sleep: call stream:next() there)
function Stream:__call()
    return self:next()
end

-- for text in stream:texts() do
function Stream:texts()
    return function()
        for found in self do
            if found.kind == "text_delta" then
                return found.text
            end
        end
    end
end

-- The whole message; what has not been read is left out.
function Stream:final()
    local call = self._call
    while not call.ended do
        self:next()
    end
    return call:result()
end

function Stream:cancel()
    self._call:cancel()
end

function Stream:header(name)
    return self._call:header(name)
end

function Stream:rate_limit(what)
    return self._call:rate_limit(what)
end

function Stream:report()
    return self._call:report()
end

-- Cancels what is still running.
function Stream:close()
    self._call:cancel()
end
Stream.__close = Stream.close
pieces.add(Stream)

-- Loops ---------------------------------------------------------------------------------------------------------------

local Loop = {}
Loop.__name = "claude.loop"

local function handle_of(self)
    return self._handle or errors.state("the loop has been closed")
end

local function submit(self, handle, flags, label)
    local tag = self._tags + 1
    local call = core.claude_loop_submit(handle_of(self), handle, flags, tag)
    self._tags = tag
    call = setmetatable({ _handle = call, loop = self, tag = label, first = 1, last = 0 }, Call)
    self._calls[tag] = call
    self:watch()
    self._client:hear()
    return call
end

-- Sends a message without waiting. All that happens to it comes from next(). Options: as those of client:stream(), also
-- stream = false (only the end is told), endpoint, and tag, any value for call.tag.
function Loop:submit(body, options)
    local stream = not (type(options) == "table" and options.stream == false)
    local handle, flags = request.build(request.endpoint_of(options), body, options, stream)
    return submit(self, handle, flags + (stream and core.CLAUDE_STREAM or 0), options and options.tag)
end

-- The file descriptor. It belongs to the loop.
function Loop:fd()
    return core.claude_loop_fd(handle_of(self))
end

-- Does what can be done without waiting. Whether next() may have something.
function Loop:dispatch()
    return core.claude_loop_dispatch(handle_of(self)) == 1
end

-- The next event and its call; the call alone at its end; nil. Who observes attempts hears of them before: what was
-- taken is not lost if the observer throws.
local function take(self)
    self._client:hear()
    local code, tag, kind, index, text, raw = pull(handle_of(self))
    if code == 0 then
        return nil
    end
    local call = self._calls[tag]
    if code == DONE then
        self._calls[tag] = nil
        call.ended = true
        return call, nil
    end
    return call, event.new(kind, index, text, raw)
end

-- What happened next to any call of submit(): the call and an event; the call alone at its end; nil: nothing more now.
function Loop:next()
    while true do
        local call, found = take(self)
        if not call or not call.queue then
            return call, found
        end
        deliver(call, found)
    end
end

-- All of it for the callback of a poller: dispatches, and calls on_event(call, event) for calls of submit(). Of many
-- events at most `most` (100) are taken; the descriptor is readable again for the rest.
function Loop:step(on_event, most)
    self:dispatch()
    for _ = 1, most or 100 do
        local call, found = take(self)
        if not call then
            return
        elseif call.queue then
            deliver(call, found)
        elseif on_event then
            on_event(call, found)
        end
        if not self._handle then
            return
        end
    end
end

-- For programs without an event loop: waits, at most timeout_ms, and dispatches. Whether next() may have something.
function Loop:wait(timeout_ms)
    return core.claude_loop_wait(handle_of(self), timeout_ms or -1) == 1
end

-- Makes wait() return, or the descriptor readable.
function Loop:wakeup()
    core.claude_loop_wakeup(handle_of(self))
end

-- How many calls have not ended.
function Loop:count()
    return core.claude_loop_count(handle_of(self))
end

local function owned(call)
    call.queue = {}
    return call
end

-- In a coroutine: sends a request and returns its answer, while other coroutines run.
function Loop:perform(handle, flags)
    local call = owned(submit(self, handle, flags))
    await(call, ended)
    return call:result()
end

-- In a coroutine: the stream of what comes of a request.
function Loop:open(handle, flags)
    return setmetatable({ _call = owned(submit(self, handle, flags + core.CLAUDE_STREAM)) }, Stream)
end

function Loop:open_client()
    return self._client:open_client()
end

-- In a coroutine: waits. Adapters know how; for a loop of your own, set it.
function Loop.sleep()
    errors.state("this loop cannot wait for a time; set loop.sleep to a function(loop, milliseconds) that does")
end

-- Wakes a coroutine whose call is no more. That it ends for this very reason is no news.
local function wake_for_end(self, call)
    local ok, problem = pcall(self.resume, call)
    if not ok and not (errors.is(problem) and problem.code == core.CLAUDE_E_STATE) then
        return problem
    end
    return nil
end

-- Cancels what is running and closes the descriptor, which must not be watched any more. Coroutines that sleep are
-- woken, and get an error.
function Loop:close()
    local open, problem = self._calls, nil
    if self._handle then
        self:unwatch()
    end
    self._calls = {}
    core.claude_loop_unref(self._handle)
    self._handle = nil
    for _, call in pairs(open) do
        core.claude_call_unref(call._handle)
        call._handle = nil
        call.ended = true
    end
    for _, call in pairs(open) do
        problem = call.waiting and wake_for_end(self, call) or problem
    end
    if problem then
        error(problem, 0)
    end
    self._client:hear()
end
Loop.__close = Loop.close

function Loop:__tostring()
    return "claude.loop: " .. (self._handle and self:count() .. " calls" or "closed")
end

function Loop.watch() end

function Loop.unwatch() end

-- Plain coroutines: they are resumed from wherever next() or step() is called.
function Loop.suspend(call)
    local running, main = coroutine.running()
    if not running or main then
        call.waiting = false
        errors.state("only a coroutine can wait here; claude.client waits without one")
    end
    call.coroutine = running
    coroutine.yield(call)
end

function Loop.resume(call)
    if coroutine.status(call.coroutine) ~= "suspended" then
        return -- somebody has ended it
    end
    local ok, problem = coroutine.resume(call.coroutine)
    if not ok then
        error(problem, 0)
    end
end

calls.add(Loop)

function loop.new(owner)
    if not client.is(owner) then
        errors.invalid("a loop is made of a client, got %s", type(owner))
    end
    local handle = core.claude_loop_new(owner:open_client())
    return setmetatable({ _handle = handle, _client = owner, _calls = {}, _tags = 0 }, Loop)
end

return loop
