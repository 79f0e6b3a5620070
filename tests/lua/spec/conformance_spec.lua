-- All cases of tests/conformance/cases, each by waiting and by a loop; see tests/conformance/README.md.
local claude = require "claude"
local support = require "support"

local lfs = require "lfs"

local json = claude.json
local folder = support.root .. "/tests/conformance/cases"

-- The members that a case may have; anything else is a mistake.
local KNOWN = {
    case = "about scenario client client_headers endpoints times request expect",
    endpoint = "path priority api_key models",
    request = "endpoint stream with body body_text headers options path query betas files form",
    form = "name text content filename media_type",
    expect = "sent codes report metrics events text bytes event_count response error",
    sent = "method target body body_text body_contains headers",
    event = "kind name index text json",
    response = "status type id model stop_reason text request_id usage headers json raw at",
    error = "code category http_status api_type error_code message contains retryable retry_after_ms attempts "
        .. "request_id response feature cause",
}

local function check_members(what, object)
    for name in pairs(object) do
        assert((" " .. KNOWN[what] .. " "):find(" " .. name .. " ", 1, true), what .. " has the unknown " .. name)
    end
end

local function show(value)
    return value == nil and "nothing" or json.encode(value) or tostring(value)
end

local function fail(where, expected, found)
    error(("%s: expected %s, found %s"):format(where, show(expected), show(found)), 0)
end

local function same(a, b)
    if type(a) ~= "table" or type(b) ~= "table" or a == json.null or b == json.null then
        return a == b
    elseif getmetatable(a) ~= getmetatable(b) then
        return false
    elseif a == b then
        return true
    end
    for key, value in pairs(a) do
        if not same(value, b[key]) then
            return false
        end
    end
    for key in pairs(b) do
        if a[key] == nil then
            return false
        end
    end
    return true
end

local function check(where, expected, found)
    if not same(expected, found) then
        fail(where, expected, found)
    end
end

-- null: there is none; true, where it may be: there is one.
local function check_maybe(where, expected, found, truth)
    if expected == json.null then
        if found ~= nil and found ~= json.null then
            fail(where, expected, found)
        end
    elseif not (truth and expected == true and found ~= nil and found ~= json.null) then
        check(where, expected, found)
    end
end

local function check_headers(where, expected, found)
    for name, value in pairs(expected) do
        check_maybe(where .. "." .. name, value, found[name:lower()], true)
    end
end

local function check_response(where, expected, found)
    check_members("response", expected)
    for name, value in pairs(expected) do
        local at = where .. "." .. name
        if name == "status" then
            check(at, value, found.http_status)
        elseif name == "usage" then
            for counter, number in pairs(value) do
                check_maybe(at .. "." .. counter, number, found:at("/usage/" .. counter))
            end
        elseif name == "headers" then
            check_headers(at, value, found.headers)
        elseif name == "json" then
            check(at, value, json.decode(found.raw))
        elseif name == "at" then
            for pointer, part in pairs(value) do
                check(at .. pointer, part, found:at(pointer))
            end
        elseif name == "request_id" then
            check_maybe(at, value, found.request_id, true)
        elseif name == "raw" or name == "text" then
            check(at, value, found[name])
        else
            check_maybe(at, value, found:table()[name])
        end
    end
end

local check_error

function check_error(expected, found)
    check_members("error", expected)
    if not claude.is_error(found) then
        fail("error", expected, tostring(found))
    end
    for name, value in pairs(expected) do
        if name == "contains" then
            for _, text in ipairs(value) do
                assert(found.message:find(text, 1, true), ("the message lacks %q: %s"):format(text, found.message))
            end
        elseif name == "code" then
            check("error.code", value, found.name)
        elseif name == "cause" and value ~= json.null then
            check_error(value, found.cause)
        elseif name == "response" then
            if value == json.null then
                check_maybe("error.response", value, found.response)
            else
                check_response("error.response", value, found.response or fail("error.response", value))
            end
        else
            check_maybe("error." .. name, value, found[name], name == "request_id")
        end
    end
end

local function check_events(expected, found)
    for at, event in ipairs(expected) do
        check_members("event", event)
        local seen = found[at] or fail(("event %d"):format(at), event)
        for name, value in pairs(event) do
            local where = ("event %d, %s"):format(at, name)
            if name == "json" then
                check(where, value, seen.data)
            else
                check_maybe(where, value, seen[name == "name" and "type" or name])
            end
        end
    end
    check("the number of events", #expected, #found)
end

-- What is nothing in a report of Lua.
local NOTHING = { stopped_by = "", snapshot = "", first_event_ms = -1, http_status = 0 }

-- A member of a report, or of an attempt in it; true where there is a number: it is above 0.
local function check_described(where, name, expected, found)
    if expected == true and type(found) == "number" then
        assert(found > 0, where .. " is " .. found)
    elseif expected == NOTHING[name] then
        check_maybe(where, json.null, found)
    else
        check_maybe(where, expected, found)
    end
end

local function check_attempts(expected, found)
    check("the number of attempts", #expected, #found)
    for at, attempt in ipairs(expected) do
        for name, value in pairs(attempt) do
            check_described(("attempt %d, %s"):format(at, name), name, value, found[at][name])
        end
    end
end

local function check_report(expected, found)
    if expected == json.null then
        check_maybe("report", expected, found)
        return
    end
    for name, value in pairs(expected) do
        if name == "attempt_list" then
            check_attempts(value, found.attempt_list)
        elseif name == "endpoint_url" then -- without the sandbox's own
            local url = found.endpoint_url or ""
            local path = url:find(support.url, 1, true) == 1 and url:sub(#support.url + 1)
            check("report.endpoint_url", value, path or url)
        else
            check_described("report." .. name, name, value, found[name])
        end
    end
end

local function check_metrics(expected, client)
    local metrics = client:metrics()
    for name, value in pairs(expected) do
        check_maybe("metrics." .. name, value, metrics:value(name))
    end
end

local function check_request(expected, sent)
    check_members("sent", expected)
    local headers = {}
    for _, pair in ipairs(sent.headers) do
        headers[pair[1]:lower()] = pair[2]
    end
    for name, value in pairs(expected) do
        if name == "headers" then
            check_headers("sent.headers", value, headers)
        elseif name == "body_contains" then
            for _, text in ipairs(value) do
                assert(sent.body:find(text, 1, true), ("sent.body lacks %q: %s"):format(text, sent.body))
            end
        elseif name == "body" then
            check("sent.body", value, json.decode(sent.body))
        else
            check("sent." .. name, value, sent[name == "body_text" and "body" or name])
        end
    end
end

-- One request, a list of them, or null: none.
local function check_sent(expected)
    local requests = support.control("GET", "requests").requests
    if expected == json.null or not json.is_array(expected) then
        expected = { expected ~= json.null and expected or nil }
    end
    check("requests sent", #expected, #requests)
    for at, request in ipairs(expected) do
        check_request(request, requests[at])
    end
end

-- The ways to make a call: events go where the caller sees them also when it fails; the answer is returned.
local ways = {}

function ways.waiting(client, request, body, options, events)
    options.endpoint = request.endpoint
    if not request.stream then
        local with = request.with or {}
        return client[#with == 1 and "execute_with_" .. with[1] or "execute"](client, body, options)
    end
    local stream = client:stream(body, options)
    for event in stream do
        events[#events + 1] = event
    end
    return stream:final()
end

function ways.loop(client, request, body, options, events)
    local loop = claude.loop(client)
    options.endpoint, options.stream = request.endpoint, request.stream or false
    local call = loop:submit(body, options)
    while loop:count() > 0 do
        loop:wait(10000)
        for _, event in loop.next, loop do
            events[#events + 1] = event
        end
    end
    return call:result()
end

local function failover_of(case, config)
    local endpoints = {}
    for at, endpoint in ipairs(case.endpoints) do
        check_members("endpoint", endpoint)
        endpoints[at] = { url = support.url .. endpoint.path, priority = endpoint.priority, api_key = endpoint.api_key,
            models = endpoint.models }
    end
    return claude.failover { config = config, endpoints = endpoints }
end

local function settings_of(case)
    local config = { base_url = support.url, api_key = support.key }
    for name, value in pairs(case.client or {}) do
        config[name] = value
    end
    return { config = config, headers = case.client_headers, failover = case.endpoints and failover_of(case, config) }
end

local function options_of(case, name)
    local headers = {}
    for header, value in pairs(case.request.headers or {}) do
        headers[header] = value
    end
    headers["x-sandbox-scenario"] = type(case.scenario) == "table" and name or case.scenario
    local request = case.request
    for _, part in ipairs(request.form or {}) do
        check_members("form", part)
    end
    local options = { headers = headers, options = request.options, path = request.path, query = request.query,
        betas = request.betas, form = request.form }
    for _, feature in ipairs(request.with or {}) do
        options["with_" .. feature] = true
    end
    return options
end

-- A value in which files stand where their names did.
local function with_files(value, files)
    if type(value) == "string" then
        return files[value] or value
    elseif type(value) ~= "table" or value == json.null or getmetatable(value) == getmetatable(claude.number "1") then
        return value
    end
    local copy = json.is_array(value) and claude.array() or {}
    for key, member in pairs(value) do
        copy[key] = with_files(member, files)
    end
    return copy
end

local function body_of(request)
    if not request.files or not request.body then
        assert(not request.files, "files stand in a body")
        return request.body_text or request.body
    end
    local files = {}
    for name, content in pairs(request.files) do
        files[name] = claude.bytes(content)
    end
    return with_files(request.body, files)
end

-- Makes the calls of a case: whether the last one went well, what it brought, its events, the codes of all, the client.
local function make_calls(case, name, way)
    local made, client = pcall(function()
        return claude.client(settings_of(case))
    end)
    if not made then
        return false, client, {}, { client.name }
    end
    local ok, found, events, codes
    for at = 1, case.times or 1 do
        events, codes = {}, codes or {}
        ok, found = pcall(function()
            return way(client, case.request, body_of(case.request), options_of(case, name), events)
        end)
        codes[at] = ok and "CLAUDE_OK" or claude.is_error(found) and found.name or tostring(found)
    end
    return ok, found, events, codes, client
end

local function run(case, name, way)
    support.control("POST", "reset")
    if type(case.scenario) == "table" then
        support.control("PUT", "scenarios/" .. name, case.scenario)
    end
    local ok, found, events, codes, client = make_calls(case, name, way)
    local expect = case.expect
    if expect.error then
        if ok then
            fail("error", expect.error, "an answer")
        end
        check_error(expect.error, found)
    elseif not ok then
        fail("response", expect.response, tostring(found))
    else
        check_response("response", expect.response, found)
    end
    if expect.events then
        check_events(expect.events, events)
    end
    if expect.text then
        check("text", expect.text, support.text_of(events))
    end
    if expect.bytes then
        check("bytes", expect.bytes, support.text_of(events, "bytes"))
    end
    if expect.event_count then
        check("event_count", expect.event_count, #events)
    end
    if expect.sent then
        check_sent(expect.sent)
    end
    if expect.codes then
        check("codes", expect.codes, json.array(codes))
    end
    if expect.report then
        check_report(expect.report, found.report)
    end
    if expect.metrics then
        check_metrics(expect.metrics, client)
    end
end

describe("The conformance case", function()
    local names = {}
    for file in lfs.dir(folder) do
        names[#names + 1] = file:match "^(.*)%.json$"
    end
    table.sort(names)
    assert(#names > 0, "there are no cases")

    for _, name in ipairs(names) do
        local file = assert(io.open(folder .. "/" .. name .. ".json", "rb"))
        local text = file:read "*a"
        local case = assert(json.decode(text))
        file:close()
        -- Parameters have an order, which tables have not.
        case.request.query = case.request.query and assert(text:match '"query":%s*(%b{})')
        for way_name, way in pairs(ways) do
            it(name .. ", by " .. way_name, function()
                check_members("case", case)
                check_members("request", case.request)
                check_members("expect", case.expect)
                assert((case.expect.error == nil) ~= (case.expect.response == nil), "one of response and error")
                run(case, name, way)
            end)
        end
    end
end)
