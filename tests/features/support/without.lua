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
assert(#client:create(hello).text > 0)
print("fine")
