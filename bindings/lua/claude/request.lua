-- request.lua - tables become configurations and requests.

local core = require "claude.core"
local attempt = require "claude.attempt"
local credentials = require "claude.credentials"
local diagnostics = require "claude.diagnostics"
local errors = require "claude.errors"
local file = require "claude.file"
local json = require "claude.json"

local request = {}

local BODY_TIMEOUTS = { "timeout.total_ms" }
local STREAM_TIMEOUTS = { "timeout.first_byte_ms", "timeout.idle_ms" }

local function set_of(text)
    local set = {}
    for name in text:gmatch "%S+" do
        set[name] = true
    end
    return set
end

local CONFIG_KEYS = set_of [[api_key base_url timeout config headers models on_deprecation on_attempt on_log log_level
    credential_provider breaker limiter failover quota]]
local SNAPSHOT_KEYS = set_of "api_key base_url timeout config headers models breaker limiter failover quota"
local REQUEST_KEYS = set_of "timeout options headers stream tag endpoint path query betas form files compress snapshot"
local PART_KEYS = set_of "name text content file filename media_type"
local ENDPOINT_KEYS = set_of "url priority api_key models"

-- Features that a call asks for, as options of a request.
request.FEATURES = {
    with_retries = core.CLAUDE_WITH_RETRIES,
    with_circuit_breaker = core.CLAUDE_WITH_CIRCUIT_BREAKER,
    with_rate_limiting = core.CLAUDE_WITH_RATE_LIMITING,
    with_failover = core.CLAUDE_WITH_FAILOVER,
    with_quota = core.CLAUDE_WITH_QUOTA,
    with_enterprise_features = core.CLAUDE_WITH_ENTERPRISE_FEATURES,
}
for name in pairs(request.FEATURES) do
    REQUEST_KEYS[name] = true
end

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

-- The text of a value, and the files in it.
function request.encode_with_files(value, what)
    local text, files = json.encode_with_files(value)
    return text or errors.invalid("%s: %s", what, files), files
end

local function encode(value, what)
    return (request.encode_with_files(value, what))
end
request.encode = encode

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

-- The handle of a key.
function request.secret(key)
    if type(key) == "string" then
        return core.claude_secret_new(key)
    end
    return type(key) == "table" and key._handle or errors.invalid("api_key must be a string or a claude.secret")
end
local secret_of = request.secret

-- An endpoint of failover or of health checks, an address or {url, priority, api_key, models}: these, with the key's
-- handle.
function request.endpoint(endpoint)
    if type(endpoint) == "string" then
        return endpoint
    end
    check_keys(endpoint ~= nil and errors.expect(endpoint, "table", "an endpoint") or {}, ENDPOINT_KEYS, "an endpoint")
    local url = errors.expect(endpoint.url, "string", "the url of an endpoint")
    return url or errors.invalid("an endpoint must have a url"), endpoint.priority,
        endpoint.api_key and secret_of(endpoint.api_key),
        errors.expect(endpoint.models, "table", "the models of an endpoint")
end

-- The handle of a configuration for an object of its own: `options` are those of the library that begin with `prefix`,
-- `config` in it any others. What is in `left` is left out.
function request.policy(prefix, options, left)
    local config, kept = core.claude_config_new(), {}
    for name, value in pairs(errors.expect(options, "table", "options") or {}) do
        kept[name] = not (left and left[name]) and value or nil
    end
    if left and options and errors.expect(options.config, "table", "config") then
        core.claude_config_load_json(config, encode(options.config, "config"))
    end
    core.claude_config_load_json(config, encode({ [prefix] = kept }, prefix))
    return config
end

-- What a client shares with others, by the names of its settings.
local function set_policies(config, settings)
    local setters = { breaker = core.claude_config_set_breaker, limiter = core.claude_config_set_limiter,
        failover = core.claude_config_set_failover, models = core.claude_config_set_models,
        quota = core.claude_config_set_quota }
    for name, set in pairs(setters) do
        local policy = errors.expect(settings[name], "table", name)
        if policy then
            set(config, policy._handle or errors.invalid("%s must be made by claude.%s", name, name))
        end
    end
end

local function configure(settings)
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
    if settings.api_key ~= nil then
        core.claude_config_set_secret(config, secret_of(settings.api_key))
    end
    set_policies(config, settings)
    return config
end

-- The handle of a configuration made of CONFIG_KEYS, and its hooks: the handles of what is fetched, with who hears it,
-- and the provider of credentials. They are false where nobody wants them.
function request.configure(settings)
    settings = errors.expect(settings, "table", "what a client is made of") or {}
    check_keys(settings, CONFIG_KEYS, "a client")
    local config = configure(settings)
    local on_deprecation = errors.expect(settings.on_deprecation, "function", "on_deprecation")
    local on_attempt = errors.expect(settings.on_attempt, "function", "on_attempt")
    local on_log = errors.expect(settings.on_log, "function", "on_log")
    local fetch = errors.expect(settings.credential_provider, "function", "credential_provider")
    local level = diagnostics.level(settings.log_level or "info")
    local hooks = {
        _notices = on_deprecation and core.claude_notices_new(config) or false,
        _attempts = on_attempt and attempt.observe(config) or false,
        _logs = on_log and diagnostics.log(config, level) or false,
        _provider = fetch and credentials.provider(fetch) or false,
        _on_deprecation = on_deprecation, _on_attempt = on_attempt, _on_log = on_log, _log_level = level,
    }
    if hooks._provider then
        core.claude_config_set_credential_provider(config, hooks._provider)
    end
    return config, hooks
end

-- The handle of a configuration made of SNAPSHOT_KEYS, which has the hooks of a client.
function request.configure_snapshot(settings, hooks)
    check_keys(settings, SNAPSHOT_KEYS, "a snapshot")
    local config = configure(settings)
    if hooks._notices then
        core.claude_notices_join(hooks._notices, config)
    end
    if hooks._attempts then
        core.claude_attempts_join(hooks._attempts, config)
    end
    if hooks._logs then
        core.claude_logs_join(hooks._logs, config, hooks._log_level)
    end
    if hooks._provider then
        core.claude_config_set_credential_provider(config, hooks._provider)
    end
    return config
end

function request.endpoint_of(options)
    return type(options) == "table" and options.endpoint or "messages.create"
end

-- What the library knows of an endpoint ("path", "body", "answer", ...); nil for an unknown one.
function request.about(endpoint, what)
    return core.claude_endpoint_text(endpoint, what)
end

-- The names of the parameters in an endpoint's path, in order.
function request.parameters(endpoint)
    local names = {}
    for name in (request.about(endpoint, "path") or ""):gmatch "{([^}]+)}" do
        names[#names + 1] = name
    end
    return names
end

-- Parameters of the path, by name, or as a list in the order of the path.
local function set_path(handle, endpoint, path)
    local names = request.parameters(endpoint)
    for name, value in pairs(errors.expect(path, "table", "path") or {}) do
        local kind = type(value)
        if kind ~= "string" and kind ~= "number" then
            errors.invalid("parameter %s of the path must be a string, got %s", tostring(names[name] or name), kind)
        end
        local text = kind == "number" and encode(value, "path") or value -- tostring() rounds
        core.claude_request_set_path(handle, tostring(names[name] or name), text)
    end
end

-- A part of a form: {name, text}, or {name, file or content, filename, media_type}.
local function add_part(handle, part)
    check_keys(errors.expect(part, "table", "a part of a form"), PART_KEYS, "a part of a form")
    if part.text ~= nil then
        core.claude_request_add_form_field(handle, part.name, tostring(part.text))
        return
    end
    local found = part.content ~= nil and file.from_bytes(part.content) or file.of(part.file)
    core.claude_request_add_file(handle, part.name, found._handle, part.filename, part.media_type)
end

-- The fields of a form by their names, as parts: {file = a file, expires_in_seconds = 3600, ["files[]"] = {files}}.
local function parts_of(fields)
    local names, parts = {}, {}
    for name in pairs(fields) do
        names[#names + 1] = errors.expect(name, "string", "the name of a field of a form")
    end
    table.sort(names)
    for _, name in ipairs(names) do
        local value = fields[name]
        local list = type(value) == "table" and not file.is(value) and value or { value }
        for _, item in ipairs(list) do
            parts[#parts + 1] = { name = name, [file.is(item) and "file" or "text"] = item }
        end
    end
    return parts
end

local function set_form(handle, form)
    errors.expect(form, "table", "form")
    for _, part in ipairs(form and (form[1] and form or parts_of(form)) or {}) do
        add_part(handle, part)
    end
end

local function attach(handle, files)
    for _, found in ipairs(errors.expect(files, "table", "files") or {}) do
        core.claude_request_attach(handle, file.of(found)._handle)
    end
end
request.attach = attach

-- The flags of the features that options ask for.
local function flags_of(options)
    local flags = 0
    for name, flag in pairs(request.FEATURES) do
        flags = flags + (errors.expect(options[name], "boolean", name) and flag or 0)
    end
    return flags
end

-- Options of a request to a handle that has been made. Returns it, and the flags of what the call asks for.
function request.fill(handle, options, stream)
    options = errors.expect(options, "table", "options") or {}
    check_keys(options, REQUEST_KEYS, "a request")
    set_path(handle, core.claude_request_endpoint(handle), options.path)
    if options.query ~= nil then
        local query = type(options.query) == "table" and encode(options.query, "the query") or options.query
        core.claude_request_set_query_json(handle, errors.expect(query, "string", "the query, if it is no table,"))
    end
    for _, name in ipairs(errors.expect(options.betas, "table", "betas") or {}) do
        core.claude_request_add_beta(handle, name)
    end
    set_form(handle, options.form)
    attach(handle, options.files)
    set_headers(options.headers, core.claude_request_set_header, handle)
    if options.timeout ~= nil then
        for _, name in ipairs(stream and STREAM_TIMEOUTS or BODY_TIMEOUTS) do
            core.claude_request_set_option(handle, name, milliseconds(options.timeout))
        end
    end
    if errors.expect(options.compress, "boolean", "compress") then
        core.claude_add_compression_headers(handle)
    end
    if options.snapshot ~= nil then
        local name = errors.expect(options.snapshot, "string", "snapshot")
        core.claude_request_set_option(handle, "request.snapshot", name)
    end
    for name, value in pairs(errors.expect(options.options, "table", "the options of the library") or {}) do
        core.claude_request_set_option(handle, name, option_text(value, tostring(name)))
    end
    return handle, flags_of(options)
end

-- The handle of a request, and the flags of what the call asks for. The body is a table, a string of JSON that is sent
-- byte for byte, or nil. Of an endpoint that takes none the options may stand in its place.
function request.build(endpoint, body, options, stream)
    local handle = core.claude_request_new(errors.expect(endpoint, "string", "the name of an endpoint"))
    local files
    if type(body) == "table" and options == nil and request.about(endpoint, "body") == "none" then
        body, options = nil, body
    elseif type(body) == "table" then
        body, files = request.encode_with_files(body, "the body")
    end
    if body ~= nil then
        core.claude_request_set_json(handle, errors.expect(body, "string", "the body, if it is no table,"))
    end
    attach(handle, files)
    return request.fill(handle, options, stream)
end

return request
