-- resource.lua - the endpoints by their names: client.messages.batches.retrieve("msgbatch_1").
--
-- The parameters of the path come first, in its order. Then comes the body, of endpoints that take none the query, of
-- those that take a form its fields; then the options, as for client:request().

local core = require "claude.core"
local errors = require "claude.errors"
local request = require "claude.request"

local resource = {}

-- Names of endpoints are true, what comes before a dot in one is false.
local names

local function known(name)
    if not names then
        names = {}
        local at = 0
        local endpoint = core.claude_endpoint_at(at)
        while endpoint do
            for stop in endpoint:gmatch "()%." do
                names[endpoint:sub(1, stop - 1)] = names[endpoint:sub(1, stop - 1)] or false
            end
            names[endpoint] = true
            at = at + 1
            endpoint = core.claude_endpoint_at(at)
        end
        names.beta = names.beta or false
    end
    if names[name] == nil then
        return names[(name:gsub("^beta%.", ""))]
    end
    return names[name]
end

-- What has a helper of its own.
local helpers = {}

helpers["messages.stream"] = function(owner, ...)
    return owner:stream(...)
end

helpers["messages.parse"] = function(owner, ...)
    return owner:parse(...)
end

helpers["messages.batches.results"] = function(owner, ...)
    return owner:results(...)
end

helpers["messages.batches.wait"] = function(owner, ...)
    return owner:wait_batch(...)
end

local PARAMETERS = { none = "query", multipart = "form" }

-- The arguments of an endpoint: body and options.
local function arguments(name, ...)
    local given, at, path, options = { ... }, 1, {}, {}
    for position in ipairs(request.parameters(name)) do
        if type(given[at]) ~= "string" and type(given[at]) ~= "number" then
            break
        end
        path[position] = given[at]
        at = at + 1
    end
    for key, value in pairs(errors.expect(given[at + 1], "table", "options") or {}) do
        options[key] = value
    end
    options.path = options.path or path
    local place = PARAMETERS[request.about(name, "body")]
    if place and given[at] ~= nil then
        options[place] = given[at]
        return nil, options
    end
    return given[at], options
end

-- What lists have beside being called: client.models.list.items{limit = 20}.
local lists = {}

function lists.items(owner, name, ...)
    local _, options = arguments(name, ...)
    return owner:items(name, options)
end

function lists.pages(owner, name, ...)
    local _, options = arguments(name, ...)
    return owner:pages(name, options)
end

local OWNER, NAME = {}, {}
local meta = { __name = "claude.resource" }

local function node(owner, name)
    return setmetatable({ [OWNER] = owner, [NAME] = name }, meta)
end

function meta:__index(key)
    local owner, name = rawget(self, OWNER), rawget(self, NAME)
    local child = name .. "." .. tostring(key)
    if lists[key] and known(name) then
        return function(...)
            return lists[key](owner, name, ...)
        end
    elseif known(child) == nil and not helpers[(child:gsub("^beta%.", ""))] then
        core.claude_request_new(child) -- says that there is none, and what there is
    end
    return node(owner, child)
end

local ANSWERS = { events = true, lines = true, bytes = true }

function meta:__call(first, ...)
    local owner, name = rawget(self, OWNER), rawget(self, NAME)
    if getmetatable(first) == meta then -- client.models:list()
        return resource.call(owner, name, ...)
    end
    return resource.call(owner, name, first, ...)
end

function meta:__tostring()
    return "claude.resource: " .. rawget(self, NAME)
end

function resource.call(owner, name, ...)
    local helper = helpers[(name:gsub("^beta%.", ""))]
    if helper then
        return helper(owner, ...)
    end
    local body, options = arguments(name, ...)
    local stream = options.stream
    if stream == nil then
        stream = ANSWERS[request.about(name, "answer")]
    end
    if stream then
        options.endpoint = name
        return owner:stream(body, options)
    end
    return owner:request(name, body, options)
end

-- The endpoints whose names begin with `key`; nil if there are none.
function resource.of(owner, key)
    if type(key) == "string" and known(key) ~= nil then
        return node(owner, key)
    end
    return nil
end

return resource
