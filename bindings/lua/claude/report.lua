-- report.lua - what happened on the way to the end of a call, as a table; what there is not is nil.

local core = require "claude.core"
local json = require "claude.json"

local report = {}

-- In the order in which the library names them.
local FEATURES = {
    { "retries", core.CLAUDE_WITH_RETRIES },
    { "circuit_breaker", core.CLAUDE_WITH_CIRCUIT_BREAKER },
    { "rate_limiting", core.CLAUDE_WITH_RATE_LIMITING },
    { "failover", core.CLAUDE_WITH_FAILOVER },
    { "quota", core.CLAUDE_WITH_QUOTA },
}

report.BREAKER_STATES = {
    [core.CLAUDE_BREAKER_CLOSED] = "closed",
    [core.CLAUDE_BREAKER_OPEN] = "open",
    [core.CLAUDE_BREAKER_HALF_OPEN] = "half_open",
}

-- Members of a report of a call that is running, which has no JSON yet.
local FIGURES = {
    wire_attempts = core.claude_report_wire_attempts,
    attempts = core.claude_report_attempts,
    retries = core.claude_report_retries,
    failovers = core.claude_report_failovers,
    resends = core.claude_report_resends,
    snapshot = core.claude_report_snapshot,
    generation = core.claude_report_generation,
    limiter_wait_ms = core.claude_report_limiter_wait_ms,
    backoff_ms = core.claude_report_backoff_ms,
    duration_ms = core.claude_report_duration_ms,
    endpoint_index = core.claude_report_endpoint_index,
    endpoint_url = core.claude_report_endpoint_url,
    stopped_by = core.claude_report_stopped_by,
}
local ATTEMPT_FIGURES = {
    code = core.claude_report_attempt_code,
    http_status = core.claude_report_attempt_http_status,
    request_id = core.claude_report_attempt_request_id,
    endpoint = core.claude_report_attempt_endpoint,
    started_ms = core.claude_report_attempt_started_ms,
    duration_ms = core.claude_report_attempt_duration_ms,
    first_event_ms = core.claude_report_attempt_first_event_ms,
    backoff_ms = core.claude_report_attempt_backoff_ms,
    limiter_wait_ms = core.claude_report_attempt_limiter_wait_ms,
}

local TIMINGS = { "dns", "connect", "tls", "first_byte", "total" }

local function timings_of(handle, index)
    local timings = {}
    for _, what in ipairs(TIMINGS) do
        local figure = core.claude_report_attempt_timing_us(handle, index, what)
        timings[what] = figure >= 0 and figure or nil
    end
    return next(timings) and timings
end

local function features_of(bits)
    local names = json.array()
    for _, feature in ipairs(FEATURES) do
        if bits % (2 * feature[2]) >= feature[2] then
            names[#names + 1] = feature[1]
        end
    end
    return names
end

local function so_far(handle)
    local found = { features = features_of(core.claude_report_features(handle)), attempt_list = json.array(),
        breaker_state = report.BREAKER_STATES[core.claude_report_breaker_state(handle)] }
    for name, figure in pairs(FIGURES) do
        found[name] = figure(handle)
    end
    for at = 1, core.claude_report_attempt_count(handle) do
        local attempt = {}
        for name, figure in pairs(ATTEMPT_FIGURES) do
            attempt[name] = figure(handle, at - 1)
        end
        attempt.name = core.claude_code_name(attempt.code)
        attempt.timings_us = timings_of(handle, at - 1)
        found.attempt_list[at] = attempt
    end
    return found
end

-- What the library says where there is nothing, beside null.
local NOTHING = { endpoint_url = "", first_event_ms = -1, http_status = 0, stopped_by = "", snapshot = "" }

local function without_nothing(found, nothing)
    for name, value in pairs(found) do
        if value == json.null or value == (nothing or NOTHING[name]) then
            found[name] = nil
        end
    end
    return found
end

-- The table of a handle; nil for nil.
function report.table(handle)
    if not handle then
        return nil
    end
    local text = core.claude_report_json(handle)
    local found = without_nothing(text ~= "" and json.decode(text) or so_far(handle))
    for _, attempt in ipairs(found.attempt_list) do
        without_nothing(attempt)
        without_nothing(attempt.timings_us or {}, -1)
    end
    return found
end

return report
