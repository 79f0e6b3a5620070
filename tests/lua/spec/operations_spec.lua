-- Quotas, compression, configuration that changes, diagnostics, log lines, keys that change, and the trail.
local claude = require "claude"
local core = require "claude.core"
local support = require "support"

local BUSY = { status = 529, error = { type = "overloaded_error", message = "Busy" } }
local REFUSED = { status = 401, error = { type = "authentication_error", message = "invalid x-api-key" } }
local ANSWER = { body_json = { id = "msg_1", type = "message", role = "assistant", model = "claude-haiku-5-5",
    content = { { type = "text", text = "Hi" } }, stop_reason = "end_turn",
    usage = { input_tokens = 10, output_tokens = 5 } } }

local DAY_MS = 86400000

local function now_ms()
    return os.time() * 1000
end

-- A header of the requests that the sandbox has recorded.
local function sent_headers(name)
    local found = {}
    for at, request in ipairs(support.control("GET", "requests").requests) do
        found[at] = ""
        for _, header in ipairs(request.headers) do
            found[at] = header[1]:lower() == name and header[2] or found[at]
        end
    end
    return found
end

local function keys_sent()
    return table.concat(sent_headers "x-api-key", " ")
end

describe("Quotas", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    it("refuse calls that ask for them", function()
        local client = support.client { config = { quota = { enabled = true, daily_requests = 1 } } }
        local answer = client:execute_with_quota(support.body())
        assert.are.same({ "quota" }, answer.report.features)
        local failure = support.failure(client.execute_with_quota, client, support.body())
        assert.are.same({ "CLAUDE_E_QUOTA", claude.E_QUOTA, "daily_requests" },
            { failure.name, failure.code, failure.error_code })
        local figures = failure.quota
        assert.is_true(figures.reset_at_ms > now_ms() - 1000 and figures.reset_at_ms <= now_ms() + DAY_MS + 1000)
        figures.reset_at_ms = nil
        assert.are.same({ limit = 1, used = 1, reserved = 0, needed = 1, per_model = false }, figures)
        assert.is_true(failure.retry_after_ms > 0)
        assert.are.equal("Echo: Hello", client:create(support.body()).text) -- which has not asked
        local stream = client:stream(support.body(), { with_quota = false })
        assert.are.equal("Echo: Hello", stream:final().text)
        failure = support.failure(function()
            client:stream(support.body(), { with_enterprise_features = true }):final()
        end)
        assert.are.equal("CLAUDE_E_QUOTA", failure.name)
        assert.is_nil(support.failure(client.create, client, support.body(), support.scenario(BUSY)).quota)
        local plain = support.client()
        assert.matches("quota", support.failure(plain.execute_with_quota, plain, support.body()).message)
    end)

    it("are shared by clients, and counted by what was used", function()
        local quota = claude.quota { daily_tokens = 1000000 }
        local one, other = support.client { quota = quota }, support.client { quota = quota }
        one:execute_with_quota(support.body(), support.scenario(ANSWER))
        support.in_loop(claude.loop(other), function() end)
        local loop = claude.loop(other)
        support.in_loop(loop, function()
            local options = support.scenario(ANSWER)
            options.with_quota = true
            return loop:create(support.body(), options)
        end)
        assert.are.equal(2, quota:usage "daily_requests")
        assert.are.same({ 20, 10, 0 },
            { quota:usage "daily_input_tokens", quota:usage "daily_output_tokens", quota:usage "daily_estimated" })
        assert.are.equal(30, quota:usage("total_tokens", "claude-haiku-5-5"))
        assert.are.equal(1000000 - 30, quota:remaining "daily_tokens")
        assert.are.same({ "claude-haiku-5-5" }, quota:models())
        assert.is_nil(quota:remaining "daily_cost")
        assert.is_nil(quota:usage "nothing")
        assert.matches("quota must be made by claude.quota",
            support.failure(claude.client, support.settings { quota = {} }).message)
    end)

    it("can be used by hand", function()
        local quota = claude.quota { limits = { daily_requests = 3,
            models = { ["claude-opus-5-5"] = { daily_requests = 1 } } } }
        assert.are.same({ 3, 1 }, { quota:limit "daily_requests", quota:limit("daily_requests", "claude-opus-5-5") })
        assert.is_nil(quota:limit "daily_cost")
        quota:record_usage("claude-opus-5-5", 1000, 500)
        local failure = support.failure(quota.record_usage, quota, "claude-opus-5-5", 1, 1)
        assert.is_true(failure.quota.per_model)
        local reserved = quota:reserve("claude-haiku-5-5", 100, 200)
        assert.are.same({ 1, 300 }, { quota:usage "reserved_requests", quota:usage "reserved_tokens" })
        reserved:settle(50)
        assert.are.same({ 0, 1 }, { quota:usage "reserved_requests", quota:usage "daily_estimated" })
        assert.are.equal(250, quota:usage("daily_tokens", "claude-haiku-5-5"))
        reserved = quota:reserve("claude-haiku-5-5", 100, 200)
        reserved:settle { input_tokens = 7, output_tokens = 1 }
        assert.are.equal(258, quota:usage("daily_tokens", "claude-haiku-5-5"))
        failure = support.failure(quota.reserve, quota, "claude-haiku-5-5", 1, 1)
        assert.are.same({ 3, 3, false }, { failure.quota.limit, failure.quota.used, failure.quota.per_model })
        quota:set_limit("daily_requests", nil)
        quota:reserve("claude-haiku-5-5", 1, 1):release()
        quota:reserve("claude-haiku-5-5", 1, 1):close()
        assert.are.equal(260, quota:usage("daily_tokens", "claude-haiku-5-5"))
        quota:set_limit("monthly_cost", 5, "claude-haiku-5-5")
        assert.are.equal(5, quota:limit("monthly_cost", "claude-haiku-5-5"))
        assert.is_true(quota:reset_at_ms "monthly" >= quota:reset_at_ms "daily")
        assert.matches("daily_rekwests", support.failure(quota.load_limits, quota, { daily_rekwests = 1 }).message)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(quota.set_limit, quota, "daily", 1).name)
    end)

    it("count what no call knows of, and are kept", function()
        local quota = claude.quota()
        quota:add({ input_tokens = 100, output_tokens = 10 }, { model = "claude-haiku-5-5" })
        local whole = quota:usage "daily_cost"
        assert.is_true(whole > 0)
        quota:add({ input_tokens = 100, output_tokens = 10 }, { model = "claude-haiku-5-5", batch = true })
        assert.are.equal(whole + whole / 2, quota:usage "daily_cost")
        quota:add(support.client():create(support.body(), support.scenario(ANSWER)))
        assert.are.equal(3, quota:usage("daily_requests", "claude-haiku-5-5"))
        assert.are.equal(3, quota:table().total.day.requests)
        local one, other = claude.quota(), claude.quota()
        one:import(quota:json())
        other:import(quota:table())
        for _, copy in ipairs { one, other } do
            assert.are.equal(quota:usage "daily_cost", copy:usage "daily_cost")
            assert.are.equal(235, copy:usage "total_tokens")
        end
        assert.are.equal("CLAUDE_E_INVALID", support.failure(one.import, one, "{}").name)
        assert.are.equal(235, one:usage "total_tokens")
    end)

    it("have the prices of the program's table", function()
        local quota = claude.quota { models = claude.models.load { models = { { id = "mine",
            pricing = { input = 2, output = 4 } } } } }
        quota:record_usage("mine", 1000000, 1000000)
        assert.is_true(quota:usage "daily_cost" >= 0)
        assert.matches("models must be made by", support.failure(claude.quota, { models = {} }).message)
    end)
end)

describe("Compression", function()
    local text = ("to be, or not to be, that is the question; "):rep(100)

    it("is of bytes", function()
        local packed = claude.compress(text)
        assert.is_true(#packed < #text / 5)
        assert.is_true(claude.is_gzip(packed))
        assert.are.same({ text }, { claude.decompress(packed) })
        assert.are.same({ "few\0bytes" }, { claude.compress "few\0bytes" })
        local bytes = ("\0\255"):rep(20)
        packed = claude.compress(bytes, { min_size = 0, level = 9 })
        assert.is_true(claude.is_gzip(packed))
        assert.are.equal(bytes, claude.decompress(packed))
        assert.are.equal(bytes, claude.decompress(bytes))
        assert.are.equal(bytes, claude.compress(bytes, { min_size = 0, level = 0 }))
        assert.is_false(claude.is_gzip "\31\139")
        assert.are.equal("", claude.compress "")
        assert.are.equal("CLAUDE_E_TOO_LARGE", support.failure(claude.decompress, packed, 10).name)
        packed = claude.compress(text)
        assert.are.equal("CLAUDE_E_TRUNCATED", support.failure(claude.decompress, packed:sub(1, -2)).name)
        packed = packed:sub(1, -9) .. packed:sub(-8):reverse()
        assert.are.equal("CLAUDE_E_INVALID", support.failure(claude.decompress, packed).name)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(claude.compress, text, { level = 10 }).name)
        assert.matches("must be a string", support.failure(claude.compress, nil).message)
    end)

    it("is of requests, which are sent again where a server does not read it", function()
        support.control("POST", "reset")
        local client = support.client()
        local sequence = { sequence = { { status = 415, error = { type = "invalid_request_error", message = "no" } },
            ANSWER } }
        local options = support.scenario(sequence)
        options.compress = true
        local answer = client:create(support.body(text), options)
        assert.are.same({ "gzip", "" }, sent_headers "content-encoding")
        assert.are.same({ "gzip", "gzip" }, sent_headers "accept-encoding")
        assert.are.same({ 1, 2 }, { answer.report.resends, answer.report.attempts })
        assert.matches("compress must be a boolean",
            support.failure(client.create, client, support.body(), { compress = "yes" }).message)
    end)
end)

describe("Snapshots of a client", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    it("are chosen by a call, and named in its report", function()
        local heard = 0
        local client = support.client { on_attempt = function()
            heard = heard + 1
        end }
        assert.are.equal(1, client:generation())
        assert.is_nil(client:generation "b")
        client:set_snapshot("b", support.settings { headers = { ["x-team"] = "b" } })
        client:set_snapshot(nil, support.settings { headers = { ["x-team"] = "a" } })
        local one, other = client:create(support.body()), client:create(support.body(), { snapshot = "b" })
        assert.are.same({ "a", "b" }, sent_headers "x-team")
        assert.are.equal(4, heard)
        assert.is_nil(one.report.snapshot)
        assert.are.equal("b", other.report.snapshot)
        assert.are.same({ client:generation(), client:generation "b" },
            { one.report.generation, other.report.generation })
        local stream = client:stream(support.body(), { snapshot = "b" })
        stream:next()
        assert.are.same({ "b", client:generation "b" }, { stream:report().snapshot, stream:report().generation })
        assert.are.equal(0, stream:report().resends)
        stream:close()
        client:set_snapshot("b", nil)
        assert.is_nil(client:generation "b")
        assert.matches("snapshot", support.failure(client.create, client, support.body(), { snapshot = "b" }).message)
    end)

    it("are refused as a whole", function()
        local client = support.client()
        assert.are.equal("CLAUDE_E_NO_KEY", support.failure(client.set_snapshot, client, nil, {}).name)
        assert.matches("has no on_attempt; it has api_key",
            support.failure(client.set_snapshot, client, nil, { on_attempt = print }).message)
        assert.matches("must be a table", support.failure(client.set_snapshot, client, nil, "x").message)
        assert.are.equal(1, client:generation())
        client:close()
        assert.are.equal("CLAUDE_E_STATE", support.failure(client.generation, client).name)
    end)

    it("keep the hooks of the client", function()
        local lines, news = {}, {}
        local client = support.client { on_log = function(line)
            lines[#lines + 1] = line.event
        end, on_deprecation = function(model)
            news[#news + 1] = model
        end }
        client:set_snapshot(nil, support.settings())
        local body = support.body()
        for _, id in ipairs(claude.models.ids()) do
            body.model = claude.models.deprecation(id) and id or body.model
        end
        client:create(body)
        assert.are.same({ body.model }, news)
        assert.is_true(#lines >= 2)
    end)
end)

describe("A watcher", function()
    local path

    local function write(text)
        local file = assert(io.open(path .. ".new", "w"))
        file:write(text)
        file:close()
        assert(os.rename(path .. ".new", path))
    end

    before_each(function()
        path = os.tmpname()
    end)

    after_each(function()
        os.remove(path)
    end)

    it("gives its clients what the file says, and tells of it", function()
        write '{"timeout_ms": 120000}'
        local watcher, client = claude.watcher(path), support.client()
        local heard = {}
        watcher:on_change(function(self, generation)
            assert.are.equal(watcher, self)
            heard[#heard + 1] = generation
        end)
        watcher:attach(client)
        assert.are.equal("120000", watcher:get "timeout.total_ms")
        assert.is_nil(watcher:error())
        local before = watcher:generation()
        write '{"timeout_ms": 130000}'
        assert.is_true(watcher:poll())
        assert.is_false(watcher:poll())
        assert.are.same({ before + 1 }, heard)
        write '{"timeout_ms": 140000}'
        local answer = client:create(support.body()) -- which looks by itself
        assert.are.same({ before + 1, before + 2 }, heard)
        assert.are.equal(client:generation(), answer.report.generation)
        assert.are.equal("140000", watcher:get "timeout.total_ms")
        watcher:update { timeout_ms = 150000 }
        assert.are.same({ before + 3, "150000" }, { heard[3], watcher:get "timeout.total_ms" })
        watcher:reload()
        assert.are.same({ before + 4, "140000" }, { heard[4], watcher:get "timeout.total_ms" })
        watcher:detach(client)
        assert.are.equal("CLAUDE_E_STATE", support.failure(watcher.detach, watcher, client).name)
        watcher:on_change(nil)
        watcher:update '{"timeout_ms": 160000}'
        assert.are.equal(4, #heard)
        watcher:on_change(function(_, generation)
            heard[#heard + 1] = generation
        end)
        for _, ms in ipairs { 170000, 180000 } do -- one call of C may bring several
            core.claude_watcher_update(watcher._handle, ('{"timeout_ms": %d}'):format(ms))
        end
        client:listen(watcher)
        client:hear()
        assert.are.same({ before + 6, before + 7 }, { heard[5], heard[6] })
        assert.are.equal("number", type(watcher:fd()))
        assert.are.equal("boolean", type(watcher:is_notified()))
        local count = #heard
        watcher:close()
        watcher:close()
        client:create(support.body()) -- goes on with the file
        assert.are.equal(count, #heard)
        assert.are.equal(0, #client._watchers)
        for _, name in ipairs { "poll", "reload", "generation", "fd", "error", "is_notified" } do
            assert.are.equal("the watcher has been closed", support.failure(watcher[name], watcher).message)
        end
    end)

    it("keeps what held, and says why", function()
        local watcher = claude.watcher(path, { max_retries = 2 })
        assert.are.equal("CLAUDE_E_INVALID", watcher:error().name) -- the file is empty
        assert.are.equal("2", watcher:get "retry.max_retries")
        write '{"max_retires": 3}'
        assert.is_false(watcher:poll())
        assert.matches("max_retires", watcher:error().message)
        assert.matches("max_retires", support.failure(watcher.reload, watcher).message)
        assert.matches("max_retries", support.failure(watcher.update, watcher, { max_retries = 11 }).message)
        assert.are.equal("2", watcher:get "retry.max_retries")
        assert.is_nil(watcher:get "no.such.option")
        os.remove(path)
        watcher:poll()
        assert.are.equal("CLAUDE_E_IO", watcher:error().name)
        write '{"max_retries": 4}'
        assert.is_true(watcher:poll())
        assert.is_nil(watcher:error())
        assert.matches("attached to a client, got nil", support.failure(watcher.attach, watcher).message)
    end)

    it("sends a key to no other server, unless it is allowed", function()
        local watcher, client = claude.watcher(path), support.client()
        watcher:attach(client, "b")
        write '{"base_url": "https://gateway.example"}'
        assert.is_false(watcher:poll())
        assert.matches("base_url is another server", watcher:error().message)
        watcher:allow_server "https://gateway.example"
        watcher:reload()
        assert.are.equal("https://gateway.example", watcher:get "base_url")
        assert.is_true(client:generation "b" > 0)
    end)

    it("throws what its observer throws out of the call, which is not lost", function()
        write "{}"
        local watcher, client = claude.watcher(path), support.client()
        watcher:attach(client)
        watcher:on_change(function()
            error "thrown by the observer"
        end)
        write '{"timeout_ms": 130000}'
        assert.matches("thrown by the observer", support.thrown(client.create, client, support.body()))
        assert.are.equal("Echo: Hello", client:create(support.body()).text)
        write '{"timeout_ms": 140000}'
        assert.matches("thrown by the observer", support.thrown(watcher.poll, watcher))
        assert.is_false(watcher:poll())
    end)
end)

describe("Diagnostics", function()
    it("are a report as data", function()
        local client = support.client { config = { diagnostics = { timings = 4 }, quota = { enabled = true,
            daily_requests = 5 } } }
        local answer = client:execute_with_quota(support.body())
        assert.are.equal("number", type(answer.report.attempt_list[1].timings_us.total))
        local report = client:diagnostics()
        assert.are.equal("table", type(report))
        local text = claude.json.encode(report)
        assert.matches(claude.version, text, 1, true)
        assert.is_nil(text:find(support.key, 1, true))
        assert.are.same(report.options, claude.loop(client):diagnostics().options)
        assert.is_nil(client:create(support.body()).report.attempt_list[1].timings_us.nothing)
        assert.is_nil(support.client():create(support.body()).report.attempt_list[1].timings_us)
        client = support.client { config = { diagnostics = { timings = 4 },
            retry = { enabled = true, initial_delay_ms = 1 } } }
        local options = support.scenario { sequence = { BUSY, { hold_ms = 3600000, ping_interval_ms = 10 } } }
        options.with_retries = true
        local stream = client:stream(support.body(), options)
        while #stream:report().attempt_list == 0 do
            stream:next()
        end
        assert.is_nil(stream:report().stopped_by)
        assert.are.equal("number", type(stream:report().attempt_list[1].timings_us.dns))
        assert.is_true(stream:report().attempt_list[1].timings_us.total > 0)
        stream:close()
    end)

    it("are a self-test", function()
        local found = support.client():selftest { key = true, model = "claude-haiku-5-5" }
        local checks = {}
        for _, check in ipairs(found.checks) do
            checks[check.name] = check
            assert.matches("^%l+$", check.status)
            assert.are.equal("string", type(check.text))
            assert.are_not.equal("", check.fix)
            assert.are_not.equal(-1, check.ms)
        end
        assert.are.equal("ok", checks.key.status)
        assert.are.equal("ok", checks.model.status)
        assert.are.equal("skipped", support.client():selftest().checks[#found.checks].status)
        local client = claude.client(support.settings { base_url = "http://127.0.0.1:1" })
        assert.are.equal("fail", client:selftest { timeout = 5 }.worst)
        assert.matches("timeout is %-1", support.failure(client.selftest, client, { timeout = -1 }).message)
        assert.matches("key must be a boolean", support.failure(client.selftest, client, { key = "x" }).message)
    end)

    it("asks for a token where it needs one", function()
        local asked = 0
        local function key_of(provider)
            local client = claude.client { base_url = support.url, credential_provider = provider }
            for _, check in ipairs(client:selftest { key = true }.checks) do
                if check.name == "key" then
                    return check.status
                end
            end
        end
        assert.are.equal("ok", key_of(function()
            asked = asked + 1
            return support.key
        end))
        assert.are.equal(1, asked)
        assert.are.equal("fail", key_of(function() error "no token today" end))
    end)

    it("are the curl command of a call", function()
        local client = support.client()
        local command, bytes = client:curl(support.body "It's me", { headers = { ["x-team"] = "blue" } })
        assert.matches("^curl ", command)
        assert.matches("$ANTHROPIC_API_KEY", command, 1, true)
        assert.matches("It'\\''s me", command, 1, true)
        assert.matches("blue", command)
        assert.is_nil(command:find(support.key, 1, true))
        assert.is_nil(bytes)
        support.control("POST", "reset")
        local out = assert(io.popen(("ANTHROPIC_API_KEY=%s sh -c %s"):format(support.key,
            "'" .. command:gsub("'", "'\\''") .. "'") .. " 2>/dev/null"))
        assert.are.equal("Echo: It's me", claude.parse(out:read "*a").text)
        out:close()
        assert.are.equal(support.key, keys_sent())
        command, bytes = client:curl(support.body(), { body_file = "body.json", stream = true })
        assert.matches("body.json", command, 1, true)
        assert.are.equal("Hello", claude.json.decode(bytes).messages[1].content)
        assert.matches("/v1/models", (client:curl(nil, { endpoint = "models.list" })), 1, true)
    end)
end)

describe("Log lines", function()
    local function logged(more)
        local lines = {}
        local settings = { on_log = function(line)
            lines[#lines + 1] = line
        end }
        for name, value in pairs(more or {}) do
            settings[name] = value
        end
        return lines, support.client(settings)
    end

    local function events_of(lines)
        local names = {}
        for at, line in ipairs(lines) do
            names[at] = line.level .. " " .. line.event
        end
        return names
    end

    it("are of the level that was asked for", function()
        local lines, client = logged()
        client:create(support.body())
        assert.are.equal("call.end", lines[#lines].event)
        for _, line in ipairs(lines) do
            assert.are.equal("info", line.level)
            assert.are.equal("table", type(line.fields))
        end
        local few = logged { log_level = "error" }
        assert.are.same({}, few)
        lines, client = logged { log_level = "error" }
        client:create(support.body())
        assert.are.same({}, lines)
        support.failure(client.create, client, support.body(), support.scenario(BUSY))
        assert.are.equal(1, #lines)
        assert.matches("^error ", events_of(lines)[1])
        lines, client = logged { log_level = "trace", config = { diagnostics = { log_bodies = true } } }
        for text in client:stream(support.body(), support.scenario "text"):texts() do
            assert.are.equal("string", type(text))
        end
        local text = claude.json.encode(lines)
        assert.matches('"trace"', text)
        assert.is_nil(text:find(support.key, 1, true))
        assert.matches("log_level is loud; it must be one of error, warn, info, debug, trace",
            support.failure(logged, { log_level = "loud" }).message)
    end)

    it("throw out of the function that was called", function()
        local client = support.client { on_log = function()
            error "thrown by the log"
        end }
        assert.matches("thrown by the log", support.thrown(client.create, client, support.body()))
    end)

    it("keep what is new, if nobody listens", function()
        local config = core.claude_config_new()
        core.claude_config_load_json(config, claude.json.encode(support.settings()))
        local logs = core.claude_logs_new(config, core.CLAUDE_LOG_TRACE, 2)
        local client = core.claude_client_new(config)
        core.claude_config_unref(config)
        core.claude_client_execute(client, core.claude_request_new "models.list")
        assert.is_true(core.claude_news_dropped(logs) > 0)
        assert.are.equal(1, core.claude_news_goes_on(logs))
        core.claude_client_unref(client)
        assert.are.equal(0, core.claude_news_goes_on(logs))
        assert.are.equal(1, (core.claude_news_take(logs)))
        local found, event = core.claude_news_take(logs)
        assert.are.same({ 1, "call.end" }, { found, event })
        assert.are.equal(0, (core.claude_news_take(logs)))
    end)
end)

describe("Keys", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    it("are replaced in a client that lives", function()
        local client = support.client()
        client:create(support.body())
        local fingerprint = client:secret():fingerprint()
        client:rotate_secret "sk-ant-the-second-key-of-this-test"
        client:create(support.body())
        client:rotate_secret(claude.secret.unchecked "third")
        claude.loop(client):close()
        client:create(support.body())
        assert.are.equal(support.key .. " sk-ant-the-second-key-of-this-test third", keys_sent())
        assert.are_not.equal(fingerprint, client:secret():fingerprint())
        assert.are.equal("third", client:secret():expose())
        local failure = support.failure(client.rotate_secret, client, "sk-ant-another-key", 3)
        assert.are.equal("CLAUDE_E_INVALID", failure.name)
        assert.matches("api_key must be", support.failure(client.rotate_secret, client, 1).message)
        assert.is_nil(claude.client { config = { auth = { style = "none" } } }:secret())
    end)

    it("are looked for in order, and know where they are from", function()
        local own = claude.secret.unchecked "own"
        assert.are.equal("program", own:source())
        assert.are.equal("own", claude.secret.load("CLAUDE_NO_SUCH_VARIABLE", own):expose())
        assert.are.equal("CLAUDE_E_NO_KEY", support.failure(claude.secret.load, "CLAUDE_NO_SUCH_VARIABLE").name)
        assert.matches("must be a string or", support.failure(claude.secret.load, "X", 1).message)
    end)

    it("tell once that they run out", function()
        local key, heard = claude.secret.unchecked "token", {}
        assert.is_nil(key:expires_at_ms())
        local expires_at_ms = now_ms() + 3600000
        key:set_expiry(expires_at_ms)
        assert.are.equal(expires_at_ms, key:expires_at_ms())
        key:on_expiry(7200000, function(...)
            heard[#heard + 1] = { ... }
        end)
        local client = support.client { api_key = key }
        client:create(support.body())
        client:create(support.body())
        assert.are.equal(1, #heard)
        assert.are.same({ key:fingerprint(), expires_at_ms }, { heard[1][1], heard[1][2] })
        assert.is_true(heard[1][3] > 3500000 and heard[1][3] <= 3601000)
        key:set_expiry(now_ms() - 1000)
        key:expose()
        client:create(support.body())
        assert.are.equal(2, #heard)
        assert.is_true(heard[2][3] < 0)
        key:set_expiry(nil)
        assert.is_nil(key:expires_at_ms())
        assert.are.equal("CLAUDE_E_STATE", support.failure(key.on_expiry, key, 0, print).name)
        assert.matches("must be a function, got nil", support.failure(key.on_expiry, key, 0).message)
        client = support.client { api_key = key, config = { auth = { refuse_expired = true } } }
        key:set_expiry(1)
        assert.are.equal("CLAUDE_E_NO_KEY", support.failure(client.create, client, support.body()).name)
    end)

    it("are told of by the call that used them, also when it had to wait", function()
        local key, heard = claude.secret.unchecked "token", 0
        key:on_expiry(0, function()
            heard = heard + 1
        end)
        local client = support.client { api_key = key,
            config = { limiter = { enabled = true, requests_per_second = 20, burst = 1 } } }
        for at = 1, 4 do
            key:set_expiry(at)
            if at % 2 == 0 then
                client:stream(support.body(), { with_rate_limiting = true }):final()
            else
                client:create(support.body(), { with_rate_limiting = true })
            end
            assert.are.equal(at, heard)
        end
        client = support.client { api_key = key, config = { health = { strategy = "models" } } }
        for at, check in ipairs {
            function() client:check_endpoint(support.url) end,
            function() client:health({ { url = support.url, api_key = key } }):check() end,
            function() client:selftest { key = true } end,
            function() key:expose() end,
        } do
            key:set_expiry(at)
            check()
            assert.are.equal(4 + at, heard)
        end
    end)

    it("throw what is thrown when they run out", function()
        local key = claude.secret.unchecked "token"
        key:set_expiry(1)
        key:on_expiry(0, function()
            error "thrown by the expiry"
        end)
        local client = support.client { api_key = key }
        assert.matches("thrown by the expiry", support.thrown(client.create, client, support.body()))
        assert.are.equal("Echo: Hello", client:create(support.body()).text)
    end)
end)

describe("A credential provider", function()
    before_each(function()
        support.control("POST", "reset")
    end)

    local function provided(fn, config)
        return claude.client { base_url = support.url, credential_provider = fn, config = config }
    end

    it("is asked when a token is needed, runs out, or is refused", function()
        local reasons, first = {}, claude.secret.unchecked "token-1"
        local client = provided(function(reason)
            reasons[#reasons + 1] = reason
            return reason == "first" and first or "token-" .. #reasons, now_ms() + 3600000
        end, { auth = { refresh_on_401 = true } })
        client:create(support.body())
        assert.is_true(client:secret():expires_at_ms() > now_ms())
        first:set_expiry(now_ms() - 1000)
        client:create(support.body())
        assert.are.same({ "first", "expires" }, reasons)
        local answer = client:create(support.body(), support.scenario { sequence = { REFUSED, ANSWER } })
        assert.are.same({ "first", "expires", "refused" }, reasons)
        assert.are.equal("token-1 token-2 token-2 token-3", keys_sent())
        assert.are.same({ "Hi", 1 }, { answer.text, answer.report.resends })
    end)

    it("may use other clients, and be used in loops, streams and lists", function()
        local other = support.client()
        local client = provided(function()
            return claude.secret.unchecked((other:create(support.body "token").text:gsub("%W", "-")))
        end)
        for text in client:stream(support.body(), support.scenario "text"):texts() do
            assert.are.equal("string", type(text))
        end
        client = provided(function()
            collectgarbage()
            return coroutine.wrap(function()
                return (other:create(support.body "token").text:gsub("%W", "-"))
            end)()
        end)
        local loop = claude.loop(client)
        local answer = support.in_loop(loop, function()
            return loop:create(support.body())
        end)
        assert.are.equal("Echo: Hello", answer.text)
        client = provided(function()
            return "token"
        end)
        for model in client.models.list.items() do
            assert.are.equal("string", type(model.id))
        end
        client = provided(function()
            return "token"
        end)
        client:set_snapshot("b", { base_url = support.url })
        assert.are.equal("Echo: Hello", client:create(support.body(), { snapshot = "b" }).text)
        assert.are.equal("Echo: Hello", provided(function()
            return "token"
        end):runner(support.body()):final().text)
    end)

    it("throws out of the call that needed the token", function()
        local what = {}
        local client = provided(function()
            error(what)
        end, { auth = { refresh_pause_ms = 1 } })
        assert.are.equal(what, support.thrown(client.create, client, support.body()))
        assert.are.equal(what, support.thrown(function()
            client:stream(support.body()):next()
        end))
        client:sleep(10) -- the pause, in which nobody asks again
        local loop = claude.loop(client)
        local call = loop:submit(support.body())
        while loop:count() > 0 do
            loop:wait(1000)
            while loop:next() do end
        end
        assert.are.equal(what, support.thrown(call.result, call))
        client = provided(function()
            return 7
        end)
        assert.matches("must return a string or a claude.secret, got number",
            support.failure(client.create, client, support.body()).message)
        client = provided(function()
            coroutine.yield()
        end)
        coroutine.wrap(function()
            assert.matches("yield", tostring(support.thrown(client.create, client, support.body())))
        end)()
        assert.are.same({}, support.control("GET", "requests").requests)
        client = provided(function()
            return client:create(support.body()).text
        end)
        assert.are.equal("CLAUDE_E_BUSY", support.failure(client.create, client, support.body()).name)
    end)

    it("is kept by its client, and no longer", function()
        local alive = setmetatable({}, { __mode = "k" })
        local function use()
            local client
            client = provided(function()
                return tostring(client):gsub("%W", "-") and "token"
            end)
            collectgarbage()
            collectgarbage()
            assert.are.equal("Echo: Hello", client:create(support.body()).text)
            alive[client] = true
        end
        use()
        collectgarbage()
        collectgarbage()
        assert.is_nil(next(alive))
        local config = core.claude_config_new()
        core.claude_config_load_json(config, claude.json.encode { base_url = support.url })
        core.claude_config_set_credential_provider(config, function()
            error "lost"
        end)
        collectgarbage()
        collectgarbage()
        local client = core.claude_client_new(config)
        local failure = support.failure(core.claude_client_execute, client, core.claude_request_new "models.list")
        assert.are.same({ "CLAUDE_E_CALLBACK", -1 }, { failure.name, failure.code == claude.E_CALLBACK and -1 })
        assert.matches("argument 2 must be a function",
            support.failure(core.claude_config_set_credential_provider, config, 1).message)
        assert.matches("argument 1 must be a claude_config_t",
            support.failure(core.claude_config_set_credential_provider, nil, print).message)
        core.claude_config_unref(config)
        assert.are.equal("CLAUDE_E_INVALID",
            support.failure(core.claude_config_set_credential_provider, config, print).name)
    end)
end)

describe("The trail", function()
    it("tells who used a key", function()
        claude.trail.stop()
        assert.are.equal("CLAUDE_E_STATE", support.failure(claude.trail.read).name)
        claude.trail.start(2)
        local key = claude.secret.unchecked "trailed"
        for _ = 1, 3 do
            key:expose()
        end
        support.client { api_key = key }:create(support.body())
        local trail = claude.trail.read()
        assert.are.same({ 2, 2, 2 }, { trail.capacity, trail.dropped, #trail.exposures })
        local first, last = trail.exposures[1], trail.exposures[2]
        assert.are.same({ "expose", "header" }, { first.operation, last.operation })
        assert.are.equal(key:fingerprint(), last.fingerprint)
        assert.is_true(math.abs(last.time_ms - now_ms()) < 60000)
        assert.are.equal("number", type(last.thread))
        assert.are.equal("string", type(last.backtrace[1]))
        claude.trail.clear()
        assert.are.equal(0, #claude.trail.read().exposures)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(claude.trail.start, 0).name)
        claude.trail.stop()
    end)
end)
