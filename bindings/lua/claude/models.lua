-- models.lua - facts about models, and what follows from them: costs, whether a prompt fits, deprecations.
--
-- claude.models is the table that is built into the library; claude.models.load() makes one of the program's own, with
-- the same functions as methods. Money is in nano-dollars: 1 US dollar is 1,000,000,000.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"
local request = require "claude.request"
local response = require "claude.response"

local Models = {}
Models.__index = Models
Models.__name = "claude.models"

local function now_ms()
    return os.time() * 1000
end

local function known(number)
    return number >= 0 and number or nil
end

-- nil and why: "unpriced", the table has no price; "unknown", there is nothing to be priced.
local function cost_or_reason(cost)
    if cost == core.CLAUDE_COST_UNPRICED or cost == core.CLAUDE_COST_UNKNOWN then
        return nil, cost == core.CLAUDE_COST_UNPRICED and "unpriced" or "unknown"
    end
    return cost
end

-- The ids of all models.
function Models:ids()
    local ids = {}
    for at = 1, core.claude_models_count(self._handle) do
        ids[at] = core.claude_models_at(self._handle, at - 1)
    end
    return ids
end

-- The id under which the table knows a model, by any of its names; nil.
function Models:find(model)
    return core.claude_models_find(self._handle, model)
end

-- A fact: a text ("display_name", "lifecycle", "replacement", ...) or a number ("context_window", ...); nil.
function Models:fact(model, what)
    local handle = self._handle
    return core.claude_models_text(handle, model, what) or known(core.claude_models_int(handle, model, what))
end

-- A sentence that says that a model, or a way of using it ("thinking/enabled"), is deprecated; nil.
function Models:deprecation(model, feature)
    local _, text = core.claude_models_deprecation(self._handle, model, feature)
    return text
end

-- Days until a model is retired, nil if no date is known.
function Models:days_left(model)
    return known(core.claude_models_days_left(self._handle, model, now_ms()))
end

-- What a message has cost, or a part of it ("input", "output", "cache_read", "cache_savings", ...): an answer, the
-- message of a batch's result (with batch = true), or a table like its usage (with model). nil and why.
function Models:cost(message, options)
    options = errors.expect(options, "table", "options") or {}
    if response.is(message) and not options.batch then
        local handle = response.handle(message, "a message")
        return cost_or_reason(core.claude_cost_of(self._handle, options.model, handle, options.part or "total"))
    end
    local text = response.is(message) and message.raw or request.encode(message, "the usage")
    return cost_or_reason(core.claude_cost_of_json(self._handle, options.model, text,
        options.batch and core.CLAUDE_COST_BATCH or 0, options.part))
end

-- The most that a request can cost. nil and why.
function Models:estimate(model, input_tokens, max_tokens, options)
    local flags = options and options.batch and core.CLAUDE_COST_BATCH or 0
    return cost_or_reason(core.claude_cost_estimate(self._handle, model, input_tokens, max_tokens, flags))
end

-- Throws if a prompt and its answer do not fit the model's context window.
function Models:check_context(model, input_tokens, max_tokens)
    core.claude_context_check(self._handle, model, input_tokens, max_tokens)
end

-- The whole table.
function Models:table()
    return json.decode(core.claude_models_json(self._handle))
end

-- The same functions of the table that is built in, without a colon.
local models = {}
local builtin

-- When it is first asked for: a library may have been built without one.
local function built_in()
    builtin = builtin or setmetatable({ _handle = core.claude_models_builtin() }, Models)
    return builtin
end

for name, method in pairs(Models) do
    if type(method) == "function" then
        models[name] = function(...)
            return method(built_in(), ...)
        end
    end
end

-- A table of the program's own: a table of Lua, or its JSON. For `models` of a client, too.
function models.load(facts)
    local text = type(facts) == "table" and request.encode(facts, "the table of models") or facts
    return setmetatable({ _handle = core.claude_models_load_json(text) }, Models)
end

-- What the API tells: answers of "models.retrieve" and "models.list" --------------------------------------------------

-- A field of a model: "display_name", "max_input_tokens", ...; nil. Of an answer with many, `model` says which.
function models.field(info, what, model)
    local handle = response.handle(info, "what is known of models")
    return core.claude_model_text(handle, model, what) or known(core.claude_model_int(handle, model, what))
end

-- Whether a model can do something ("pdf_input", "effort/high", ...); nil if the answer does not say.
function models.supports(info, capability, model)
    local supported = core.claude_model_supports(response.handle(info, "what is known of models"), model, capability)
    if supported < 0 then
        return nil
    end
    return supported == 1
end

-- Days until a model is retired, nil if the answer has no date.
function models.days_left_of(info, model)
    return known(core.claude_model_days_left(response.handle(info, "what is known of models"), model, now_ms()))
end

-- The first of some models that is available, by an answer of "models.list"; nil.
function models.choose(list, wanted)
    errors.expect(wanted, "table", "the list of wishes")
    local handle = response.handle(list, "what is known of models")
    return core.claude_model_choose(handle, table.concat(wanted, ","), now_ms())
end

return models
