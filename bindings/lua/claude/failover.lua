-- failover.lua - several endpoints for one API: for clients, or to be asked where to go.

local core = require "claude.core"
local errors = require "claude.errors"
local request = require "claude.request"

local failover = {}

local Failover = {}
Failover.__index = Failover
Failover.__name = "claude.failover"

-- Adds an endpoint: its address, or {url, priority, api_key, models}. Returns its index, counted from 0.
function Failover:add_endpoint(endpoint)
    local handle, url, priority, secret, models = self._handle, request.endpoint(endpoint)
    local index = core.claude_failover_add_endpoint(handle, url, priority or core.claude_failover_count(handle) + 1,
        secret)
    for model, other in pairs(models or {}) do
        core.claude_failover_map_model(handle, index, model, other)
    end
    return index
end

-- The number of a state that has a name.
function failover.state_number(name)
    return core["CLAUDE_HEALTH_" .. tostring(name):upper()]
        or errors.invalid("the state is %s; it must be unknown, healthy, degraded or unhealthy", tostring(name))
end

-- The list of all endpoints: {index, url, priority, state}.
function Failover:endpoints()
    local handle, list = self._handle, {}
    for index = 0, core.claude_failover_count(handle) - 1 do
        list[index + 1] = { index = index, url = core.claude_failover_url(handle, index),
            priority = core.claude_failover_priority(handle, index), state = self:state(index) }
    end
    return list
end

-- "unknown", "healthy", "degraded" or "unhealthy"; nil if there is no such endpoint.
function Failover:state(index)
    local name = core.claude_health_state_name(core.claude_failover_state(self._handle, index))
    return name ~= "" and name or nil
end

-- Says how an endpoint is.
function Failover:set_state(index, state)
    core.claude_failover_set_state(self._handle, index, failover.state_number(state))
end

-- The index of the endpoint to try next. Those of a list are not chosen. Ends the adding of endpoints.
function Failover:select_endpoint(tried)
    local bits, seen = 0, {}
    for _, index in ipairs(errors.expect(tried, "table", "the list of endpoints that were tried") or {}) do
        if type(index) ~= "number" or index % 1 ~= 0 or index < 0 or index > 31 then
            errors.invalid("the list of endpoints that were tried has %s; it must be an index", tostring(index))
        end
        bits = bits + (seen[index] and 0 or 2 ^ index)
        seen[index] = true
    end
    return core.claude_failover_select_endpoint(self._handle, bits)
end

-- What became of an attempt at an endpoint: true, or false if it failed in a way that speaks against the endpoint.
function Failover:record(index, ok)
    core.claude_failover_record(self._handle, index, ok and 1 or 0)
end

-- Options: `endpoints`, a list; `config`, of other options of the library ("network.allow_http"); and those that begin
-- with "failover.", without that.
function failover.new(options)
    local handle = core.claude_failover_new(request.policy("failover", options, { config = true, endpoints = true }))
    local made = setmetatable({ _handle = handle }, Failover)
    for _, endpoint in ipairs(errors.expect(options and options.endpoints, "table", "endpoints") or {}) do
        made:add_endpoint(endpoint)
    end
    return made
end

return failover
