-- secret.lua - keys that never show: they stay in the library's locked memory.

local core = require "claude.core"
local errors = require "claude.errors"

local secret = {}

local Secret = {}
Secret.__index = Secret
Secret.__name = "claude.secret"

-- Who wants to hear of keys that run out, as long as somebody uses the key: {news, fn}.
local listeners = {}

-- Whether somebody does.
function secret.are_watched()
    return listeners[1] ~= nil
end

-- 16 hexadecimal digits that name the secret and reveal nothing.
function Secret:fingerprint()
    return core.claude_secret_fingerprint(self._handle)
end

-- The text. Every use is counted.
function Secret:expose()
    local text = core.claude_secret_expose(self._handle)
    secret.hear()
    return text
end

-- Where it came from: "workspace", "environment", "file" or "program".
function Secret:source()
    return core.claude_secret_source(self._handle)
end

-- Says when it runs out: milliseconds since 1970; nil: never.
function Secret:set_expiry(expires_at_ms)
    core.claude_secret_set_expiry(self._handle, expires_at_ms or -1)
end

-- When it runs out; nil: never, or not known.
function Secret:expires_at_ms()
    local expires_at_ms = core.claude_secret_expires_at(self._handle)
    return expires_at_ms >= 0 and expires_at_ms or nil
end

-- fn(fingerprint, expires_at_ms, left_ms) hears of its first use within lead_ms of its end or after it. It runs when C
-- has returned: what it throws comes out of the function that was called. Only once for a secret.
function Secret:on_expiry(lead_ms, fn)
    if type(fn) ~= "function" then
        errors.invalid("on_expiry must be a function, got %s", type(fn))
    end
    listeners[#listeners + 1] = { news = core.claude_expiries_new(self._handle, lead_ms), fn = fn }
end

function Secret:__tostring()
    return "claude.secret: " .. self:fingerprint()
end

local function hear_one(listener)
    local found, fingerprint, _, expires_at_ms, left_ms = core.claude_news_take(listener.news)
    while found == 1 do
        listener.fn(fingerprint, expires_at_ms, left_ms)
        found, fingerprint, _, expires_at_ms, left_ms = core.claude_news_take(listener.news)
    end
end

-- Tells what has happened to secrets since.
function secret.hear()
    for at = #listeners, 1, -1 do
        local listener = listeners[at]
        if listener then
            hear_one(listener)
            if listeners[at] == listener and core.claude_news_goes_on(listener.news) == 0 then
                table.remove(listeners, at)
            end
        end
    end
end

-- A secret of a handle; nil for nil.
function secret.wrap(handle)
    return handle and setmetatable({ _handle = handle }, Secret)
end

local function maker(make)
    return function(argument)
        return secret.wrap(make(argument))
    end
end

-- new checks the format of a key; unchecked takes any, for gateways and bearer tokens.
secret.new = maker(core.claude_secret_new)
secret.unchecked = maker(core.claude_secret_new_unchecked)
secret.from_file = maker(core.claude_secret_from_file)
secret.from_env = maker(core.claude_secret_from_env)
secret.from_workspace = maker(core.claude_secret_from_workspace)

local function handle_of(key)
    return type(key) == "table" and key._handle or nil
end

-- The workspace's key, else the environment's, else `runtime`: a claude.secret, or a text.
function secret.load(name, runtime)
    local own = type(runtime) == "string" and core.claude_secret_new(runtime) or handle_of(runtime)
    if runtime ~= nil and not own then
        errors.invalid("the program's own key must be a string or a claude.secret")
    end
    return secret.wrap(core.claude_secret_load_with_precedence(name, own))
end

return secret
