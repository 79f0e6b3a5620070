-- claude.lua - a client of the Claude API, on top of libclaude. See docs/lua.md.

-- Modules that SWIG has made set two globals; nobody has asked for them.
local globals = { swig_type = rawget(_G, "swig_type"), swig_equals = rawget(_G, "swig_equals") }
local core = require "claude.core"
rawset(_G, "swig_type", globals.swig_type)
rawset(_G, "swig_equals", globals.swig_equals)

local breaker = require "claude.breaker"
local client = require "claude.client"
local compression = require "claude.compression"
local errors = require "claude.errors"
local failover = require "claude.failover"
local file = require "claude.file"
local json = require "claude.json"
local limiter = require "claude.limiter"
local loop = require "claude.loop"
local metrics = require "claude.metrics"
local models = require "claude.models"
local quota = require "claude.quota"
local request = require "claude.request"
local response = require "claude.response"
local secret = require "claude.secret"
local trail = require "claude.trail"
local watcher = require "claude.watcher"

local claude = {
    version = core.claude_version_string(),
    -- Clients
    client = client.new,
    from_env = client.from_env,
    from_workspace = client.from_workspace,
    loop = loop.new,
    secret = secret,
    -- Configuration in a file; who used which key
    watcher = watcher.new,
    trail = trail,
    -- What clients may share, or programs use by themselves; the metrics that there are
    breaker = breaker.new,
    limiter = limiter.new,
    failover = failover.new,
    quota = quota.new,
    metrics = metrics.list,
    -- Files and what is made of them
    file = file.open,
    bytes = file.from_bytes,
    image = file.image,
    document = file.document,
    -- Bytes in gzip
    compress = compression.compress,
    decompress = compression.decompress,
    is_gzip = compression.is_gzip,
    -- Models, and what they cost
    models = models,
    cost = models.cost,
    -- An answer of a text that was kept
    parse = response.parse,
    -- JSON
    null = json.null,
    array = json.array,
    number = json.number,
    json = json,
    -- Whether a value is an error of this library.
    is_error = errors.is,
}

-- Whether the library has a feature: claude.feature("http2").
function claude.feature(name)
    return core.claude_feature(name) == 1
end

-- What is known of an endpoint: claude.endpoint("models.list", "path"). docs/endpoints.md has them all.
claude.endpoint = request.about

-- for name in claude.endpoints() do
function claude.endpoints()
    local at = -1
    return function()
        at = at + 1
        return core.claude_endpoint_at(at)
    end
end

-- Codes of errors: claude.E_RATE_LIMIT, ...
for name, value in pairs(core) do
    local code = type(name) == "string" and name:match("^CLAUDE_(E_.+)$")
    if code then
        claude[code] = value
    end
end

return claude
