-- stream.lua - asks a question and prints the answer as it comes.
--
--     ANTHROPIC_API_KEY=... lua stream.lua ["A question"]

local claude = require "claude"

local function main()
    local client = claude.from_env()
    local stream = client:stream {
        model = "claude-haiku-5-5",
        max_tokens = 1024,
        messages = { { role = "user", content = arg[1] or "Hello!" } },
    }
    for event in stream do
        if event.kind == "text_delta" then
            io.write(event.text)
            io.flush()
        end
    end
    print(("\n%d tokens"):format(stream:final().usage.output_tokens))
end

local ok, problem = pcall(main)
if not ok then
    io.stderr:write(tostring(problem), "\n")
    os.exit(1)
end
