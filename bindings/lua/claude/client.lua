-- client.lua - a client and its streams, for programs that wait.

local core = require "claude.core"
local attempt = require "claude.attempt"
local calls = require "claude.calls"
local diagnostics = require "claude.diagnostics"
local errors = require "claude.errors"
local event = require "claude.event"
local pieces = require "claude.pieces"
local report = require "claude.report"
local request = require "claude.request"
local response = require "claude.response"
local runner = require "claude.runner"
local secret = require "claude.secret"

local client = {}

-- Waits are cut into pieces, between which Lua looks at its hooks: that is how Ctrl-C gets through.
local SLICE_MS = 100

-- LuaJIT's machine code does not look at them, and never contains a call of this.
local function look_at_hooks() end
if jit then
    jit.off(look_at_hooks)
end

local DONE = core.CLAUDE_DONE
local pull = core.claude_call_pull

local function tell(owner, ok, code, ...)
    if code ~= 1 then
        owner:hear()
    end
    if not ok then
        error(code, 0)
    end
    return code, ...
end

-- A step of the library, whose code 1 means that it has brought something. Who observes attempts, log lines, a watcher
-- or the end of a secret hears of them before it and at the end, also when it fails: what a step has brought is not lost
-- if the observer throws.
local function step(owner, fn, handle)
    if owner._observed or secret.are_watched() then
        owner:hear()
        return tell(owner, pcall(fn, handle, SLICE_MS))
    end
    return fn(handle, SLICE_MS)
end

-- Waits for the end of a call, in slices.
local function await(owner, call)
    while step(owner, core.claude_call_wait, call) ~= DONE do
        look_at_hooks()
    end
end

-- Streams -------------------------------------------------------------------------------------------------------------

local Stream = {}
Stream.__index = Stream
Stream.__name = "claude.stream"

-- The next event; nil when the message is complete. Throws what ends the call otherwise.
function Stream:next()
    local handle = self._handle or errors.state("the stream has been closed")
    while true do
        local code, kind, index, text, raw = step(self._client, pull, handle)
        if code == 1 then
            return event.new(kind, index, text, raw)
        elseif code == DONE then
            return nil
        end
        look_at_hooks()
    end
end

-- for event in stream do
function Stream:__call()
    return self:next()
end

-- for text in stream:texts() do: the pieces of text alone.
function Stream:texts()
    local TEXT = core.CLAUDE_EVENT_TEXT_DELTA
    return function()
        local handle = self._handle or errors.state("the stream has been closed")
        while true do
            local code, kind, _, text = step(self._client, pull, handle)
            if kind == TEXT then
                return text
            elseif code == DONE then
                return nil
            elseif code == 0 then
                look_at_hooks()
            end
        end
    end
end

-- The whole message; reads what has not been read yet.
function Stream:final()
    local handle = self._handle or errors.state("the stream has been closed")
    await(self._client, handle)
    return response.wrap(core.claude_call_result(handle))
end

-- Ends the call: reading on throws CLAUDE_E_CANCELED.
function Stream:cancel()
    core.claude_call_cancel(self._handle)
end

-- A header of the answer, once there is one.
function Stream:header(name)
    return core.claude_call_header(self._handle or errors.state("the stream has been closed"), name)
end

-- Figures of a rate limit, as of an answer, once there is one.
function Stream:rate_limit(what)
    return response.figures(core.claude_call_rate_limit,
        self._handle or errors.state("the stream has been closed"), what)
end

-- What has happened so far: attempts, waits, ...
function Stream:report()
    return report.table(core.claude_call_report(self._handle or errors.state("the stream has been closed")))
end

-- Cancels what is still running and lets go of everything. Also at the end of the block of a `local stream <close>`.
function Stream:close()
    core.claude_call_unref(self._handle)
    self._handle = nil
    self._client:hear()
end
Stream.__close = Stream.close
pieces.add(Stream)

-- Clients -------------------------------------------------------------------------------------------------------------

local Client = {}
Client.__name = "claude.client"

-- The handle, for what is made of it.
function Client:open_client()
    return self._handle or errors.state("the client has been closed")
end

-- Tells on_deprecation, on_attempt, on_log and the observers of watchers and of secrets what the library has heard.
-- They run here, and not where the library hears of it.
function Client:hear()
    local model, text
    if self._notices then
        model, text = core.claude_notices_take(self._notices)
        while model do
            self._on_deprecation(model, text)
            model, text = core.claude_notices_take(self._notices)
        end
    end
    local found = self._attempts and attempt.take(self._attempts)
    while found do
        self._on_attempt(found)
        found = attempt.take(self._attempts)
    end
    local line = self._logs and diagnostics.take(self._logs)
    while line do
        self._on_log(line)
        line = diagnostics.take(self._logs)
    end
    for at = #self._watchers, 1, -1 do
        local watcher = self._watchers[at]
        if watcher and not watcher:hear() and self._watchers[at] == watcher then
            table.remove(self._watchers, at)
        end
    end
    secret.hear()
end

-- A watcher that is attached to it: see claude.watcher.
function Client:listen(watcher)
    for _, known in ipairs(self._watchers) do
        if known == watcher then
            return
        end
    end
    table.insert(self._watchers, watcher)
    self._observed = true
end

local function start(self, handle, flags)
    local call = core.claude_client_start(self:open_client(), handle, flags)
    self:hear()
    return call
end

-- Sends a request that has been made and returns its answer.
function Client:perform(handle, flags)
    local call = start(self, handle, flags)
    await(self, call)
    return response.wrap(core.claude_call_result(call))
end

-- The stream of what comes of a request.
function Client:open(handle, flags)
    return setmetatable({ _handle = start(self, handle, flags + core.CLAUDE_STREAM), _client = self }, Stream)
end

-- The pages of a list, one by one. (The library's own pages ask for no features.)
function Client:follow(handle, flags)
    if flags > 0 then
        return calls.follow(self, handle, flags)
    end
    local pages = core.claude_pages_new(self:open_client(), handle)
    return function()
        local code, page = 0, nil
        while code == 0 do
            code, page = step(self, core.claude_pages_next, pages)
            look_at_hooks()
        end
        self:hear()
        return response.wrap(page)
    end
end

-- Waits, in slices.
function Client:sleep(ms)
    self._clock = self._clock or core.claude_loop_new(self:open_client())
    while ms > 0 do
        core.claude_loop_wait(self._clock, math.min(ms, SLICE_MS))
        ms = ms - SLICE_MS
        look_at_hooks()
    end
end

-- Gives the client another configuration, or one more under a name, for calls that are started from now on. The
-- settings are those of a client without its hooks (on_..., credential_provider), which go on; nil takes the snapshot
-- away. Calls choose one by the option `snapshot`.
function Client:set_snapshot(name, settings)
    local handle = self:open_client()
    local config = errors.expect(settings, "table", "what a snapshot is made of")
        and request.configure_snapshot(settings, self)
    core.claude_client_set_snapshot(handle, name, config)
end

-- The generation that a snapshot has had since its last change; nil if there is none of this name.
function Client:generation(name)
    local generation = core.claude_client_generation(self:open_client(), name)
    return generation > 0 and generation or nil
end

-- Replaces the client's key, or that of an endpoint of the failover: a string, or a claude.secret. Calls that are under
-- way go on.
function Client:rotate_secret(key, endpoint)
    core.claude_client_rotate_secret(self:open_client(), endpoint or core.CLAUDE_KEY_OF_CLIENT, request.secret(key))
end

-- The key that the next attempt would use, as a claude.secret; nil: there is none.
function Client:secret(endpoint)
    return secret.wrap(core.claude_client_secret(self:open_client(), endpoint or core.CLAUDE_KEY_OF_CLIENT))
end

-- A step of the library that belongs to this client: see above.
Client.step = step

-- A conversation in which the model calls functions: see claude.runner.
function Client:runner(body, options)
    return runner.new(self, body, options)
end

-- Lets go of the connections. Streams that are open go on; new calls are refused.
function Client:close()
    core.claude_client_unref(self._handle)
    core.claude_loop_unref(self._clock or nil)
    self._handle, self._clock = nil, false
end
Client.__close = Client.close

function Client:__tostring()
    return "claude.client: " .. (self._handle and "open" or "closed")
end

calls.add(Client)

local function opener(make)
    return function(settings)
        local config, made = request.configure(settings)
        made._handle = make(config)
        made._clock = false
        made._watchers = {}
        made._observed = made._attempts ~= false or made._logs ~= false
        return setmetatable(made, Client)
    end
end

client.new = opener(core.claude_client_new)
client.from_env = opener(core.claude_client_from_env)
client.from_workspace = opener(core.claude_client_from_workspace)

function client.is(value)
    return getmetatable(value) == Client
end

return client
