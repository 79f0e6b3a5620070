-- compression.lua - gzip, of any bytes.

local core = require "claude.core"
local request = require "claude.request"

local compression = {}

-- The bytes in gzip; or as they were: too few, or no fewer in gzip. Options: level, min_size.
function compression.compress(bytes, options)
    local _, made = core.claude_compress(bytes, request.policy("compression", options))
    return core.claude_response_bytes(made)
end

-- What is in a gzip; what is none as it was. At most max_len bytes (64 MiB), else it throws.
function compression.decompress(bytes, max_len)
    local _, made = core.claude_decompress(bytes, max_len or 0)
    return core.claude_response_bytes(made)
end

-- Whether bytes begin as gzip does.
function compression.is_gzip(bytes)
    return core.claude_is_gzip(bytes) == 1
end

return compression
