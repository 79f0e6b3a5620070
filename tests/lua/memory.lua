-- memory.lua - everything the binding can do, again and again; to be run under valgrind. Prints by how much the process
-- has grown.
--
--     lua memory.lua ROUNDS

local claude = require "claude"
local core = require "claude.core"
local support = require "support"

local client = support.client()

local function resident()
    local file = assert(io.open "/proc/self/statm")
    local _, pages = file:read("*n", "*n")
    file:close()
    return pages * 4
end

local function scenario(name)
    return { headers = { ["x-sandbox-scenario"] = name } }
end

local function answers()
    local message = client:create(support.body())
    assert(message.usage and message.headers and message.text == "Echo: Hello")
    for event in client:stream(support.body(), scenario "text") do
        assert(event.data and event.type)
    end
    local stream = client:stream(support.body(), scenario "idle")
    stream:next()
    stream:close()
    client:stream(support.body()):next() -- left to the collector
end

local function failures()
    support.failure(client.create, client, support.body(), scenario "truncated")
    support.failure(client.create, client, support.body(), scenario "overloaded")
    support.failure(client.create, client, support.body "\255")
    support.failure(client.create, client, { max_tokens = 0 / 0 })
    support.failure(claude.client, {})
    support.failure(core.claude_client_trim, io.stdout)
    support.failure(core.claude_request_set_max_tokens, nil, 1.5)
end

local function loops(close)
    local loop = claude.loop(client)
    loop:submit(support.body())
    loop:wait(1000)
    loop:next()
    coroutine.resume(coroutine.create(function()
        loop:create(support.body())
    end))
    if close then
        loop:close()
    end
end

local function below()
    local request = core.claude_request_new "messages.create"
    core.claude_request_set_json(request, claude.json.encode(support.body()))
    local call = core.claude_client_start(client._handle, request, core.CLAUDE_STREAM)
    core.claude_request_unref(request)
    local code, event, kept
    repeat
        code, event = core.claude_call_next(call, -1)
        kept = event or kept
    until code == core.CLAUDE_DONE
    assert(core.claude_event_json(kept) == '{"type":"message_stop"}')
    local _, kind = core.claude_event_view(core.claude_event_keep(kept))
    assert(kind == core.CLAUDE_EVENT_MESSAGE_STOP)
end

local function whole_api()
    for model in client.models.list.items { limit = 2 } do
        assert(model.id)
    end
    local file = claude.bytes("\137PNG\r\n\26\n", "a.png")
    local body = support.body()
    body.messages[1].content = { claude.image(file) }
    assert(client:create(body).text and #client:validate(body) == 0 and claude.cost(client:create(body)))
    local made = client:upload(file)
    assert(client:download(made):chunks()())
    local handle = core.claude_file_download_request(made.id)
    local call = core.claude_client_start(client._handle, handle, core.CLAUDE_STREAM)
    local code, bytes = core.claude_call_read_some(call, 4, -1)
    assert(code == 1 and #bytes == 4)
    local batch = client:wait_batch(client:create_batch { { custom_id = "a", params = body } }, { first = 0.001 })
    for result in client:results(batch) do
        assert(result.message.text)
    end
    local body_with_tool = support.body()
    body_with_tool.tools = { { name = "t", input_schema = { type = "object" }, run = print } }
    assert(client:runner(body_with_tool):final().text)
    client:runner(body_with_tool):close()
    support.failure(client.parse, client, support.body(), { type = "object" })
    local heard
    local own = support.client { on_deprecation = function(model)
        heard = model
    end, models = claude.models.load { models = { { id = "m",
        lifecycle = "deprecated" } } } }
    own:count_tokens { model = "m", messages = support.body().messages }
    assert(heard == "m")
    support.failure(client.create, client, {}, { path = { x = "y" } })
    support.failure(client.request, client, "files.upload", nil, { form = { { name = "file", content = 1 } } })
end

local function observe() end

local function reliability()
    local breaker, limiter = claude.breaker { failure_threshold = 1000 }, claude.limiter { burst = 1000 }
    local failover = claude.failover { endpoints = { { url = support.url, api_key = claude.secret.new(support.key),
        models = { a = "b" } } } }
    local own = support.client { breaker = breaker, limiter = limiter, failover = failover, on_attempt = observe,
        config = { retry = { enabled = true, initial_delay_ms = 0, max_retries = 1 }, metrics = { enabled = true } } }
    assert(own:execute_with_enterprise_features(support.body()).report.attempts == 1)
    local options = scenario "overloaded"
    options.with_enterprise_features = true
    local failure = support.failure(own.create, own, support.body(), options)
    assert(failure.report.retries == 1 and #failure.report.attempt_list == 2)
    options = scenario "truncated"
    options.with_retries = true
    local stream = own:stream(support.body(), options)
    assert(stream:report() and support.failure(support.events, stream).report)
    own:stream(support.body()):next() -- left to the collector, with news of its attempt
    assert(own:metrics():prometheus() and own:metrics():table())
    breaker:record(breaker:allow(), "success")
    breaker:open()
    assert(support.failure(breaker.allow, breaker).retry_after_ms)
    limiter:reserve("messages", 1, 1):wait_ms()
    limiter:reserve("other"):settle()
    assert(failover:endpoints()[1].state and failover:select_endpoint() == 0)
    assert(own:health():check()[1].state and own:check_endpoint(support.url))
    support.failure(claude.failover, { endpoints = { support.url, support.url } })
    support.failure(support.client, { on_attempt = observe, base_url = "http://example.com" })
end

local function operations()
    local quota = claude.quota { daily_requests = 2, limits = { models = { m = { daily_tokens = 10 } } } }
    local key = claude.secret.unchecked "token"
    key:set_expiry(1)
    key:on_expiry(0, observe)
    local path = os.tmpname()
    local watcher = claude.watcher(path, { max_retries = 2 })
    assert(watcher:error())
    watcher:on_change(observe)
    local own = support.client { api_key = key, quota = quota, on_log = observe, log_level = "trace",
        config = { diagnostics = { timings = 2, log_bodies = true }, compression = { enabled = true } } }
    watcher:attach(own)
    own:set_snapshot("b", support.settings { quota = quota })
    watcher:update { max_retries = 3 }
    own:execute_with_quota(support.body(("x"):rep(5000)), { compress = true })
    own:execute_with_quota(support.body(), { snapshot = "b" })
    own:rotate_secret "sk-ant-another-key-of-this-test"
    assert(support.failure(own.execute_with_quota, own, support.body()).quota.limit == 2)
    quota:set_limit("daily_requests", nil)
    quota:reserve("m", 1, 1):settle { input_tokens = 1, output_tokens = 1 }
    assert(support.failure(quota.record_usage, quota, "m", 100).quota.per_model)
    quota:import(quota:table())
    assert(own:diagnostics() and own:curl(support.body()) and own:secret() and own:selftest())
    support.failure(own.set_snapshot, own, nil, {})
    support.failure(watcher.update, watcher, { max_retries = 11 })
    claude.trail.start(2)
    key:expose()
    assert(#claude.trail.read().exposures == 1)
    claude.trail.stop()
    assert(#claude.decompress(claude.compress(("x"):rep(5000))) == 5000)
    local provided
    provided = claude.client { base_url = support.url, credential_provider = function(reason)
        return reason and provided and "token"
    end }
    provided:create(support.body())
    provided = nil -- luacheck: ignore
    local refused = claude.client { base_url = support.url, credential_provider = function()
        error {}
    end }
    pcall(refused.create, refused, support.body())
    os.remove(path)
end

local function rounds(count)
    for at = 1, count do
        answers()
        failures()
        loops(at % 2 == 0)
        below()
        whole_api()
        reliability()
        operations()
    end
    collectgarbage()
    collectgarbage()
end

-- LuaJIT translates what runs often, until it has all of it.
local count = tonumber(arg[1])
rounds(math.min(count, 60))
local before = resident()
rounds(count)
print(("grown by %d KiB"):format(resident() - before))
