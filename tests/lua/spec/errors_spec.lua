local claude = require "claude"
local core = require "claude.core"
local support = require "support"

describe("An error", function()
    local client = support.client()

    local function failure_of(scenario)
        return support.failure(client.create, client, support.body(), support.scenario(scenario))
    end

    it("tells everything", function()
        local failure = failure_of { status = 429, headers = { { "retry-after", "7" } },
            error = { type = "rate_limit_error", message = "Slow down" } }
        assert.are.equal(claude.E_RATE_LIMIT, failure.code)
        assert.are.equal("CLAUDE_E_RATE_LIMIT", failure.name)
        assert.are.equal("RateLimit", failure.category)
        assert.are.equal(429, failure.http_status)
        assert.are.equal("rate_limit_error", failure.api_type)
        assert.are.equal(7000, failure.retry_after_ms)
        assert.are.equal(1, failure.attempts)
        assert.is_true(failure.retryable)
        assert.matches("^req_", failure.request_id)
        assert.matches("Slow down", failure.message)
        assert.are.equal(failure.message, tostring(failure))
        assert.are.equal("error: " .. failure.message, "error: " .. failure)
        assert.are.equal("Slow down", failure.response.error.message)
        assert.is_true(claude.is_error(failure))
    end)

    it("has nothing where there is nothing", function()
        local failure = support.failure(claude.client, {})
        for _, name in ipairs { "http_status", "api_type", "error_code", "request_id", "retry_after_ms", "response",
            "cause" } do
            assert.is_nil(failure[name], name)
        end
        assert.are.equal(0, failure.attempts)
        assert.is_false(failure.retryable)
    end)

    it("outlives everything", function()
        local failure
        do
            local own = support.client()
            failure = support.failure(own.create, own, support.body(), support.scenario "truncated")
            own:close()
        end
        collectgarbage()
        collectgarbage()
        assert.are.equal("string", type(failure.message))
    end)

    it("is told from other values", function()
        assert.is_false(claude.is_error "text")
        assert.is_false(claude.is_error {})
        assert.is_false(claude.is_error(nil))
    end)

    it("passes through coroutines", function()
        local routine = coroutine.create(function()
            client:create(support.body(), support.scenario "error-first")
        end)
        local ok, failure = coroutine.resume(routine)
        assert.is_false(ok)
        assert.is_true(claude.is_error(failure))
    end)

    it("says the same as the library's own description", function()
        for at = 0, 1000 do
            local code = core.claude_code_at(at)
            if code == 0 then
                assert.is_true(at > 20)
                return
            end
            assert.are.equal(code, claude[core.claude_code_name(code):match "^CLAUDE_(.*)$"])
        end
    end)
end)

describe("What is wrong", function()
    local client = support.client()

    local function invalid(pattern, fn, ...)
        local failure = support.failure(fn, ...)
        assert.are.equal("CLAUDE_E_INVALID", failure.name, tostring(failure))
        assert.matches(pattern, failure.message)
    end

    it("is named: clients", function()
        invalid("must be a table, got string", claude.client, "x")
        invalid("has no api_kex; it has api_key, base_url, breaker, config, credential_provider, failover, headers, "
            .. "limiter, log_level, models, on_attempt, on_deprecation, on_log, quota, timeout",
            claude.client, { api_kex = 1 })
        invalid("api_key must be", claude.client, { api_key = 1 })
        invalid("api_key must be", claude.client, { api_key = {} })
        invalid("sk%-ant%-", claude.client, { api_key = "hunter2" })
        invalid("base_url must be a string", claude.client, support.settings { base_url = 1 })
        invalid("https", claude.client, support.settings { base_url = "http://example.com" })
        invalid("without NUL", claude.client, support.settings { base_url = "http://127.0.0.1\0" })
        invalid("config must be a table", claude.client, support.settings { config = 1 })
        invalid("config: base_url: a function cannot", claude.client,
            support.settings { config = { base_url = print } })
        invalid("retry%.nothing", claude.client, support.settings { config = { ["retry.nothing"] = 1 } })
        for _, timeout in ipairs { 0, -1, 0 / 0, 1 / 0, "1", true } do
            invalid("timeout is", claude.client, support.settings { timeout = timeout })
        end
        invalid("headers must be a table", claude.client, support.settings { headers = "x" })
        invalid("header x must be a string", claude.client, support.settings { headers = { x = 1 } })
        invalid(".", claude.client, support.settings { headers = { ["x y"] = "1" } })
        invalid(".", claude.client, support.settings { headers = { x = "1\r\n" } })
        invalid("without NUL", claude.client, support.settings { headers = { x = "1\0" } })
        invalid("argument 2 must be", claude.client, support.settings { headers = { [1] = "x" } })
    end)

    it("is named: requests", function()
        local create = client.create
        invalid("NaN is no JSON number", create, client, { max_tokens = 0 / 0 })
        invalid("^the body: messages%[1%]: a function", create, client, { messages = { print } })
        invalid("invalid UTF%-8", create, client, support.body "\255")
        invalid("invalid UTF%-8", create, client, support.body "\237\160\128")
        invalid("offset", create, client, "{")
        invalid("the body, if it is no table, must be a string, got number", create, client, 1)
        invalid("object", create, client, claude.array())
        invalid("options must be a table", create, client, support.body(), 1)
        invalid("has no header; it has", create, client, support.body(), { header = {} })
        invalid("limit.json_depth", create, client, support.body(), { options = { ["limit.json_depth"] = 0 } })
        invalid("must be a string, a number or a boolean", create, client, support.body(),
            { options = { x = {} } })
        invalid("endpoint .no such. is not known", client.request, client, "no such", {})
        invalid("name of an endpoint must be a string", client.request, client, {}, {})
        invalid("without NUL", client.request, client, "messages.create\0", {})
        invalid("does not stream", client.stream, client, { model = "m" }, { endpoint = "messages.count_tokens" })
    end)

    it("is named: nothing at all", function()
        invalid(".", client.request, client)
        invalid(".", client.create, client)
        invalid("a loop is made of a client, got nil", claude.loop)
        invalid("a loop is made of a client, got table", claude.loop, {})
        invalid("argument 1 must be a string", claude.secret.new)
        invalid("argument 1 must be a string", claude.secret.new, 12)
        invalid("JSON pointer must be a string", client:create(support.body()).at, client:create(support.body()), 1)
        invalid("cannot be changed", function()
            client:create(support.body()).text = "x"
        end)
    end)

    it("is named: the module below", function()
        local request = core.claude_request_new "messages.create"
        invalid("claude_request_set_max_tokens: argument 2 must be an integer", core.claude_request_set_max_tokens,
            request, 1.5)
        invalid("argument 2 must be an integer", core.claude_request_set_max_tokens, request, "1")
        invalid("argument 2 must be an integer", core.claude_request_set_max_tokens, request, 2 ^ 70)
        invalid("argument 2 must be an integer", core.claude_request_set_max_tokens, request, 0 / 0)
        assert.are.equal(not support.doubles, (pcall(core.claude_request_set_max_tokens, request, 2 ^ 54)))
        invalid("argument 2 must be an integer", core.claude_request_set_stream, request, 2 ^ 40)
        invalid("argument 2 must be a number", core.claude_request_set_temperature, request, {})
        for _, wrong in ipairs { io.stdout, request, "text", 1, {}, print, coroutine.create(function() end) } do
            invalid("claude_client_trim: argument 1 must be", core.claude_client_trim, wrong)
        end
        invalid("client", core.claude_client_trim, nil)
        core.claude_request_unref(request)
        core.claude_request_unref(request)
        core.claude_request_unref(nil)
        invalid(".", core.claude_request_set_model, request, "m")
        assert.is_false(pcall(core.claude_request_set_model, request))
        assert.is_false(getmetatable(request))
    end)
end)
