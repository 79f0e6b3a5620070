-- request.lua - tables become configurations and requests.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"

local request = {}

local BODY_TIMEOUTS = { "timeout.total_ms" }
local STREAM_TIMEOUTS = { "timeout.first_byte_ms", "timeout.idle_ms" }

local CONFIG_KEYS = { api_key = true, base_url = true, timeout = true, config = true, headers = true }
local REQUEST_KEYS = { timeout = true, options = true, headers = true, stream = true, tag = true, endpoint = true }

local function check_keys(given, known, what)
    for key in pairs(given) do
        if not known[key] then
            local names = {}
            for name in pairs(known) do
                names[#names + 1] = name
            end
            table.sort(names)
            errors.invalid("%s has no %s; it has %s", what, tostring(key), table.concat(names, ", "))
        end
    end
end

local function encode(value, what)
    local text, problem = json.encode(value)
    return text or errors.invalid("%s: %s", what, problem)
end

local function milliseconds(seconds)
    if type(seconds) ~= "number" or not (seconds > 0 and seconds < 1e9) then
        errors.invalid("timeout is %s; it must be a number of seconds above 0", tostring(seconds))
    end
    return ("%.0f"):format(math.max(1, math.ceil(seconds * 1000)))
end

-- The text of an option's value; nil for claude.null, which is the default again.
local function option_text(value, name)
    local kind = type(value)
    if value == json.null then
        return nil
    elseif kind == "string" or kind == "boolean" then
        return tostring(value)
    elseif kind ~= "number" then
        errors.invalid("option %s must be a string, a number or a boolean, got %s", name, kind)
    end
    return encode(value, "option " .. name)
end

local function set_headers(headers, set, handle)
    for name, value in pairs(errors.expect(headers, "table", "headers") or {}) do
        if value == json.null or value == false then
            set(handle, name, nil)
        else
            set(handle, name, errors.expect(value, "string", "header " .. tostring(name)))
        end
    end
end

-- The handle of a configuration made of {api_key, base_url, timeout, config, headers}.
function request.configure(settings)
    settings = errors.expect(settings, "table", "what a client is made of") or {}
    check_keys(settings, CONFIG_KEYS, "a client")
    local config = core.claude_config_new()
    if errors.expect(settings.config, "table", "config") then
        core.claude_config_load_json(config, encode(settings.config, "config"))
    end
    if settings.base_url ~= nil then
        core.claude_config_set(config, "base_url", errors.expect(settings.base_url, "string", "base_url"))
    end
    if settings.timeout ~= nil then
        for _, names in ipairs { BODY_TIMEOUTS, STREAM_TIMEOUTS } do
            for _, name in ipairs(names) do
                core.claude_config_set(config, name, milliseconds(settings.timeout))
            end
        end
    end
    set_headers(settings.headers, core.claude_config_set_header, config)
    local key = settings.api_key
    if type(key) == "string" then
        core.claude_config_set_secret(config, core.claude_secret_new(key))
    elseif key ~= nil then
        local handle = type(key) == "table" and key._handle
        core.claude_config_set_secret(config, handle or errors.invalid("api_key must be a string or a claude.secret"))
    end
    return config
end

function request.endpoint_of(options)
    return type(options) == "table" and options.endpoint or "messages.create"
end

-- The handle of a request. The body is a table, a string of JSON that is sent byte for byte, or nil.
function request.build(endpoint, body, options, stream)
    options = errors.expect(options, "table", "options") or {}
    check_keys(options, REQUEST_KEYS, "a request")
    local handle = core.claude_request_new(errors.expect(endpoint, "string", "the name of an endpoint"))
    if type(body) == "table" then
        body = encode(body, "the body")
    end
    if body ~= nil then
        core.claude_request_set_json(handle, errors.expect(body, "string", "the body, if it is no table,"))
    end
    set_headers(options.headers, core.claude_request_set_header, handle)
    if options.timeout ~= nil then
        for _, name in ipairs(stream and STREAM_TIMEOUTS or BODY_TIMEOUTS) do
            core.claude_request_set_option(handle, name, milliseconds(options.timeout))
        end
    end
    for name, value in pairs(errors.expect(options.options, "table", "the options of the library") or {}) do
        core.claude_request_set_option(handle, name, option_text(value, tostring(name)))
    end
    return handle
end

return request
