-- errors.lua - what is thrown: a table with the fields of the library's error object, whose tostring() is the message.

local core = require "claude.core"
local report = require "claude.report"

local errors = {}

local meta = { __name = "claude.error" }

function meta.__tostring(failure)
    return failure.message
end

function meta.__concat(left, right)
    return tostring(left) .. tostring(right)
end

local function positive(number)
    return number > 0 and number or nil
end

-- How full a quota was that refused a call; nil for other errors.
local function quota_of(handle)
    local found
    for _, what in ipairs { "limit", "used", "reserved", "needed", "reset_at_ms", "per_model" } do
        local figure = core.claude_error_quota(handle, what)
        if figure ~= -1 then
            found = found or {}
            found[what] = figure
        end
    end
    if found then
        found.per_model = found.per_model == 1
    end
    return found
end

local function from_handle(handle)
    local code, cause = core.claude_error_code(handle), core.claude_error_cause(handle)
    local wait = core.claude_error_retry_after_ms(handle)
    local problem = code == core.CLAUDE_E_CALLBACK and errors.provider_problem(core.claude_error_user_code(handle))
    if problem then
        return problem
    end
    return setmetatable({
        code = code,
        name = core.claude_code_name(code),
        category = core.claude_category_name(core.claude_error_category(handle)),
        message = core.claude_error_message(handle),
        retryable = core.claude_error_is_retryable(handle) == 1,
        http_status = positive(core.claude_error_http_status(handle)),
        api_type = core.claude_error_api_type(handle),
        error_code = core.claude_error_error_code(handle),
        request_id = core.claude_error_request_id(handle),
        retry_after_ms = wait >= 0 and wait or nil,
        attempts = core.claude_error_attempts(handle),
        feature = core.claude_error_feature(handle),
        quota = code == core.CLAUDE_E_QUOTA and quota_of(handle) or nil,
        cause = cause and from_handle(cause) or nil,
        -- What had arrived when the call failed: for a stream the partial message.
        response = errors.wrap_response(core.claude_error_response(handle)),
        -- What happened on the way.
        report = report.table(core.claude_error_report(handle)),
    }, meta)
end

-- An error of this binding's own.
function errors.make(code, message)
    return setmetatable({
        code = code,
        name = core.claude_code_name(code),
        category = core.claude_category_name(core.claude_code_category(code)),
        message = message,
        retryable = false,
        attempts = 0,
    }, meta)
end

-- Throws what the caller did wrong.
function errors.invalid(message, ...)
    error(errors.make(core.CLAUDE_E_INVALID, message:format(...)), 0)
end

-- Throws that an object cannot be used (any more).
function errors.state(message)
    error(errors.make(core.CLAUDE_E_STATE, message), 0)
end

function errors.is(value)
    return getmetatable(value) == meta
end

-- The value if it is of that type, or nil; else an error that names it.
function errors.expect(value, kind, what)
    if value ~= nil and type(value) ~= kind then
        errors.invalid("%s must be a %s, got %s", what, kind, type(value))
    end
    return value
end

-- claude.response says what becomes of a response; that file needs this one.
function errors.wrap_response()
    return nil
end

-- claude.credentials knows what a provider has thrown; that file needs this one.
function errors.provider_problem()
    return nil
end

core.on_error(function(failure)
    if type(failure) == "string" then
        return errors.make(core.CLAUDE_E_INVALID, failure)
    elseif failure == nil then
        return errors.make(core.CLAUDE_E_NOMEM, "out of memory")
    end
    return from_handle(failure)
end)

return errors
