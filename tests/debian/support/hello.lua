local claude = require "claude"

local client = claude.from_env()
print(client:create {
    model = "claude-haiku-5-5",
    max_tokens = 64,
    messages = { { role = "user", content = "Hello!" } },
}.text)
print(package.searchpath and package.searchpath("claude.core", package.cpath) or "")
