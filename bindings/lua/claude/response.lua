-- response.lua - an answer: a table-like view of its JSON body, decoded when first looked into.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"
local report = require "claude.report"

local response = {}

local methods, computed = {}, {}
local meta = { __name = "claude.response" }

-- Where a response keeps what is not of its body: no key of a user's can be equal to these.
local HANDLE, BODY = {}, {}

local function body_of(self)
    local body = rawget(self, BODY)
    if body == nil then
        -- A body that is no JSON object (a proxy's page of HTML) has no members.
        body = json.decode(core.claude_response_json(rawget(self, HANDLE)))
        body = type(body) == "table" and body or {}
        rawset(self, BODY, body)
    end
    return body
end

function computed.http_status(handle)
    return core.claude_response_status(handle)
end

function computed.request_id(handle)
    return core.claude_response_request_id(handle)
end

-- The body as it was received; for a stream, the message put together from it.
function computed.raw(handle)
    return core.claude_response_json(handle)
end

-- All text of a message, joined.
function computed.text(handle)
    return core.claude_response_text(handle)
end

-- Headers by their names in lower case; of several with one name, the last counts.
function computed.headers(handle)
    local headers, at = {}, 0
    while true do
        local found, name, value = core.claude_response_header_at(handle, at)
        if found == 0 then
            return headers
        end
        headers[name:lower()] = value
        at = at + 1
    end
end

-- The decoded body as a plain table.
function methods:table()
    return body_of(self)
end

-- The value at a JSON pointer ("/content/0/text"), nil if there is none.
function methods:at(pointer)
    errors.expect(pointer, "string", "a JSON pointer")
    local found, text = core.claude_response_slice(rawget(self, HANDLE), pointer)
    if found == 1 then
        return (json.decode(text))
    end
    return nil
end

-- What happened on the way: attempts, waits, ...; nil for an answer of a text that was kept.
function computed.report(handle)
    return report.table(core.claude_response_report(handle))
end

-- Figures of a rate limit, by the function that knows them: nil for what the server did not send.
function response.figures(fn, handle, what)
    local figures = {}
    for index, which in ipairs { "LIMIT", "REMAINING", "RESET_MS", "RESET_IN_MS", "USED_PERCENT" } do
        local figure = fn(handle, what, core["CLAUDE_RATE_LIMIT_" .. which])
        figures[index] = figure ~= -1 and figure or nil
    end
    return figures[1], figures[2], figures[3], figures[4], figures[5]
end

-- Figures of the rate limit "requests", "tokens", "input-tokens", ...: limit, remaining, when it is full again
-- (milliseconds since 1970), in how many milliseconds after the answer that is, and how much of it is used (percent).
function methods:rate_limit(what)
    return response.figures(core.claude_response_rate_limit, rawget(self, HANDLE), what)
end

-- What the library says of a message. ---------------------------------------------------------------------------------

-- Whether the model refused to answer: nothing, or {category, explanation, recommended_model}.
function methods:refused()
    local handle = rawget(self, HANDLE)
    if core.claude_response_is_refusal(handle) == 0 then
        return nil
    end
    return {
        category = core.claude_response_refusal_category(handle),
        explanation = core.claude_response_refusal_explanation(handle),
        recommended_model = core.claude_response_recommended_model(handle),
    }
end

-- The blocks of tools that the program is to run.
function methods:tool_calls()
    local handle, blocks = rawget(self, HANDLE), {}
    for at = 1, core.claude_response_tool_use_count(handle) do
        blocks[at] = self:at("/content/" .. core.claude_response_tool_use_at(handle, at - 1))
    end
    return blocks
end

-- The container that code ran in, to be named in the next request.
function methods:container_id()
    return core.claude_response_container_id(rawget(self, HANDLE))
end

-- What the prompt cache did: {prompt_tokens, hit_ratio, miss_reason}; nothing where there is no usage.
function methods:cache_use()
    local handle = rawget(self, HANDLE)
    local tokens, ratio = core.claude_response_prompt_tokens(handle), core.claude_response_cache_hit_ratio(handle)
    if tokens < 0 then
        return nil
    end
    return { prompt_tokens = tokens, hit_ratio = ratio >= 0 and ratio or nil,
        miss_reason = core.claude_response_cache_miss_reason(handle) }
end

-- ---------------------------------------------------------------------------------------------------------------------

function meta:__index(key)
    local method = methods[key]
    if method then
        return method
    end
    local compute = computed[key]
    if compute then
        return compute(rawget(self, HANDLE))
    end
    return body_of(self)[key]
end

function meta.__newindex()
    errors.invalid("an answer cannot be changed; :table() is a table")
end

function meta:__pairs()
    return pairs(body_of(self))
end

function meta:__tostring()
    return ("claude.response: %d, %d bytes"):format(self.http_status, #self.raw)
end

-- A response of a handle that is handed over; nil for nil.
function response.wrap(handle)
    return handle and setmetatable({ [HANDLE] = handle }, meta)
end

-- The handle of an answer; what is none is an error that names it.
function response.handle(value, what)
    if getmetatable(value) ~= meta then
        errors.invalid("%s must be an answer, got %s", what, type(value))
    end
    return rawget(value, HANDLE)
end

function response.is(value)
    return getmetatable(value) == meta
end

-- An answer of a text from elsewhere: a message that was kept.
function response.parse(text)
    return response.wrap(core.claude_response_parse(text))
end

errors.wrap_response = response.wrap

return response
