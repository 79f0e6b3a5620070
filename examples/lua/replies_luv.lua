-- replies_luv.lua - several answers at once in a luv loop, each in a coroutine, printed as they come.
--
--     ANTHROPIC_API_KEY=... lua replies_luv.lua "A question" "Another one" ...

local claude = require "claude"
local uv = require "luv"

local client = claude.from_env()
local loop = require "claude.luv"(client, uv)

local function answer(number, question)
    local stream = loop:stream {
        model = "claude-haiku-5-5",
        max_tokens = 1024,
        messages = { { role = "user", content = question } },
    }
    -- Not `for event in stream do`, so that Lua 5.1 can run it: there, iterators cannot wait.
    local event = stream:next()
    while event do
        if event.kind == "text_delta" then
            print(("[%d] %s"):format(number, event.text))
        end
        event = stream:next()
    end
    print(("[%d] complete, %d tokens"):format(number, stream:final().usage.output_tokens))
end

for number, question in ipairs(arg) do
    coroutine.wrap(answer)(number, question)
end
uv.run()
