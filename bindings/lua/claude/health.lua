-- health.lua - whether endpoints answer, and how fast. A check asks all of them at once and waits for their answers.

local core = require "claude.core"
local errors = require "claude.errors"
local failover = require "claude.failover"
local json = require "claude.json"
local request = require "claude.request"
local secret = require "claude.secret"

local health = {}

local Health = {}
Health.__index = Health
Health.__name = "claude.health"

-- Adds an endpoint: its address, or {url, api_key}. The first one takes the place of those of the client.
function Health:add_endpoint(endpoint)
    local url, _, key = request.endpoint(endpoint)
    core.claude_health_add_endpoint(self._handle, url, key)
end

-- Asks all endpoints, and returns what endpoints() does.
function Health:check()
    core.claude_health_check(self._handle)
    secret.hear()
    return self:endpoints()
end

-- What the latest check has found: a list of {url, state, response_ms, http_status, error}; what there is not is nil.
function Health:endpoints()
    local list = self:table().endpoints
    for _, endpoint in ipairs(list) do
        endpoint.response_ms = endpoint.response_ms ~= -1 and endpoint.response_ms or nil
        endpoint.http_status = endpoint.http_status ~= 0 and endpoint.http_status or nil
        endpoint.error = endpoint.error ~= "" and endpoint.error or nil
    end
    return list
end

-- The share of the endpoints that are "healthy", "degraded", "unhealthy" or "unknown", in thousandths.
function Health:share(state)
    return core.claude_health_share(self._handle, failover.state_number(state))
end

function Health:table()
    return json.decode(self:json())
end

-- All that the latest check has found.
function Health:json()
    return core.claude_health_json(self._handle)
end

-- Of the handle of a client.
function health.of(client, endpoints)
    local made = setmetatable({ _handle = core.claude_health_new(client) }, Health)
    for _, endpoint in ipairs(errors.expect(endpoints, "table", "endpoints") or {}) do
        made:add_endpoint(endpoint)
    end
    return made
end

function health.check_endpoint(client, url)
    local state, response_ms = core.claude_health_check_endpoint(client, errors.expect(url, "string", "the address"))
    secret.hear()
    return core.claude_health_state_name(state), response_ms >= 0 and response_ms or nil
end

return health
