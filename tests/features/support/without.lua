-- Run by test_features.py: Lua with a library that lacks all that can be left out.
local claude = require "claude"

local function refused(feature, action, ...)
    local fine, failure = pcall(action, ...)
    assert(not fine, feature)
    assert(failure.name == "CLAUDE_E_UNSUPPORTED" and failure.feature == feature, tostring(failure))
    assert(failure.message:find("CLAUDE_FEATURE_", 1, true), failure.message)
end

local hello = { model = "claude-haiku-5-5", max_tokens = 9, messages = { { role = "user", content = "Hi" } } }
local client = claude.client { api_key = "sk-ant-features-not-a-real-key", base_url = arg[1] }
assert(not claude.feature("streaming") and claude.feature("error-handling"))
assert(#client:create(hello).text > 0)
refused("streaming", client.stream, client, hello)
refused("count-tokens", client.count_tokens, client, hello)
refused("tools", client.runner, client, hello)
refused("model-management", claude.models.find, "claude-haiku-5-5")
refused("model-management", claude.cost, {}, { model = "claude-haiku-5-5" })
refused("authentication", claude.from_workspace)
refused("retry-logic", client.execute_with_retries, client, hello)
refused("circuit-breaker", client.create, client, hello, { with_circuit_breaker = true })
refused("circuit-breaker", claude.breaker)
refused("rate-limiting", claude.limiter, { burst = 1 })
refused("failover", claude.failover, { endpoints = { arg[1] } })
refused("health-checks", client.health, client)
refused("health-checks", client.check_endpoint, client, arg[1])
refused("metrics", client.metrics, client)
refused("metrics", claude.client, { on_attempt = print })
local answer = client:create(hello)
assert(#answer.text > 0 and answer.report.attempts == 1)
assert(#answer.report.attempt_list == 1 and answer:rate_limit("requests") > 0)
print("fine")
