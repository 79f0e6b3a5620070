-- quota.lua - quotas: requests, tokens and money of a day and of a month, for clients that share one, or by hand.
--
-- Money is in nano-dollars, but for limits in a table or in JSON and in options, which are in dollars.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"
local request = require "claude.request"
local response = require "claude.response"

local quota = {}

local function known(number)
    return number >= 0 and number or nil
end

-- The text of a message, or of a table like its usage, and its flags.
local function used(message, options)
    local text = response.is(message) and message.raw or request.encode(message, "the usage")
    return text, options and options.batch and core.CLAUDE_COST_BATCH or 0
end

-- Reservations --------------------------------------------------------------------------------------------------------

local Reservation = {}
Reservation.__index = Reservation
Reservation.__name = "claude.quota.reservation"

-- Ends it with what was used: so many tokens, those that are nil as reserved; or a message, or a table like its usage
-- (with {batch = true} at the prices of batches).
function Reservation:settle(input_tokens, output_tokens)
    if type(input_tokens) == "table" then
        core.claude_quota_reservation_settle_json(self._handle, used(input_tokens,
            errors.expect(output_tokens, "table", "options")))
    else
        core.claude_quota_reservation_settle(self._handle, input_tokens or -1, output_tokens or -1)
    end
end

-- Gives it back: nothing was sent.
function Reservation:release()
    core.claude_quota_reservation_release(self._handle)
end

-- Settles as reserved what was not ended.
function Reservation:close()
    core.claude_quota_reservation_unref(self._handle)
end
Reservation.__close = Reservation.close

-- Quotas --------------------------------------------------------------------------------------------------------------

local Quota = {}
Quota.__index = Quota
Quota.__name = "claude.quota"

-- Sets a limit ("daily_requests", "monthly_cost", ...) of a model, or of all together; nil and 0 are none.
function Quota:set_limit(name, limit, model)
    core.claude_quota_set_limit(self._handle, model, name, limit or 0)
end

-- Sets limits from a table or JSON: {daily_cost = 50, models = {["claude-opus-5-5"] = {daily_requests = 100}}}.
function Quota:load_limits(limits)
    local text = type(limits) == "table" and request.encode(limits, "the limits") or limits
    core.claude_quota_load_limits(self._handle, text)
end

-- A limit; nil: there is none.
function Quota:limit(name, model)
    local limit = core.claude_quota_limit(self._handle, model, name)
    return limit > 0 and limit or nil
end

-- Checks and counts a request at once. Throws claude.E_QUOTA where there is no room; then nothing is counted.
function Quota:record_usage(model, input_tokens, output_tokens)
    core.claude_quota_record_usage(self._handle, model, input_tokens or 0, output_tokens or 0)
end

-- Counts what was used already, whatever the limits say: a message, or a table like its usage. Options: model, batch.
function Quota:add(message, options)
    options = errors.expect(options, "table", "options") or {}
    core.claude_quota_add_json(self._handle, options.model, used(message, options))
end

-- Takes room. Throws claude.E_QUOTA where there is none.
function Quota:reserve(model, input_tokens, output_tokens)
    local handle = core.claude_quota_reserve(self._handle, model, input_tokens or 0, output_tokens or 0)
    return setmetatable({ _handle = handle }, Reservation)
end

-- What is used: "daily_requests", "monthly_cost", "total_tokens", "reserved_cost", "refused", ... of a model, or of all
-- together; nil for a name that is none.
function Quota:usage(name, model)
    return known(core.claude_quota_usage(self._handle, model, name))
end

-- What a limit has left; nil: there is no limit.
function Quota:remaining(name, model)
    return known(core.claude_quota_remaining(self._handle, model, name))
end

-- When the limits of a day ("daily") or month ("monthly") begin anew: milliseconds since 1970.
function Quota:reset_at_ms(name)
    return known(core.claude_quota_reset_at_ms(self._handle, name))
end

-- A list of the models that have limits or were used.
function Quota:models()
    local list = {}
    for at = 1, core.claude_quota_model_count(self._handle) do
        list[at] = core.claude_quota_model_at(self._handle, at - 1)
    end
    return list
end

-- All of it, to be kept by the program.
function Quota:json()
    return core.claude_response_json(core.claude_quota_export_json(self._handle))
end

function Quota:table()
    return json.decode(self:json())
end

-- Goes on with what json() or table() has returned, in place of what was used here until now.
function Quota:import(kept)
    local text = type(kept) == "table" and request.encode(kept, "what was kept") or kept
    core.claude_quota_import_json(self._handle, text)
end

-- Options: those of the library that begin with "quota.", without that; and `models`, a claude.models with prices,
-- `limits` as for load_limits(), and `config`, of other options.
function quota.new(options)
    local config = request.policy("quota", options, { models = true, limits = true, config = true })
    local models = errors.expect(options and options.models, "table", "models")
    if models then
        core.claude_config_set_models(config, models._handle
            or errors.invalid("models must be made by claude.models.load"))
    end
    local made = setmetatable({ _handle = core.claude_quota_new(config) }, Quota)
    if options and options.limits ~= nil then
        made:load_limits(options.limits)
    end
    return made
end

return quota
