-- support.lua - the sandbox of the run, and clients of it.

if _VERSION < "Lua 5.3" then
    require "copas" -- it insists on being there before socket.http
end
local http = require "socket.http"
local ltn12 = require "ltn12"
local claude = require "claude"

local support = {}

support.url = os.getenv "CLAUDE_SANDBOX_URL"
support.root = os.getenv "CLAUDE_ROOT"
support.lua = os.getenv "CLAUDE_LUA"
support.key = "sk-ant-conformance-not-a-real-key"
-- Whether numbers are doubles only, and whether iterators cannot yield.
support.doubles = math.type == nil
support.puc51 = _VERSION == "Lua 5.1" and not rawget(_G, "jit")

-- A request to /_sandbox/; the decoded reply.
function support.control(method, path, body)
    local parts = {}
    local text = body and claude.json.encode(body)
    local _, status = http.request {
        url = support.url .. "/_sandbox/" .. path,
        method = method,
        source = text and ltn12.source.string(text),
        headers = text and { ["content-length"] = #text },
        sink = ltn12.sink.table(parts),
    }
    local reply = assert(claude.json.decode(table.concat(parts)))
    assert(status == 200, reply.error)
    return reply
end

-- The settings of a client of the sandbox, with more of them.
function support.settings(more)
    local settings = { api_key = support.key, base_url = support.url }
    for name, value in pairs(more or {}) do
        settings[name] = value
    end
    return settings
end

function support.client(more)
    return claude.client(support.settings(more))
end

-- Options of a request that a scenario answers: the name of a built-in one, or a table.
function support.scenario(scenario)
    local name = scenario
    if type(scenario) == "table" then
        name = "lua"
        support.control("PUT", "scenarios/lua", scenario)
    end
    return { headers = { ["x-sandbox-scenario"] = name } }
end

-- The last request that the sandbox has recorded.
function support.sent()
    return support.control("GET", "requests?last=1").requests[1]
end

function support.body(text)
    return { model = "claude-haiku-5-5", max_tokens = 100, messages = { { role = "user", content = text or "Hello" } } }
end

-- What a function throws.
function support.thrown(fn, ...)
    local ok, problem = pcall(fn, ...)
    assert(not ok, "nothing was thrown")
    return problem
end

-- The error of a function, which must be one of the library's.
function support.failure(fn, ...)
    local problem = support.thrown(fn, ...)
    assert(claude.is_error(problem), "not an error of the library: " .. tostring(problem))
    return problem
end

-- All of a stream, also in Lua 5.1, where iterators cannot yield.
function support.events(stream)
    local events = {}
    while true do
        local event = stream:next()
        if not event then
            return events
        end
        events[#events + 1] = event
    end
end

-- The texts of the events of a kind, joined.
function support.text_of(events, kind)
    local texts = {}
    for _, event in ipairs(events) do
        texts[#texts + 1] = event.kind == (kind or "text_delta") and event.text or nil
    end
    return table.concat(texts)
end

-- Runs a function in a coroutine, and the loop until all calls have ended; what it returns.
function support.in_loop(loop, fn)
    local result
    coroutine.wrap(function()
        result = { fn() }
    end)()
    while loop:count() > 0 do
        loop:wait(1000)
        while loop:next() do end
    end
    return (unpack or table.unpack)(result)
end

return support
