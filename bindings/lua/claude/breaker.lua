-- breaker.lua - a circuit breaker: for clients that share one, or before anything else that can fail.

local core = require "claude.core"
local errors = require "claude.errors"
local report = require "claude.report"
local request = require "claude.request"

local breaker = {}

local Breaker = {}
Breaker.__index = Breaker
Breaker.__name = "claude.breaker"

local RESULTS = { success = core.CLAUDE_BREAKER_SUCCESS, failure = core.CLAUDE_BREAKER_FAILURE,
    neutral = core.CLAUDE_BREAKER_NEUTRAL }

-- Asks to be let through: a permit for record(). Throws claude.E_CIRCUIT_OPEN, with the time left as retry_after_ms.
function Breaker:allow()
    return core.claude_breaker_allow(self._handle)
end

-- What became of what was let through: "success", "failure", or "neutral", which tells nothing.
function Breaker:record(permit, result)
    local what = RESULTS[result] or errors.invalid("the result is %s; it must be success, failure or neutral",
        tostring(result))
    core.claude_breaker_record(self._handle, permit, what)
end

-- "closed", "open" or "half_open".
function Breaker:state()
    return report.BREAKER_STATES[core.claude_breaker_state(self._handle)]
end

-- Milliseconds until asking may be of use.
function Breaker:retry_after_ms()
    return core.claude_breaker_retry_after_ms(self._handle)
end

-- "successes", "failures", "neutral", "refused", "opened", "probes", "failures_in_a_row"; nil for other names.
function Breaker:counter(name)
    local count = core.claude_breaker_counter(self._handle, name)
    return count >= 0 and count or nil
end

-- Opens it by hand, for so many milliseconds, or for as long as its options say.
function Breaker:open(ms)
    core.claude_breaker_open(self._handle, ms or 0)
end

-- Closes it by hand, and forgets the failures.
function Breaker:close()
    core.claude_breaker_close(self._handle)
end

function Breaker:__tostring()
    return "claude.breaker: " .. self:state()
end

-- Options: those of the library that begin with "breaker.", without that.
function breaker.new(options)
    return setmetatable({ _handle = core.claude_breaker_new(request.policy("breaker", options)) }, Breaker)
end

return breaker
