-- Retries, circuit breaker, rate limiting, failover, health, metrics, reports, the observer of attempts.
local claude = require "claude"
local core = require "claude.core"
local support = require "support"

local socket = require "socket"

local OVERLOADED = { status = 529, error = { type = "overloaded_error", message = "Busy" } }
local function answer_of(text)
    return { body_json = { id = "msg_1", type = "message", role = "assistant", model = "claude-haiku-5-5",
        content = { { type = "text", text = text } }, stop_reason = "end_turn",
        usage = { input_tokens = 10, output_tokens = 5 } } }
end
local ANSWER = answer_of "Hi"

-- Options of a request that fails so many times before it is answered.
local function failing(times, options)
    local replies = {}
    for at = 1, times do
        replies[at] = OVERLOADED
    end
    replies[times + 1] = ANSWER
    local found = support.scenario { sequence = replies }
    for name, value in pairs(options or {}) do
        found[name] = value
    end
    return found
end

local function client_with(config, more)
    local settings = { config = config }
    for name, value in pairs(more or {}) do
        settings[name] = value
    end
    return support.client(settings)
end

local RETRY = { enabled = true, initial_delay_ms = 1, jitter = 0 }

-- An address at which nobody answers, as long as the socket is kept.
local function dead_address()
    local reserved = assert(socket.tcp())
    assert(reserved:bind("127.0.0.1", 0))
    local _, port = reserved:getsockname()
    return "http://127.0.0.1:" .. port, reserved
end

local function requests()
    return #support.control("GET", "requests").requests
end

describe("A call", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    it("is one attempt, whatever is enabled", function()
        local client = client_with { retry = RETRY }
        local failure = support.failure(client.create, client, support.body(), failing(1))
        assert.are.equal("CLAUDE_E_OVERLOADED", failure.name)
        assert.are.equal(1, failure.attempts)
        assert.are.equal(1, failure.report.attempts)
        assert.are.same(claude.array(), failure.report.features)
        assert.are.equal("Echo: Hello", client:execute(support.body()).text)
    end)

    it("has the features that it asks for", function()
        local client = client_with { retry = RETRY }
        local answer = client:create(support.body(), failing(2, { with_retries = true }))
        assert.are.equal("Hi", answer.text)
        local report = answer.report
        assert.are.same(claude.array { "retries" }, report.features)
        assert.are.equal(3, report.attempts)
        assert.are.equal(3, report.wire_attempts)
        assert.are.equal(2, report.retries)
        assert.are.equal(0, report.failovers)
        assert.is_true(report.backoff_ms >= 2)
        assert.are.equal(support.url, report.endpoint_url)
        assert.is_nil(report.stopped_by)
        assert.is_nil(report.breaker_state)
        assert.are.equal("CLAUDE_E_OVERLOADED", report.attempt_list[1].name)
        assert.are.equal(claude.E_OVERLOADED, report.attempt_list[1].code)
        assert.are.equal(529, report.attempt_list[1].http_status)
        assert.matches("^req_", report.attempt_list[1].request_id)
        assert.is_nil(report.attempt_list[1].first_event_ms)
        assert.are.equal("CLAUDE_OK", report.attempt_list[3].name)
        assert.is_nil(claude.parse(answer.raw).report)
    end)

    it("says why there was no further attempt", function()
        local client = client_with { retry = { enabled = true, initial_delay_ms = 0, max_retries = 1 } }
        local failure = support.failure(client.create, client, support.body(), failing(9, { with_retries = true }))
        assert.are.equal("CLAUDE_E_OVERLOADED", failure.name)
        assert.are.equal("retry", failure.feature)
        assert.are.equal("max_retries", failure.report.stopped_by)
        assert.are.equal(2, failure.attempts)
        assert.are.equal(2, #failure.report.attempt_list)
    end)

    it("has the specification's names", function()
        local client = client_with { retry = RETRY, breaker = { enabled = true }, limiter = { enabled = true } }
        for name, features in pairs {
            execute = {}, execute_with_retries = { "retries" }, execute_with_circuit_breaker = { "circuit_breaker" },
            execute_with_rate_limiting = { "rate_limiting" },
            execute_with_enterprise_features = { "retries", "circuit_breaker", "rate_limiting" },
        } do
            local answer = client[name](client, support.body())
            assert.are.equal("Echo: Hello", answer.text)
            assert.are.same(claude.array(features), answer.report.features, name)
        end
        local models = client:execute_with_retries(nil, { endpoint = "models.list", query = { limit = 2 } })
        assert.are.equal(2, #models.data)
        assert.are.equal(1, models.report.attempts)
        local failure = support.failure(client.execute_with_failover, client, support.body())
        assert.matches("failover%.enabled", failure.message)
        assert.are.equal("Hi", client:execute_with_retries(support.body(), failing(1, { with_retries = false })).text)
    end)

    it("names what is not enabled, and what is no feature", function()
        local client = support.client()
        for name, option in pairs { retries = "retry.enabled", circuit_breaker = "breaker.enabled",
            rate_limiting = "limiter.enabled", failover = "failover.enabled" } do
            local failure = support.failure(client.create, client, support.body(), { ["with_" .. name] = true })
            assert.are.equal("CLAUDE_E_INVALID", failure.name)
            assert.is_truthy(failure.message:find(option, 1, true), failure.message)
            assert.is_nil(failure.report)
        end
        assert.matches("with_retries must be a boolean",
            support.failure(client.create, client, support.body(), { with_retries = 1 }).message)
        assert.matches("has no with_retry; it has .*with_retries",
            support.failure(client.create, client, support.body(), { with_retry = true }).message)
        assert.are.equal(0, requests())
    end)

    it("has them whatever it is", function()
        local client = client_with { retry = RETRY }
        local function asked()
            support.control("POST", "reset")
            return failing(1, { with_retries = true })
        end
        local bodies = { { custom_id = "a", params = support.body() } }
        for name, call in pairs {
            request = function() return client:request("messages.create", support.body(), asked()) end,
            resource = function() return client.messages.create(support.body(), asked()) end,
            without_body = function() return client:request("models.list", asked()) end,
            count_tokens = function() return client:count_tokens(support.body(), asked()) end,
            create_batch = function() return client:create_batch(bodies, asked()) end,
            upload = function() return client:upload(claude.bytes("x", "x.txt"), asked()) end,
        } do
            assert.are.equal(1, call().report.retries, name)
        end
        support.control("POST", "reset")
        local options = support.scenario { sequence = { OVERLOADED, answer_of "{}" } }
        options.with_retries = true
        local value, answer = client:parse(support.body(), { type = "object", additionalProperties = false }, options)
        assert.are.same({}, value)
        assert.are.equal(1, answer.report.retries)
    end)

    it("has them page by page, and each time that a batch is asked for", function()
        local client = client_with { retry = RETRY }
        local page = { body_json = { data = { { id = "a" } }, has_more = true, last_id = "a", first_id = "a" } }
        local last = { body_json = { data = { { id = "b" } }, has_more = false, last_id = "b", first_id = "b" } }
        local options = support.scenario { sequence = { OVERLOADED, page, OVERLOADED, last } }
        options.with_retries = true
        local ids = {}
        for model in client:items("models.list", options) do
            ids[#ids + 1] = model.id
        end
        assert.are.same({ "a", "b" }, ids)
        assert.are.equal(4, requests())
        support.control("PUT", "scenarios/batch", { sequence = { OVERLOADED,
            { body_json = { id = "msgbatch_1", type = "message_batch", processing_status = "ended" } } } })
        support.control("POST", "scenario", { name = "batch" })
        assert.are.equal("ended", client:wait_batch("msgbatch_1", { with_retries = true }).processing_status)
        support.control("POST", "reset")
    end)

    it("has them in a conversation with tools", function()
        local client = client_with { retry = RETRY }
        local runner = client:runner(support.body(), failing(1, { with_retries = true }))
        assert.are.equal(1, runner:final().report.retries)
    end)
end)

describe("A stream", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    local STREAM = { events = {
        { data = { type = "message_start", message = { id = "msg_1", type = "message", role = "assistant",
            model = "claude-haiku-5-5", content = claude.array(), usage = { input_tokens = 1, output_tokens = 1 } } } },
        { data = { type = "content_block_start", index = 0, content_block = { type = "text", text = "" } } },
        { data = { type = "content_block_delta", index = 0, delta = { type = "text_delta", text = "Hi" } } },
        { data = { type = "content_block_stop", index = 0 } },
        { data = { type = "message_delta", delta = { stop_reason = "end_turn" }, usage = { output_tokens = 2 } } },
        { data = { type = "message_stop" } },
    } }
    local REFUSED = { events = { { data = { type = "error", error = { type = "overloaded_error", message = "B" } } } } }

    local function asked()
        local options = support.scenario { sequence = { REFUSED, STREAM } }
        options.with_retries = true
        return options
    end

    it("has features until its first event", function()
        local client = client_with { retry = RETRY }
        local stream = client:stream(support.body(), asked())
        local before = stream:report()
        assert.are.same({ 0, 0 }, { before.attempts, before.retries })
        assert.are.same(claude.array { "retries" }, before.features)
        assert.are.same(claude.array(), before.attempt_list)
        assert.are.equal("message_start", stream:next().kind)
        local running = stream:report()
        assert.are.equal(1, running.retries)
        assert.are.equal("CLAUDE_E_OVERLOADED", running.attempt_list[1].name)
        assert.are.equal(200, running.attempt_list[1].http_status)
        assert.are.equal(0, running.attempt_list[1].endpoint)
        assert.is_nil(running.attempt_list[1].first_event_ms)
        assert.is_nil(running.stopped_by)
        assert.are.equal("Hi", support.text_of(support.events(stream)))
        local ended = stream:report()
        assert.are.same(ended, stream:final().report)
        assert.are.equal(2, ended.attempts)
        assert.are.same(claude.array { "retries" }, ended.features)
        -- What a running call and one that has ended tell has the same form.
        for name in pairs(running) do
            assert.is_true(ended[name] ~= nil or name == "endpoint_url", name)
        end
        for name in pairs(running.attempt_list[1]) do
            assert.are.equal(ended.attempt_list[1][name], running.attempt_list[1][name], name)
        end
        stream:close()
        assert.matches("closed", support.failure(stream.report, stream).message)
    end)

    it("is not tried again after its first event", function()
        local client = client_with { retry = RETRY }
        local options = support.scenario "overloaded-in-stream"
        options.with_retries = true
        local stream = client:stream(support.body(), options)
        local failure = support.failure(support.events, stream)
        assert.are.equal("CLAUDE_E_OVERLOADED", failure.name)
        assert.are.equal(1, failure.report.attempts)
        assert.are.equal("committed", failure.report.stopped_by)
        assert.are.equal("string", type(failure.response.text))
    end)

    it("has them in a loop", function()
        local loop = claude.loop(client_with { retry = RETRY })
        local call = loop:submit(support.body(), asked())
        assert.are.equal(0, call:report().attempts)
        local text = {}
        while loop:count() > 0 do
            loop:wait(1000)
            for _, event in loop.next, loop do
                text[#text + 1] = event and event.text
            end
        end
        assert.are.equal("Hi", table.concat(text))
        assert.are.equal(1, call:report().retries)
        assert.are.equal(1, call:result().report.retries)
        support.control("POST", "reset")
        local texts, report = support.in_loop(loop, function()
            local stream = loop:stream(support.body(), asked())
            return support.text_of(support.events(stream)), stream:report()
        end)
        assert.are.equal("Hi", texts)
        assert.are.equal(1, report.retries)
        support.control("POST", "reset")
        assert.are.equal(1, support.in_loop(loop, function()
            return loop:execute_with_retries(support.body(), failing(1))
        end).report.retries)
        local open = loop:submit(support.body(), support.scenario "idle")
        loop:close()
        assert.are.equal(1, call:report().retries)
        assert.matches("closed", support.failure(open.report, open).message)
        assert.matches("closed", support.failure(open.rate_limit, open, "requests").message)
    end)

    it("tells rate limits", function()
        local client = support.client()
        local stream = client:stream(support.body())
        assert.is_nil((stream:rate_limit "requests"))
        stream:next()
        local limit, remaining, reset, reset_in, used = stream:rate_limit "requests"
        assert.are.same({ 4000, 3999 }, { limit, remaining })
        assert.is_true(reset > 1e12 and reset_in > 0 and reset_in <= 60000)
        assert.are.equal(1, used)
        assert.are.same({ limit, remaining, reset, reset_in, used }, { stream:final():rate_limit "requests" })
        local loop = claude.loop(client)
        assert.are.equal(4000, support.in_loop(loop, function()
            local own = loop:stream(support.body())
            support.events(own)
            return (own:rate_limit "requests")
        end))
        loop:close()
        local options = support.scenario { status = 429, error = { type = "rate_limit_error", message = "No" },
            headers = { { "anthropic-ratelimit-requests-limit", "50" },
                { "anthropic-ratelimit-requests-remaining", "10" } } }
        local failure = support.failure(client.create, client, support.body(), options)
        assert.are.equal(80, select(5, failure.response:rate_limit "requests"))
    end)
end)

describe("A circuit breaker", function()
    it("stands alone", function()
        local breaker = claude.breaker { failure_threshold = 2, open_ms = 3600000 }
        assert.are.equal("claude.breaker: closed", tostring(breaker))
        breaker:record(breaker:allow(), "failure")
        breaker:record(breaker:allow(), "success")
        breaker:record(breaker:allow(), "neutral")
        assert.are.equal(0, breaker:counter "failures_in_a_row")
        breaker:record(breaker:allow(), "failure")
        assert.are.equal("closed", breaker:state())
        breaker:record(breaker:allow(), "failure")
        assert.are.equal("open", breaker:state())
        local failure = support.failure(breaker.allow, breaker)
        assert.are.equal(claude.E_CIRCUIT_OPEN, failure.code)
        assert.are.equal("circuit-breaker", failure.feature)
        assert.is_true(failure.retry_after_ms > 3500000 and breaker:retry_after_ms() > 3500000)
        assert.are.equal(3, breaker:counter "failures")
        assert.are.equal(1, breaker:counter "refused")
        assert.is_nil(breaker:counter "nothing")
        breaker:close()
        assert.are.equal(0, breaker:retry_after_ms())
        breaker:open(1)
        while breaker:state() == "open" do
            socket.sleep(0.001)
        end
        assert.are.equal("half_open", breaker:state())
        breaker:record(breaker:allow(), "success")
        assert.are.equal("closed", breaker:state())
        breaker:open()
        assert.is_true(breaker:retry_after_ms() > 3500000)
        assert.matches("must be success, failure or neutral",
            support.failure(breaker.record, breaker, 1, "good").message)
        assert.matches("unknown option breaker.nothing", support.failure(claude.breaker, { nothing = 1 }).message)
        assert.matches("options must be a table", support.failure(claude.breaker, 1).message)
        assert.are.equal("closed", claude.breaker():state())
    end)

    it("is shared by clients", function()
        support.control("POST", "reset")
        local breaker = claude.breaker { failure_threshold = 1 }
        local one, two = client_with({}, { breaker = breaker }), client_with({}, { breaker = breaker })
        local failure = support.failure(one.create, one, support.body(), failing(9, { with_circuit_breaker = true }))
        assert.are.equal("CLAUDE_E_OVERLOADED", failure.name)
        assert.are.equal("open", failure.report.breaker_state)
        failure = support.failure(two.create, two, support.body(), { with_circuit_breaker = true })
        assert.are.equal("CLAUDE_E_CIRCUIT_OPEN", failure.name)
        assert.is_true(failure.retry_after_ms > 0)
        assert.are.equal("circuit-breaker", failure.report.stopped_by)
        assert.are.equal(0, failure.attempts)
        assert.are.equal("Echo: Hello", two:create(support.body()).text)
        breaker:close()
        assert.are.equal("closed", two:execute_with_circuit_breaker(support.body()).report.breaker_state)
    end)

    it("refuses with what had failed before", function()
        support.control("POST", "reset")
        local client = client_with { retry = RETRY, breaker = { enabled = true, failure_threshold = 1 } }
        local failure = support.failure(client.create, client, support.body(),
            failing(9, { with_retries = true, with_circuit_breaker = true }))
        assert.are.equal("CLAUDE_E_CIRCUIT_OPEN", failure.name)
        assert.are.equal("CLAUDE_E_OVERLOADED", failure.cause.name)
        assert.are.equal(529, failure.cause.http_status)
        assert.are.equal("open", failure.report.breaker_state)
        assert.are.equal(1, requests())
    end)
end)

describe("A limiter", function()
    it("gives reservations", function()
        local limiter = claude.limiter { requests_per_second = 0.001, burst = 2, input_tokens_per_minute = 1000,
            output_tokens_per_minute = 100, messages = { burst = 1, requests_per_second = 0.001 } }
        assert.are.same({ 1, 2 }, { limiter:available "messages", limiter:available "models" })
        assert.are.same({ 1000, 100 }, { limiter:available("messages", "input_tokens"),
            limiter:available("messages", "output_tokens") })
        assert.is_nil(limiter:available("models", "input_tokens"))
        local turn = limiter:reserve("messages", 300, 40)
        assert.are.equal(0, turn:wait_ms())
        assert.are.equal(60, limiter:available("messages", "output_tokens"))
        turn:settle(100)
        assert.are.same({ 900, 60 }, { limiter:available("messages", "input_tokens"),
            limiter:available("messages", "output_tokens") })
        assert.are.equal("CLAUDE_E_STATE", support.failure(turn.wait_ms, turn).name)
        local failure = support.failure(limiter.reserve, limiter, "messages")
        assert.are.equal(claude.E_THROTTLED, failure.code)
        assert.are.equal("rate-limiting", failure.feature)
        assert.is_true(failure.retry_after_ms > 100000)
        assert.are.equal("RateLimit", failure.category)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(limiter.reserve, limiter, "nothing").name)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(limiter.reserve, limiter, "models", -1).name)
        failure = support.failure(limiter.reserve, limiter, "models", 0.5)
        assert.matches("argument 3 must be an integer", failure.message)
    end)

    it("has a queue, from which places can be given up", function()
        local limiter = claude.limiter { requests_per_second = 0.1, burst = 1, max_wait_ms = 3600000 }
        local first, second = limiter:reserve "other", limiter:reserve "other"
        assert.are.equal(0, first:wait_ms())
        assert.is_true(second:wait_ms() > 5000)
        do
            limiter:reserve "other" -- left to the collector
        end
        assert.are.equal(2, limiter:queued())
        second:close()
        assert.are.equal(1, limiter:queued())
        second:close()
        collectgarbage()
        collectgarbage()
        assert.are.equal(0, limiter:queued())
    end)

    it("is shared by clients, and learns", function()
        support.control("POST", "reset")
        local limiter = claude.limiter { requests_per_second = 0.001, burst = 2, max_wait_ms = 0 }
        local one, two = client_with({}, { limiter = limiter }), client_with({}, { limiter = limiter })
        assert.are.equal(0, one:execute_with_rate_limiting(support.body()).report.limiter_wait_ms)
        local answer = two:execute_with_rate_limiting(support.body())
        local failure = support.failure(one.execute_with_rate_limiting, one, support.body())
        assert.are.equal("CLAUDE_E_THROTTLED", failure.name)
        assert.are.equal("rate-limiting", failure.report.stopped_by)
        assert.are.equal(2, requests())
        local other = claude.limiter()
        assert.are.equal(20, other:available "messages")
        local figures = support.scenario { body_json = ANSWER.body_json, headers = {
            { "anthropic-ratelimit-requests-limit", "50" }, { "anthropic-ratelimit-requests-remaining", "3" } } }
        other:learn("messages", two:create(support.body(), figures))
        assert.are.equal(3, other:available "messages")
        assert.matches("must be an answer", support.failure(other.learn, other, "messages", {}).message)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(other.learn, other, "nothing", answer).name)
    end)

    it("makes calls wait for their turn", function()
        support.control("POST", "reset")
        local client = client_with { limiter = { enabled = true, requests_per_second = 20, burst = 1 } }
        client:execute_with_rate_limiting(support.body())
        assert.is_true(client:execute_with_rate_limiting(support.body()).report.limiter_wait_ms > 0)
        local loop = claude.loop(client)
        local waits = {}
        for at = 1, 2 do
            coroutine.wrap(function()
                waits[at] = loop:execute_with_rate_limiting(support.body()).report.limiter_wait_ms
            end)()
        end
        while loop:count() > 0 do
            loop:wait(1000)
            loop:next()
        end
        assert.is_true(waits[1] > 0 and waits[2] > waits[1])
        loop:close()
    end)
end)

describe("Failover", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    it("asks the next endpoint, by its own key and names of models", function()
        local dead, reserved = dead_address()
        local failover = claude.failover { unhealthy_after = 1, endpoints = {
            { url = dead, api_key = "sk-ant-conformance-one-key" },
            { url = support.url .. "/two", api_key = "sk-ant-conformance-another-key",
                models = { ["claude-haiku-5-5"] = "h" } },
        } }
        local client = client_with({}, { failover = failover })
        local answer = client:execute_with_failover(support.body(), support.scenario(ANSWER))
        assert.are.equal("Hi", answer.text)
        local report = answer.report
        assert.are.equal(1, report.failovers)
        assert.are.equal(1, report.endpoint_index)
        assert.are.equal(support.url .. "/two", report.endpoint_url)
        assert.are.same({ 0, 1 }, { report.attempt_list[1].endpoint, report.attempt_list[2].endpoint })
        assert.are.equal("CLAUDE_E_CONNECT", report.attempt_list[1].name)
        assert.is_nil(report.attempt_list[1].http_status)
        local sent, headers = support.sent(), {}
        for _, pair in ipairs(sent.headers) do
            headers[pair[1]:lower()] = pair[2]
        end
        assert.are.equal("/two/v1/messages", sent.target)
        assert.are.equal("sk-ant-conformance-another-key", headers["x-api-key"])
        assert.matches('"model":"h"', sent.body, 1, true)
        assert.are.same({
            { index = 0, url = dead, priority = 1, state = "unhealthy" },
            { index = 1, url = support.url .. "/two", priority = 2, state = "healthy" },
        }, failover:endpoints())
        assert.are.equal("CLAUDE_E_STATE", support.failure(failover.add_endpoint, failover, "https://x.example").name)
        reserved:close()
    end)

    it("stands alone", function()
        local secret = claude.secret.new(support.key)
        local failover = claude.failover { strategy = "priority", degraded_after = 1, unhealthy_after = 2 }
        assert.are.equal(0, failover:add_endpoint { url = "https://a.example", priority = 7, api_key = secret })
        assert.are.equal(1, failover:add_endpoint "https://b.example/")
        assert.are.same({ index = 1, url = "https://b.example", priority = 2, state = "unknown" },
            failover:endpoints()[2])
        assert.are.equal(1, failover:select_endpoint())
        assert.are.equal(0, failover:select_endpoint { 1, 1 })
        assert.are.equal("CLAUDE_E_STATE", support.failure(failover.select_endpoint, failover, { 0, 1 }).name)
        failover:record(1, false)
        assert.are.equal("degraded", failover:state(1))
        failover:record(1, false)
        assert.are.equal("unhealthy", failover:state(1))
        assert.are.equal(0, failover:select_endpoint())
        failover:record(1, true)
        assert.are.equal("healthy", failover:state(1))
        failover:set_state(0, "degraded")
        assert.are.equal("degraded", failover:state(0))
        assert.is_nil(failover:state(2))
        for _, wrong in ipairs { 0.5, "0", -1, 32 } do
            assert.matches("must be an index", support.failure(failover.select_endpoint, failover, { wrong }).message)
        end
        assert.matches("must be unknown, healthy, degraded or unhealthy",
            support.failure(failover.set_state, failover, 0, "well").message)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(failover.set_state, failover, 2, "healthy").name)
    end)

    it("says what is wrong with endpoints", function()
        local function wrong(pattern, options)
            assert.matches(pattern, support.failure(claude.failover, options).message)
        end
        wrong("endpoints must be a table", { endpoints = "https://a.example" })
        wrong("an endpoint must be a table, got number", { endpoints = { 1 } })
        wrong("an endpoint has no uri; it has api_key, models, priority, url", { endpoints = { { uri = "x" } } })
        wrong("the url of an endpoint must be a string", { endpoints = { { url = 1 } } })
        wrong("https", { endpoints = { "http://example.com" } })
        wrong("an endpoint must have a url", { endpoints = { {} } })
        wrong("api_key must be", { endpoints = { { url = "https://a.example", api_key = 1 } } })
        wrong("models of an endpoint must be a table", { endpoints = { { url = "https://a.example", models = 1 } } })
        wrong("unknown option failover.strategies", { strategies = "x" })
        wrong("config must be a table", { config = 1 })
        local failover = claude.failover { config = { ["network.allow_http"] = true }, endpoints = {
            "http://example.com" } }
        assert.are.equal("http://example.com", failover:endpoints()[1].url)
    end)
end)

describe("Clients", function()
    it("take what was made for them only", function()
        for _, name in ipairs { "breaker", "limiter", "failover" } do
            assert.matches(name .. " must be made by claude." .. name,
                support.failure(support.client, { [name] = {} }).message)
            assert.matches(name .. " must be a table, got string",
                support.failure(support.client, { [name] = "x" }).message)
        end
        assert.matches("argument 2 must be a claude_breaker_t",
            support.failure(support.client, { breaker = claude.limiter() }).message)
        assert.matches("on_attempt must be a function", support.failure(support.client, { on_attempt = 1 }).message)
    end)
end)

describe("Health checks", function()
    it("ask all endpoints, and know what they have found", function()
        support.control("POST", "reset")
        local dead, reserved = dead_address()
        local client = client_with { health = { healthy_ms = 10000, degraded_ms = 20000 } }
        local health = client:health { support.url, { url = dead, api_key = support.key } }
        assert.are.same({ { url = support.url, state = "unknown" }, { url = dead, state = "unknown" } },
            health:endpoints())
        local found = health:check()
        assert.are.same({ "healthy", "unhealthy" }, { found[1].state, found[2].state })
        assert.is_true(found[1].response_ms >= 0 and found[1].http_status < 500)
        assert.is_nil(found[1].error)
        assert.are.equal("string", type(found[2].error))
        assert.is_nil(found[2].response_ms)
        assert.is_nil(found[2].http_status)
        assert.are.same({ 500, 500, 0, 0 }, { health:share "healthy", health:share "unhealthy",
            health:share "degraded", health:share "unknown" })
        assert.are.equal(500, health:table().shares.healthy)
        assert.are.same(health:table(), claude.json.decode(health:json()))
        assert.are.equal("HEAD", support.sent().method)
        assert.are.equal("CLAUDE_E_STATE", support.failure(health.add_endpoint, health, "https://a.example").name)
        assert.matches("must be unknown, healthy", support.failure(health.share, health, "well").message)
        reserved:close()
    end)

    it("tell the failover", function()
        local dead, reserved = dead_address()
        local failover = claude.failover { endpoints = { { url = dead, api_key = support.key },
            { url = support.url, api_key = support.key } } }
        local client = client_with({ health = { healthy_ms = 10000, degraded_ms = 20000 } }, { failover = failover })
        local found = client:health():check()
        assert.are.same({ dead, support.url }, { found[1].url, found[2].url })
        assert.are.same({ "unhealthy", "healthy" }, { failover:state(0), failover:state(1) })
        reserved:close()
    end)

    it("ask one endpoint", function()
        local dead, reserved = dead_address()
        local client = client_with { health = { strategy = "lightweight_api", healthy_ms = 10000,
            degraded_ms = 20000 } }
        local state, response_ms = client:check_endpoint(support.url)
        assert.are.equal("healthy", state)
        assert.is_true(response_ms >= 0)
        assert.are.equal("OPTIONS", support.sent().method)
        assert.are.same({ "unhealthy" }, { claude.loop(client):check_endpoint(dead) })
        assert.matches("the address must be a string", support.failure(client.check_endpoint, client, 1).message)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(client.check_endpoint, client).name)
        reserved:close()
    end)
end)

describe("Metrics", function()
    it("are what the calls have done", function()
        support.control("POST", "reset")
        local client = client_with { retry = RETRY, metrics = { enabled = true } }
        client:execute_with_retries(support.body(), failing(1))
        support.failure(client.create, client, support.body(), support.scenario(OVERLOADED))
        local metrics = client:metrics()
        assert.are.equal(2, metrics:value "calls")
        assert.are.equal(1, metrics:value "retries")
        assert.are.equal(2, metrics:value "errors")
        assert.are.equal(2, metrics:errors(claude.E_OVERLOADED))
        assert.are.equal(0, metrics:errors(claude.E_TLS))
        assert.is_nil(metrics:value "nothing")
        assert.are.equal(2, metrics:value "call_duration_ms")
        assert.is_true(metrics:sum "call_duration_ms" >= 0)
        assert.is_nil(metrics:sum "calls")
        assert.is_nil(metrics:histogram "calls")
        local buckets, values = metrics:histogram "call_duration_ms", 0
        for at, bucket in ipairs(buckets) do
            values = values + bucket.count
            assert.are.equal(at == #buckets, bucket.upper_bound == nil)
        end
        assert.are.equal(2, values)
        local all = metrics:table()
        assert.are.equal(2, all.counters.calls)
        assert.are.same({ CLAUDE_E_OVERLOADED = 2 }, all.errors)
        assert.are.same(all, claude.json.decode(metrics:json()))
        assert.matches("\nclaude_retries_total 1\n", metrics:prometheus())
        client:create(support.body())
        assert.are.equal(2, metrics:value "calls")
        assert.are.equal(3, claude.loop(client):metrics():value "calls")
    end)

    it("need to be enabled", function()
        local client = support.client()
        assert.matches("metrics%.enabled", support.failure(client.metrics, client).message)
        client:close()
        assert.are.equal("CLAUDE_E_STATE", support.failure(client.metrics, client).name)
    end)

    it("are listed", function()
        local list, kinds = claude.metrics(), {}
        for _, metric in ipairs(list) do
            kinds[metric.kind] = true
            assert.are.equal("string", type(metric.help))
            assert.are.equal("string", type(metric.unit))
        end
        assert.are.same({ counter = true, gauge = true, histogram = true }, kinds)
        assert.are.equal("calls", list[1].name)
    end)
end)

describe("An observer of attempts", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    -- What it hears, and a client that is observed.
    local function observed(more)
        local heard = {}
        return heard, client_with({ retry = RETRY }, { on_attempt = function(attempt)
            heard[#heard + 1] = attempt
            if more then
                more(attempt)
            end
        end })
    end

    local function phases(heard)
        local texts = {}
        for at, attempt in ipairs(heard) do
            texts[at] = ("%s %d%s"):format(attempt.phase, attempt.number, attempt.name and " " .. attempt.name or "")
        end
        return table.concat(texts, ", ")
    end

    local RETRIED = "starts 1, ends 1 CLAUDE_E_OVERLOADED, starts 2, ends 2 CLAUDE_OK"

    it("hears of each as it starts and ends", function()
        local heard, client = observed()
        local options = failing(1, { with_retries = true })
        options.headers.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        client:create(support.body(), options)
        assert.are.equal(RETRIED, phases(heard))
        local start, failed, done = heard[1], heard[2], heard[4]
        for _, attempt in ipairs(heard) do
            assert.are.equal(start.call, attempt.call)
        end
        assert.are.same({ phase = "starts", call = start.call, number = 1, endpoint = 0, backoff_ms = 0,
            limiter_wait_ms = 0, url = support.url .. "/v1/messages", method = "POST",
            endpoint_name = "messages.create", model = "claude-haiku-5-5",
            traceparent = options.headers.traceparent }, start)
        assert.are.equal(start.url, failed.url)
        assert.are.equal(claude.E_OVERLOADED, failed.code)
        assert.are.equal(529, failed.http_status)
        assert.matches("^req_", failed.request_id)
        assert.is_nil(failed.input_tokens)
        assert.is_nil(failed.first_event_ms)
        assert.is_true(heard[3].backoff_ms >= 1)
        assert.are.same({ 0, 200, 10, 5 }, { done.code, done.http_status, done.input_tokens, done.output_tokens })
        assert.is_true(done.duration_ms >= 0)
    end)

    it("hears of those that fail, of streams and of what is left", function()
        local heard, client = observed()
        support.failure(client.create, client, support.body(), support.scenario(OVERLOADED))
        assert.are.equal("starts 1, ends 1 CLAUDE_E_OVERLOADED", phases(heard))
        heard[1], heard[2] = nil, nil
        local stream = client:stream(support.body(), support.scenario "truncated")
        support.failure(support.events, stream)
        assert.are.equal("starts 1, ends 1 CLAUDE_E_TRUNCATED", phases(heard))
        assert.are.equal("number", type(heard[2].first_event_ms))
        heard[1], heard[2] = nil, nil
        support.failure(stream.final, client:stream(support.body(), support.scenario "truncated"))
        assert.are.equal("starts 1, ends 1 CLAUDE_E_TRUNCATED", phases(heard))
        heard[1], heard[2] = nil, nil
        stream = client:stream(support.body(), support.scenario "idle")
        stream:next()
        stream:next()
        assert.are.equal("starts 1", phases(heard))
        stream:close()
        assert.are.equal("starts 1, ends 1 CLAUDE_E_CANCELED", phases(heard))
        heard[1], heard[2] = nil, nil
        local text = {}
        for piece in client:stream(support.body(), support.scenario "text"):texts() do
            text[#text + 1] = piece
        end
        assert.are.equal("Hello, world!", table.concat(text))
        assert.are.equal("starts 1, ends 1 CLAUDE_OK", phases(heard))
    end)

    it("hears of pages, tools and loops", function()
        local heard, client = observed()
        for _ in client:pages("models.list", { query = { limit = 100 } }) do end
        assert.are.equal("starts 1, ends 1 CLAUDE_OK", phases(heard))
        assert.is_nil(heard[1].model)
        heard[1], heard[2] = nil, nil
        assert.are.equal("Echo: Hello", client:runner(support.body()):final().text)
        assert.are.equal("starts 1, ends 1 CLAUDE_OK", phases(heard))
        heard[1], heard[2] = nil, nil
        local loop = claude.loop(client)
        loop:submit(support.body(), failing(1, { with_retries = true, stream = false }))
        while loop:count() > 0 do
            loop:wait(1000)
            while loop:next() do end
        end
        assert.are.equal(RETRIED, phases(heard))
        for at = 1, 4 do
            heard[at] = nil
        end
        loop:submit(support.body(), support.scenario "idle")
        loop:wait(1000)
        loop:next()
        loop:close()
        assert.are.equal("starts 1, ends 1 CLAUDE_E_CANCELED", phases(heard))
    end)

    it("throws out of the function that was called, and nothing is lost", function()
        local throw = 1
        local heard, client = observed(function()
            throw = throw - 1
            if throw == 0 then
                error "thrown by the observer"
            end
        end)
        assert.matches("thrown by the observer", support.thrown(client.create, client, support.body()))
        client:hear()
        for _, which in ipairs { 1, 2 } do
            throw = which
            local stream = client:stream(support.body(), support.scenario "text")
            local events, thrown = 0, 0
            repeat
                local ok, event = pcall(stream.next, stream)
                thrown = thrown + (ok and 0 or 1)
                events = events + (ok and event and 1 or 0)
            until ok and not event
            assert.are.same({ 9, 1 }, { events, thrown })
            assert.matches("starts 1, ends 1 CLAUDE_OK$", phases(heard))
        end
        for _, which in ipairs { 1, 2 } do
            throw = which
            local loop = claude.loop(client)
            loop:submit(support.body(), support.scenario "text")
            local events, thrown, ended = 0, 0, false
            repeat
                local ok, call, event = pcall(function()
                    loop:wait(100)
                    return loop:next()
                end)
                thrown = thrown + (ok and 0 or 1)
                events = events + (ok and event and 1 or 0)
                ended = ended or ok and call and not event
            until ended and thrown > 0
            assert.are.same({ 9, 1 }, { events, thrown })
            loop:close()
        end
    end)

    it("may make calls itself", function()
        local client, heard
        heard, client = observed(function(attempt)
            if attempt.phase == "ends" and #heard == 2 then
                assert.are.equal("Echo: inner", client:create(support.body "inner").text)
            end
        end)
        assert.are.equal("Echo: outer", client:create(support.body "outer").text)
        assert.are.equal(4, #heard)
        assert.are.equal(heard[1].call, heard[2].call)
        assert.are.equal(heard[3].call, heard[4].call)
        assert.are_not.equal(heard[1].call, heard[3].call)
    end)

    it("keeps what is new, if nobody listens", function()
        local config = core.claude_config_new()
        core.claude_config_load_json(config, claude.json.encode(support.settings()))
        local attempts = core.claude_attempts_new(config, 3)
        local client = core.claude_client_new(config)
        core.claude_config_unref(config)
        local request = core.claude_request_new "models.list"
        for _ = 1, 3 do
            core.claude_client_execute(client, request)
        end
        assert.are.equal(3, core.claude_attempts_number(attempts, "dropped"))
        assert.are.equal(-1, core.claude_attempts_number(attempts, "phase"))
        assert.is_nil(core.claude_attempts_text(attempts, "url"))
        local seen = {}
        while core.claude_attempts_take(attempts) == 1 do
            seen[#seen + 1] = core.claude_attempts_number(attempts, "phase")
            assert.are.equal("models.list", core.claude_attempts_text(attempts, "endpoint_name"))
            assert.is_nil(core.claude_attempts_text(attempts, "nothing"))
            assert.are.equal(-1, core.claude_attempts_number(attempts, "nothing"))
        end
        assert.are.same({ core.CLAUDE_ATTEMPT_ENDS, core.CLAUDE_ATTEMPT_STARTS, core.CLAUDE_ATTEMPT_ENDS }, seen)
        core.claude_attempts_unref(attempts)
        core.claude_client_execute(client, request)
        core.claude_client_unref(client)
    end)
end)
