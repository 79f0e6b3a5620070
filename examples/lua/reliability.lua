-- reliability.lua - a question with retries, a circuit breaker and a limit of two requests a second; then what happened
-- on the way.
--
--     ANTHROPIC_API_KEY=... lua reliability.lua ["A question"]

local claude = require "claude"

local function on_attempt(attempt)
    if attempt.phase == "ends" then
        print(("attempt %d: %s, %d ms"):format(attempt.number, attempt.name, attempt.duration_ms))
    end
end

local function main()
    local client = claude.from_env {
        config = {
            retry = { enabled = true, max_retries = 4 },
            breaker = { enabled = true },
            limiter = { enabled = true, requests_per_second = 2, burst = 1 },
            metrics = { enabled = true },
        },
        on_attempt = on_attempt,
    }
    local answer = client:execute_with_enterprise_features {
        model = "claude-haiku-5-5",
        max_tokens = 1024,
        messages = { { role = "user", content = arg[1] or "Hello!" } },
    }
    local report = answer.report
    print(answer.text)
    print(("%d retries, %d ms of waiting, breaker %s"):format(report.retries,
        report.backoff_ms + report.limiter_wait_ms, report.breaker_state))
    print(("%d tokens"):format(client:metrics():value "output_tokens"))
end

local ok, problem = pcall(main)
if not ok then
    local feature = claude.is_error(problem) and problem.feature
    io.stderr:write(feature and feature .. ": " or "", tostring(problem), "\n")
    os.exit(1)
end
