-- calls.lua - what clients and loops have in common: calls of every endpoint, and what takes more than one.
--
-- Each has perform(handle, flags), which sends a request and returns its answer; open(handle, flags), which returns the
-- stream of its pieces; sleep(ms); and open_client(), whose configuration counts. Flags are those of claude.request.

local core = require "claude.core"
local diagnostics = require "claude.diagnostics"
local errors = require "claude.errors"
local file = require "claude.file"
local health = require "claude.health"
local json = require "claude.json"
local metrics = require "claude.metrics"
local request = require "claude.request"
local resource = require "claude.resource"
local response = require "claude.response"

local calls, methods = {}, {}

-- Calls any endpoint by its name and returns its answer: client:request("messages.create", {model = ...}).
function methods:request(endpoint, body, options)
    return self:perform(request.build(endpoint, body, options))
end

-- Sends a message and returns the answer.
function methods:create(body, options)
    return self:request("messages.create", body, options)
end

-- Sends a message, or calls another endpoint (options.endpoint): one attempt. Its relatives execute_with_retries(), ...
-- do what their names say.
function methods:execute(body, options)
    return self:request(request.endpoint_of(options), body, options)
end

for feature in pairs(request.FEATURES) do
    methods["execute_" .. feature] = function(self, body, options)
        local asked = {}
        for name, value in pairs(errors.expect(options, "table", "options") or {}) do
            asked[name] = value
        end
        asked[feature] = true
        return self:execute(body, asked)
    end
end

-- Counts the tokens of a message without sending it to the model: .input_tokens. The body is that of create().
function methods:count_tokens(body, options)
    local handle, flags = request.build("messages.create", body, options)
    return self:perform(core.claude_count_tokens_request(handle), flags)
end

-- Sends a message and returns the stream of its events. (options.endpoint: of what else comes piece by piece.)
function methods:stream(body, options)
    return self:open(request.build(request.endpoint_of(options), body, options, true))
end

-- Lists ---------------------------------------------------------------------------------------------------------------

-- The pages of a list, one by one.
function methods:follow(handle, flags)
    return function()
        if not handle then
            return nil
        end
        local page = self:perform(handle, flags)
        local _, following = core.claude_page_next(handle, response.handle(page, "a page"))
        handle = following
        return page
    end
end
calls.follow = methods.follow

-- for page in client:pages("models.list", {query = {limit = 20}}) do
function methods:pages(endpoint, options)
    return self:follow(request.build(endpoint, nil, options))
end

-- for item in client:items("models.list") do: pages are fetched as they are needed.
function methods:items(endpoint, options)
    local next_page, items, at = self:pages(endpoint, options), {}, 0
    return function()
        while at >= #items do
            local page = next_page()
            if not page then
                return nil
            end
            items, at = page.data, 0
            if type(items) ~= "table" then
                errors.invalid("%s: the answer has no data", endpoint)
            end
        end
        at = at + 1
        return items[at]
    end
end

-- Batches -------------------------------------------------------------------------------------------------------------

local function id_of(thing)
    return type(thing) == "string" and thing or thing.id
end

local function build_batch(requests)
    local builder = core.claude_batch_builder_new()
    for at, one in ipairs(requests) do
        errors.expect(one, "table", ("request %d of the batch"):format(at))
        core.claude_batch_builder_add(builder, one.custom_id, (request.build("messages.create", one.params)))
    end
    return core.claude_batch_builder_request(builder)
end

-- Begins a batch: of a list of {custom_id, params}, or of a file of JSON lines (a claude.file, or a path).
function methods:create_batch(requests, options)
    local handle
    if type(requests) == "string" or file.is(requests) then
        handle = core.claude_batch_file_request(file.of(requests)._handle)
    else
        handle = build_batch(errors.expect(requests, "table", "the requests of a batch") or {})
    end
    return self:perform(request.fill(handle, options))
end

-- for result in client:results(batch) do: {custom_id, type, message or error, json}. A batch, or its id.
function methods:results(batch, options)
    local handle
    if response.is(batch) then
        handle = core.claude_batch_results_request(response.handle(batch, "a batch"))
    else
        handle = core.claude_request_new("messages.batches.results")
        core.claude_request_set_path(handle, "message_batch_id", batch)
    end
    return self:open(request.fill(handle, options, true)):results()
end

local function to_ms(seconds, what)
    if seconds ~= nil and (type(seconds) ~= "number" or not (seconds > 0 and seconds < 1e9)) then
        errors.invalid("%s is %s; it must be a number of seconds above 0", what, tostring(seconds))
    end
    return seconds and math.ceil(seconds * 1000) or nil
end

-- Asks for a batch until it has ended, with pauses that grow, and returns it; nil when `timeout` has passed. Options:
-- progress, a function that is shown the batch each time; first, most: pauses in seconds (1, 60); timeout: seconds;
-- and with_retries, ..., for each time that it asks.
function methods:wait_batch(batch, options)
    options = errors.expect(options, "table", "options") or {}
    local first, most = to_ms(options.first, "first") or 0, to_ms(options.most, "most") or 0
    local left, attempt, asked = to_ms(options.timeout, "timeout"), 0, { path = { message_batch_id = id_of(batch) } }
    for name in pairs(request.FEATURES) do
        asked[name] = options[name]
    end
    while true do
        local found = self:request("messages.batches.retrieve", nil, asked)
        if options.progress then
            options.progress(found)
        end
        local delay = core.claude_batch_poll_delay(response.handle(found, "a batch"), attempt, first, most)
        if delay == 0 then
            return found
        elseif left and left < delay then
            return nil
        end
        left, attempt = left and left - delay, attempt + 1
        self:sleep(delay)
    end
end

-- Files and skills ----------------------------------------------------------------------------------------------------

-- Uploads a file: a claude.file, or a path. Options: also expires_in_seconds by form.
function methods:upload(source, options)
    return self:perform(request.fill(core.claude_file_upload_request(file.of(source)._handle), options))
end

-- The content of a file: a stream with chunks() and save(). With a path it is saved there, and its size returned.
function methods:download(id, path, options)
    local stream = self:open(request.fill(core.claude_file_download_request(id_of(id)), options, true))
    return path and stream:save(path) or stream
end

-- Makes a skill of a directory.
function methods:create_skill(directory, display_name, options)
    return self:perform(request.fill(core.claude_skill_from_directory(directory, display_name), options))
end

-- Makes a new version of a skill of a directory.
function methods:create_skill_version(skill, directory, options)
    local handle = core.claude_request_new("skills.versions.create")
    core.claude_request_set_path(handle, "skill_id", id_of(skill))
    core.claude_skill_add_directory(handle, directory)
    return self:perform(request.fill(handle, options))
end

-- Structured outputs and validation -----------------------------------------------------------------------------------

-- Sends a message whose answer is JSON of a shape, a table with a JSON schema. Returns the value, and the answer.
function methods:parse(body, schema, options)
    local handle, flags = request.build("messages.create", body, options)
    local text = request.encode(schema, "the schema")
    core.claude_request_set_structured_output(handle, text)
    local answer = self:perform(handle, flags)
    local parsed = core.claude_response_parse_structured(response.handle(answer, "an answer"), text)
    return json.decode(core.claude_response_json(parsed)), answer
end

local function without_nulls(problem)
    local kept = {}
    for name, value in pairs(problem) do
        kept[name] = value ~= json.null and value or nil
    end
    return kept
end

-- What is wrong with a message, all of it, before it is sent: a list, empty if nothing is, of {code, field, value,
-- constraint, fix, tool, message}. (options.endpoint: another one's body; options.stream: to be streamed.)
function methods:validate(body, options)
    local stream = type(options) == "table" and options.stream
    local handle = request.build(request.endpoint_of(options), body, options, stream)
    local flags = stream and core.CLAUDE_STREAM or 0
    local _, problems = core.claude_client_validate(self:open_client(), handle, flags)
    local list = json.decode(core.claude_problems_json(problems))
    for at, problem in ipairs(list) do
        list[at] = without_nulls(problem)
    end
    return list
end

-- Metrics and health --------------------------------------------------------------------------------------------------

-- What the client has counted until now; it needs the option metrics.enabled.
function methods:metrics()
    return metrics.of(self:open_client())
end

-- Endpoints to be checked: a list of addresses or of {url, api_key}; without it those of the failover, or the client's.
function methods:health(endpoints)
    return health.of(self:open_client(), endpoints)
end

-- Checks one endpoint: its state, and its response time in milliseconds if it has answered. This waits, also in a loop.
function methods:check_endpoint(url)
    return health.check_endpoint(self:open_client(), url)
end

-- Diagnostics ---------------------------------------------------------------------------------------------------------

-- What can be said of the client, without sending anything: docs/diagnostics.md has its members.
function methods:diagnostics()
    return diagnostics.of(self:open_client())
end

-- Finds out what is wrong: {url, worst, checks = {{name, status, text, fix, ms}}}. Options: key = true sends the key,
-- too; model, to look for; timeout: seconds for all of it (10). This waits, also in a loop.
function methods:selftest(options)
    return diagnostics.selftest(self:open_client(), options)
end

-- The curl command that does what the same call would do. With options.body_file, the name of a file, also the bytes
-- that belong into it; without, they are in the command. (options.endpoint: of another endpoint; options.stream.)
function methods:curl(body, options)
    local kept = {}
    for name, value in pairs(errors.expect(options, "table", "options") or {}) do
        kept[name] = name ~= "body_file" and value or nil
    end
    local handle, flags = request.build(request.endpoint_of(kept), body, kept, kept.stream)
    return diagnostics.curl(self:open_client(), handle, flags + (kept.stream and core.CLAUDE_STREAM or 0),
        options and options.body_file)
end

-- ---------------------------------------------------------------------------------------------------------------------

-- Gives a class these methods, and the endpoints by their names: client.messages.batches.retrieve(id).
function calls.add(class)
    for name, method in pairs(methods) do
        class[name] = class[name] or method
    end
    function class.__index(self, key)
        local method = class[key]
        if method == nil then
            return resource.of(self, key)
        end
        return method
    end
end

return calls
