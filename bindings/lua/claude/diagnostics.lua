-- diagnostics.lua - what is wrong: a report of a client, a self-test, the curl command of a request, log lines.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"
local secret = require "claude.secret"

local diagnostics = {}

-- So many log lines wait for the program to come back from C; of more the oldest are dropped.
local MOST = 5000

-- The number of a level.
function diagnostics.level(name)
    local names = {}
    for number = core.CLAUDE_LOG_ERROR, core.CLAUDE_LOG_TRACE do
        names[number] = core.claude_log_level_name(number)
        if names[number] == name then
            return number
        end
    end
    errors.invalid("log_level is %s; it must be one of %s", tostring(name), table.concat(names, ", "))
end

-- Has a configuration keep log lines.
function diagnostics.log(config, level)
    return core.claude_logs_new(config, level, MOST)
end

-- The next log line, as a table; nil if there is none.
function diagnostics.take(handle)
    local found, event, fields, level = core.claude_news_take(handle)
    if found == 0 then
        return nil
    end
    local dropped = core.claude_news_dropped(handle)
    return { level = core.claude_log_level_name(level), event = event, fields = json.decode(fields),
        dropped = dropped > 0 and dropped or nil }
end

-- What can be said of the handle of a client.
function diagnostics.of(client)
    return json.decode(core.claude_diagnostics_json(core.claude_client_diagnostics(client)))
end

local function without_nothing(check)
    check.fix = check.fix ~= "" and check.fix or nil
    check.ms = check.ms ~= -1 and check.ms or nil
    return check
end

-- What a self-test of the handle of a client finds.
function diagnostics.selftest(client, options)
    options = errors.expect(options, "table", "options") or {}
    local flags = errors.expect(options.key, "boolean", "key") and core.CLAUDE_SELFTEST_KEY or 0
    local timeout = options.timeout or 10
    if type(timeout) ~= "number" or not (timeout > 0 and timeout < 1e9) then
        errors.invalid("timeout is %s; it must be a number of seconds above 0", tostring(timeout))
    end
    local found = json.decode(core.claude_selftest_json(core.claude_selftest_run(client, flags, options.model,
        math.max(1, math.ceil(timeout * 1000)))))
    secret.hear()
    for _, check in ipairs(found.checks) do
        without_nothing(check)
    end
    return found
end

-- The curl command of a request, and what belongs into its file if it has one.
function diagnostics.curl(client, handle, flags, body_file)
    local curl = core.claude_curl_command(client, handle, flags, body_file)
    return core.claude_curl_text(curl), core.claude_curl_bytes(curl)
end

return diagnostics
