-- limiter.lua - a rate limiter: for clients that share one, or for other work within the same limits.

local core = require "claude.core"
local request = require "claude.request"
local response = require "claude.response"

local limiter = {}

-- Reservations --------------------------------------------------------------------------------------------------------

local Reservation = {}
Reservation.__index = Reservation
Reservation.__name = "claude.reservation"

-- 0: it may go now, and has been counted; else the milliseconds after which to ask again.
function Reservation:wait_ms()
    return core.claude_reservation_wait_ms(self._handle)
end

-- What was really used, which ends it; what is nil was estimated well.
function Reservation:settle(input_tokens, output_tokens)
    core.claude_reservation_settle(self._handle, input_tokens or -1, output_tokens or -1)
end

-- Gives up the place, or settles as estimated what was granted.
function Reservation:close()
    core.claude_reservation_unref(self._handle)
end
Reservation.__close = Reservation.close

-- Limiters ------------------------------------------------------------------------------------------------------------

local Limiter = {}
Limiter.__index = Limiter
Limiter.__name = "claude.limiter"

-- Takes a place. Types: "messages", "count_tokens", "batches", "models", "files", "other". Throws claude.E_THROTTLED if
-- its turn would never come, or too late.
function Limiter:reserve(type_of_endpoint, input_tokens, output_tokens)
    local handle = core.claude_limiter_reserve(self._handle, type_of_endpoint, input_tokens or 0, output_tokens or 0)
    return setmetatable({ _handle = handle }, Reservation)
end

-- What could go at once: "requests" (if nothing is said), "input_tokens", "output_tokens". nil: there is no limit.
function Limiter:available(type_of_endpoint, what)
    local number = core.claude_limiter_available(self._handle, type_of_endpoint, what or "requests")
    return number >= 0 and number or nil
end

-- How many wait for their turn.
function Limiter:queued()
    return core.claude_limiter_queued(self._handle)
end

-- Takes what an answer says of the server's own limits as further limits.
function Limiter:learn(type_of_endpoint, answer)
    core.claude_limiter_learn(self._handle, type_of_endpoint, response.handle(answer, "what the server says"))
end

-- Options: those of the library that begin with "limiter.", without that.
function limiter.new(options)
    return setmetatable({ _handle = core.claude_limiter_new(request.policy("limiter", options)) }, Limiter)
end

return limiter
