-- secret.lua - keys that never show: they stay in the library's locked memory.

local core = require "claude.core"

local secret = {}

local Secret = {}
Secret.__index = Secret
Secret.__name = "claude.secret"

-- 16 hexadecimal digits that name the secret and reveal nothing.
function Secret:fingerprint()
    return core.claude_secret_fingerprint(self._handle)
end

-- The text. Every use is counted.
function Secret:expose()
    return core.claude_secret_expose(self._handle)
end

function Secret:__tostring()
    return "claude.secret: " .. self:fingerprint()
end

local function maker(make)
    return function(argument)
        return setmetatable({ _handle = make(argument) }, Secret)
    end
end

-- new checks the format of a key; unchecked takes any, for gateways and bearer tokens.
secret.new = maker(core.claude_secret_new)
secret.unchecked = maker(core.claude_secret_new_unchecked)
secret.from_file = maker(core.claude_secret_from_file)
secret.from_env = maker(core.claude_secret_from_env)
secret.from_workspace = maker(core.claude_secret_from_workspace)

return secret
