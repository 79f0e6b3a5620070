-- tools.lua - the model asks for what it needs, and functions of this program answer.
--
--     ANTHROPIC_API_KEY=... lua tools.lua ["A question"]

local claude = require "claude"

local clock = {
    name = "clock",
    description = "Date and time in UTC",
    input_schema = { type = "object", properties = {} },
    run = function()
        return os.date "!%Y-%m-%d %H:%M:%S"
    end,
}

local function main(question)
    local client = claude.from_env()
    local runner = client:runner {
        model = "claude-haiku-5-5",
        max_tokens = 1024,
        tools = { clock },
        messages = { { role = "user", content = question } },
    }
    local total = 0
    for message in runner do
        total = total + message.usage.output_tokens
    end
    print(runner:final().text)
    print(("(%d turns, %d tokens)"):format(runner:turns(), total))
end

local ok, problem = pcall(main, arg[1] or "What time is it?")
if not ok then
    io.stderr:write(tostring(problem), "\n")
    os.exit(1)
end
