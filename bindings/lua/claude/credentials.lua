-- credentials.lua - a client's key that a function fetches, when the library asks for it.
--
-- It is the one function of Lua that runs below C, which waits for what it returns; so it cannot yield. What it throws
-- comes out of the call that needed the token.

local core = require "claude.core"
local errors = require "claude.errors"

local credentials = {}

local REASONS = {
    [core.CLAUDE_CREDENTIAL_FIRST] = "first",
    [core.CLAUDE_CREDENTIAL_EXPIRES] = "expires",
    [core.CLAUDE_CREDENTIAL_REFUSED] = "refused",
}

-- What was thrown of late, by the numbers that calls fail with; so many are kept.
local MOST = 64
local thrown, last = {}, 0

-- What a provider has thrown, by the number that a call has failed with; nil if it is none.
function credentials.problem(number)
    local found = thrown[number]
    return found and found[1]
end

errors.provider_problem = credentials.problem

local function handle_of(token, expires_at_ms)
    local handle
    if type(token) == "string" then
        handle = core.claude_secret_new_unchecked(token)
    else
        handle = type(token) == "table" and token._handle
            or errors.invalid("a credential provider must return a string or a claude.secret, got %s", type(token))
    end
    if expires_at_ms ~= nil then
        core.claude_secret_set_expiry(handle, expires_at_ms)
    end
    return handle
end

local function keep(problem)
    last = last % 0x3fffffff + 1
    thrown[last - MOST] = nil
    thrown[last] = { problem }
    return last
end

-- What the library calls for a function(reason) that returns a token and when it runs out.
function credentials.provider(fn)
    return function(reason)
        local ok, token, expires_at_ms = pcall(fn, REASONS[reason])
        if ok then
            ok, token = pcall(handle_of, token, expires_at_ms)
        end
        return ok and token or keep(token)
    end
end

return credentials
