-- batch.lua - questions as a batch, at half the price: sends them, waits, and prints the answers as they are read.
--
--     ANTHROPIC_API_KEY=... lua batch.lua "A question" ["Another one" ...]

local claude = require "claude"

local function requests(questions)
    local list = {}
    for number, question in ipairs(questions) do
        list[number] = {
            custom_id = "question-" .. number,
            params = {
                model = "claude-haiku-5-5",
                max_tokens = 1024,
                messages = { { role = "user", content = question } },
            },
        }
    end
    return list
end

local function main(questions)
    local client = claude.from_env()
    local batch = client:create_batch(requests(questions))
    batch = client:wait_batch(batch, { first = 0.2, progress = function(seen)
        io.stderr:write(seen.id, " ", seen.processing_status, "\n")
    end })
    local total = 0
    for result in client:results(batch) do
        if result.message then
            total = total + result.message.usage.output_tokens
            print(("[%s] %s"):format(result.custom_id:match "%d+", result.message.text))
        else
            print(("[%s] %s: %s"):format(result.custom_id:match "%d+", result.type, tostring(result.error)))
        end
    end
    print(("(%d tokens)"):format(total))
end

local ok, problem = pcall(main, arg[1] and arg or { "What is a batch?" })
if not ok then
    io.stderr:write(tostring(problem), "\n")
    os.exit(1)
end
