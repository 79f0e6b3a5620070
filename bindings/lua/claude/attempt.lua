-- attempt.lua - what on_attempt of a client hears: each attempt of a call as it starts, and again as it ends.

local core = require "claude.core"

local attempt = {}

-- So many pieces of news wait for the program to come back from C; of more the oldest are dropped.
local MOST = 50000

local TEXTS = { "url", "method", "endpoint_name", "model" }
local FIGURES = { "call", "number", "endpoint", "backoff_ms", "limiter_wait_ms" }
-- With what stands for nothing.
local ENDS = { code = false, http_status = 0, duration_ms = false, first_event_ms = -1, input_tokens = -1,
    output_tokens = -1 }

-- Has a configuration keep the news.
function attempt.observe(config)
    return core.claude_attempts_new(config, MOST)
end

-- The next piece of news, as a table; nil if there is none.
function attempt.take(handle)
    if core.claude_attempts_take(handle) == 0 then
        return nil
    end
    local text, number = core.claude_attempts_text, core.claude_attempts_number
    local dropped = number(handle, "dropped")
    local found = { dropped = dropped > 0 and dropped or nil }
    for _, name in ipairs(TEXTS) do
        found[name] = text(handle, name)
    end
    for _, name in ipairs(FIGURES) do
        found[name] = number(handle, name)
    end
    if number(handle, "phase") == core.CLAUDE_ATTEMPT_STARTS then
        found.phase = "starts"
        found.traceparent = text(handle, "traceparent")
        return found
    end
    found.phase = "ends"
    found.request_id = text(handle, "request_id")
    for name, nothing in pairs(ENDS) do
        local figure = number(handle, name)
        found[name] = figure ~= nothing and figure or nil
    end
    found.name = core.claude_code_name(found.code)
    return found
end

return attempt
