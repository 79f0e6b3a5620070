-- client.lua - a client and its streams, for programs that wait.

local core = require "claude.core"
local errors = require "claude.errors"
local event = require "claude.event"
local request = require "claude.request"
local response = require "claude.response"

local client = {}

-- Waits are cut into pieces, between which Lua looks at its hooks: that is how Ctrl-C gets through.
local SLICE_MS = 100

local DONE = core.CLAUDE_DONE
local pull = core.claude_call_pull

-- Streams -------------------------------------------------------------------------------------------------------------

local Stream = {}
Stream.__index = Stream
Stream.__name = "claude.stream"

-- The next event; nil when the message is complete. Throws what ends the call otherwise.
function Stream:next()
    local handle = self._handle or errors.state("the stream has been closed")
    while true do
        local code, kind, index, text, raw = pull(handle, SLICE_MS)
        if code == 1 then
            return event.new(kind, index, text, raw)
        elseif code == DONE then
            return nil
        end
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
            local code, kind, _, text = pull(handle, SLICE_MS)
            if kind == TEXT then
                return text
            elseif code == DONE then
                return nil
            end
        end
    end
end

-- The whole message; reads what has not been read yet.
function Stream:final()
    local handle = self._handle or errors.state("the stream has been closed")
    while core.claude_call_wait(handle, SLICE_MS) ~= DONE do end
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

-- Cancels what is still running and lets go of everything. Also at the end of the block of a `local stream <close>`.
function Stream:close()
    core.claude_call_unref(self._handle)
    self._handle = nil
end
Stream.__close = Stream.close

-- Clients -------------------------------------------------------------------------------------------------------------

local Client = {}
Client.__index = Client
Client.__name = "claude.client"

local function start(self, handle, flags)
    return core.claude_client_start(self._handle or errors.state("the client has been closed"), handle, flags)
end

-- Calls any endpoint by its name and returns its answer: client:request("messages.create", {model = ...}).
function Client:request(endpoint, body, options)
    local call = start(self, request.build(endpoint, body, options), 0)
    while core.claude_call_wait(call, SLICE_MS) ~= DONE do end
    return response.wrap(core.claude_call_result(call))
end

-- Sends a message and returns the answer.
function Client:create(body, options)
    return self:request("messages.create", body, options)
end

-- Counts the tokens of a message without sending it to the model: .input_tokens.
function Client:count_tokens(body, options)
    return self:request("messages.count_tokens", body, options)
end

-- Sends a message and returns the stream of its events. (options.endpoint: of what else can be streamed.)
function Client:stream(body, options)
    local handle = request.build(request.endpoint_of(options), body, options, true)
    return setmetatable({ _handle = start(self, handle, core.CLAUDE_STREAM) }, Stream)
end

-- Lets go of the connections. Streams that are open go on; new calls are refused.
function Client:close()
    core.claude_client_unref(self._handle)
    self._handle = nil
end
Client.__close = Client.close

function Client:__tostring()
    return "claude.client: " .. (self._handle and "open" or "closed")
end

local function opener(make)
    return function(settings)
        return setmetatable({ _handle = make(request.configure(settings)) }, Client)
    end
end

client.new = opener(core.claude_client_new)
client.from_env = opener(core.claude_client_from_env)
client.from_workspace = opener(core.claude_client_from_workspace)

function client.is(value)
    return getmetatable(value) == Client
end

return client
