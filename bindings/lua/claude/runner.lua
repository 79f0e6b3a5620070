-- runner.lua - a conversation in which the model calls functions: send, run what it asks for, answer, until it is done.
--
--     local tool = {name = ..., input_schema = ..., run = function(input) ... end}
--     local runner = client:runner {model = ..., tools = {tool}, ...}
--     for message in runner do ... end
--
-- The functions run here, between two steps of the library, never below it. What one returns is the result: a string,
-- a content block, a list of those, or anything else as JSON. What it throws the model is told as an error.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"
local request = require "claude.request"
local response = require "claude.response"

local runner = {}

local Runner = {}
Runner.__index = Runner
Runner.__name = "claude.runner"

-- The body without the functions of its tools, and these by the names of the tools.
local function split(body)
    local plain, functions, tools = {}, {}, {}
    for name, value in pairs(errors.expect(body, "table", "the body")) do
        plain[name] = value
    end
    for at, tool in ipairs(errors.expect(body.tools, "table", "tools") or {}) do
        tools[at] = {}
        for name, value in pairs(errors.expect(tool, "table", "a tool")) do
            tools[at][name] = name ~= "run" and value or nil
        end
        if tool.run ~= nil then
            functions[tool.name] = errors.expect(tool.run, "function", "a tool's run")
        end
    end
    plain.tools = #tools > 0 and tools or nil
    return plain, functions
end

local function is_block(value)
    return type(value) == "table" and type(value.type) == "string"
end

-- Answers a call with what a function has returned.
local function answer(self, id, result)
    local handle = self._handle
    if type(result) == "string" then
        core.claude_runner_answer(handle, id, result, 0)
        return
    elseif not is_block(result) then
        core.claude_runner_answer(handle, id, result == nil and "" or request.encode(result, "the result"), 0)
        return
    end
    local text, files = request.encode_with_files(result, "the result")
    request.attach(core.claude_runner_request(handle), files)
    core.claude_runner_answer_block(handle, id, core.claude_block_json(text))
end

local function run_one(self, id, name, input)
    local ok, result = pcall(self._functions[name], (json.decode(input)), { id = id, name = name })
    if ok then
        ok, result = pcall(answer, self, id, result)
    end
    if not ok then
        local message = type(result) == "table" and result.message or result
        core.claude_runner_answer(self._handle, id, tostring(message), 1)
    end
end

-- Runs what the last message asks for. Calls of tools that have no function are left to the program.
local function run_tools(self)
    local at = 0
    while true do
        local found, id, name, input = core.claude_runner_pending_at(self._handle, at)
        if found == 0 then
            return
        elseif self._functions[name] then
            run_one(self, id, name, input)
        else
            at = at + 1
        end
    end
end

-- The next message of the model, whose tools have been run; nil after the last one.
function Runner:next()
    if self._over then
        return nil
    end
    local code, message = 0, nil
    while code == 0 do
        code, message = self._client.step(self._client, core.claude_runner_step, self._handle)
    end
    self._client:hear()
    self._over = code == core.CLAUDE_DONE
    self._last = response.wrap(message)
    if not self._over then
        run_tools(self)
    end
    return self._last
end

-- for message in runner do
function Runner:__call()
    return self:next()
end

-- The last message; goes on to it.
function Runner:final()
    while self:next() do end
    return self._last
end

-- Goes on after the end with something that the user says: a text, or a list of blocks.
function Runner:resume(content)
    local text, files = request.encode_with_files({ role = "user", content = content }, "the message")
    local handle = core.claude_runner_request(self._handle)
    request.attach(handle, files)
    core.claude_request_set_field(handle, "/messages/-", text)
    core.claude_runner_resume(self._handle)
    self._over = false
    return self
end

-- Calls that wait for runner:answer(): tools without a function. A list of {id, name, input}.
function Runner:pending()
    local list = {}
    for at = 1, core.claude_runner_pending_count(self._handle) do
        local _, id, name, input = core.claude_runner_pending_at(self._handle, at - 1)
        list[at] = { id = id, name = name, input = json.decode(input) }
    end
    return list
end

-- Answers such a call: as a function would, or with what went wrong.
function Runner:answer(id, result, failed)
    if failed then
        core.claude_runner_answer(self._handle, id, tostring(result), 1)
    else
        answer(self, id, result)
    end
end

-- The whole conversation so far, as it is sent.
function Runner:messages()
    return json.decode(core.claude_request_json(core.claude_runner_request(self._handle))).messages
end

function Runner:turns()
    return core.claude_runner_turns(self._handle)
end

-- Cancels what is running and lets go of everything.
function Runner:close()
    core.claude_runner_unref(self._handle)
end
Runner.__close = Runner.close

-- Options: as those of create(), and max_turns: so many messages of the model at most (10; 0: no limit).
function runner.new(client, body, options)
    local plain, functions = split(body)
    local kept = {}
    for name, value in pairs(errors.expect(options, "table", "options") or {}) do
        kept[name] = name ~= "max_turns" and value or nil
    end
    local template, flags = request.build("messages.create", plain, kept)
    local handle = core.claude_runner_new(client:open_client(), template, flags)
    for name in pairs(functions) do
        core.claude_runner_on_tool(handle, name)
    end
    for _, tool in ipairs(body.tools or {}) do
        if not tool.run and tool.input_schema and tool.name then
            core.claude_runner_on_tool(handle, tool.name)
        end
    end
    if options and options.max_turns then
        core.claude_runner_set_max_turns(handle, options.max_turns)
    end
    return setmetatable({ _handle = handle, _client = client, _functions = functions, _over = false }, Runner)
end

return runner
