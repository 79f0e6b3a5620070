-- event.lua - one event of a stream: kind, index, text and json; type and data are worked out when asked for.

local core = require "claude.core"
local json = require "claude.json"

local event = {}

-- The constants' names in lower case: "text_delta", "message_start", ...
local kinds = {}
for name, value in pairs(core) do
    local kind = type(name) == "string" and name:match("^CLAUDE_EVENT_(.+)$")
    if kind then
        kinds[value] = kind:lower()
    end
end

-- Names on the wire, as in the official documentation.
local types = {
    line = "line",
    bytes = "bytes",
    message_start = "message_start",
    message_delta = "message_delta",
    message_stop = "message_stop",
    block_start = "content_block_start",
    block_stop = "content_block_stop",
    ping = "ping",
}
for _, kind in pairs(kinds) do
    types[kind] = types[kind] or kind:match("_delta$") and "content_block_delta"
end

local computed = {}

function computed.data(self)
    return (json.decode(self.json))
end

function computed.type(self)
    local data = self.data
    return types[self.kind] or type(data) == "table" and data.type or nil
end

local meta = { __name = "claude.event" }

function meta.__index(self, key)
    local compute = computed[key]
    local value = compute and compute(self)
    if value ~= nil then
        rawset(self, key, value)
    end
    return value
end

function meta.__tostring(self)
    return "claude.event: " .. self.kind
end

function event.new(kind, index, text, raw)
    return setmetatable({ kind = kinds[kind] or "other", index = index >= 0 and index or nil, text = text, json = raw },
        meta)
end

return event
