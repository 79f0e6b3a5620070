-- The whole API by the names that people look for: endpoints, lists, batches, files, tools, models.
local claude = require "claude"
local support = require "support"

local PNG = "\137PNG\r\n\26\n\0\0\0\rIHDR"
local CITY = {
    type = "object",
    properties = { city = { type = "string" } },
    required = { "city" },
    additionalProperties = false,
}

-- A file that is gone with the test; its path.
local function temporary(content, ending)
    local path = os.tmpname()
    os.remove(path)
    path = path .. (ending or "")
    local out = assert(io.open(path, "wb"))
    out:write(content)
    out:close()
    return path
end

local function read(path)
    local file = assert(io.open(path, "rb"))
    local text = file:read "*a"
    file:close()
    return text
end

local function message(content, more)
    local answer = { id = "msg_1", type = "message", role = "assistant", model = "claude-haiku-5-5", content = content,
        stop_reason = "end_turn", stop_sequence = claude.null, usage = { input_tokens = 1000, output_tokens = 100 } }
    for name, value in pairs(more or {}) do
        answer[name] = value
    end
    return { body_json = answer }
end

local function text_message(text, more)
    return message({ { type = "text", text = text } }, more)
end

-- Pages of models as the server sends them, two to a page.
local function ids_of(iterator)
    local ids = {}
    for item in iterator do
        ids[#ids + 1] = item.id
    end
    return ids
end

describe("The API", function()
    local client

    before_each(function()
        support.control("POST", "reset")
        client = support.client()
    end)

    after_each(function()
        client:close()
    end)

    describe("by the names of endpoints", function()
        it("takes path, query, betas, body and headers", function()
            local options = support.scenario { body_json = { id = "x" } }
            options.path, options.betas = { message_batch_id = "a/b" }, { "one", "two" }
            options.query = { limit = 2, ids = { "a", "b" } }
            assert.are.equal("x", client:request("messages.batches.cancel", nil, options).id)
            local sent = support.sent()
            assert.are.equal("POST", sent.method)
            assert.are.equal("/v1/messages/batches/a%2Fb/cancel?ids%5B%5D=a&ids%5B%5D=b&limit=2", sent.target)
            local headers = {}
            for _, pair in ipairs(sent.headers) do
                headers[pair[1]:lower()] = pair[2]
            end
            assert.are.equal("one,two", headers["anthropic-beta"])
        end)

        it("takes options alone where there is no body", function()
            local batch = support.failure(client.request, client, "messages.batches.retrieve",
                { path = { message_batch_id = "msgbatch_none" } })
            assert.are.equal("CLAUDE_E_NOT_FOUND", batch.name)
            assert.are.equal("/v1/messages/batches/msgbatch_none", support.sent().target)
            client:request("models.list", { query = '{"limit": 1}' })
            assert.are.equal("/v1/models?limit=1", support.sent().target)
        end)

        it("has all of them as functions", function()
            assert.are.equal("Echo: Hello", client.messages.create(support.body()).text)
            assert.are.equal("Echo: Hello", client.messages:create(support.body()).text)
            assert.are.equal("Echo: Hello", client.beta.messages.create(support.body()).text)
            assert.are.equal("Echo: Hello", client.messages.stream(support.body()):final().text)
            assert.are.equal("Echo: Hello", client.messages.create(support.body(), { stream = true }):final().text)
            assert.are.equal(2, #client.models.list({ limit = 2 }).data)
            assert.are.equal("/v1/models?limit=2", support.sent().target)
            local first = client.models.list({ limit = 1 }).data[1].id
            assert.are.equal(first, client.models.retrieve(first).id)
            local options = support.scenario { body_json = { id = "v" } }
            client.skills.versions.retrieve("skill_1", 1759178010641129, nil, options)
            assert.are.equal("/v1/skills/skill_1/versions/1759178010641129", support.sent().target)
            assert.are.equal("claude.resource: messages.batches.list", tostring(client.messages.batches.list))
        end)

        it("says what is missing or unknown", function()
            local failure = support.failure(client.messages.batches.retrieve)
            assert.matches("message_batch_id", failure.message)
            failure = support.failure(function()
                return client.messages.creat
            end)
            assert.matches("messages%.creat\"", failure.message)
            failure = support.failure(client.messages.batches)
            assert.are.equal("CLAUDE_E_INVALID", failure.name)
            assert.is_nil(client.nothing)
            failure = support.failure(client.request, client, "models.retrieve", nil, { path = { model_id = true } })
            assert.matches("parameter model_id of the path", failure.message)
            failure = support.failure(client.request, client, "models.retrieve", nil, { path = { modelid = "x" } })
            assert.matches("modelid", failure.message)
            failure = support.failure(client.request, client, "models.list", nil, { query = 1 })
            assert.matches("the query, if it is no table, must be a string", failure.message)
        end)

        it("tells what there is", function()
            local count, found = 0, false
            for name in claude.endpoints() do
                count = count + 1
                found = found or name == "messages.batches.results"
            end
            assert.is_true(found and count > 250)
            assert.are.equal("lines", claude.endpoint("messages.batches.results", "answer"))
            assert.are.equal("POST", claude.endpoint("beta.messages.create", "method"))
            assert.is_nil(claude.endpoint("no.such", "path"))
        end)
    end)

    describe("in lists", function()
        it("goes through pages and items", function()
            local all = ids_of(client:items("models.list", { query = { limit = 1000 } }))
            assert.is_true(#all > 4)
            support.control("DELETE", "requests")
            assert.are.same(all, ids_of(client:items("models.list", { query = { limit = 2 } })))
            assert.are.equal(math.ceil(#all / 2), support.control("GET", "requests").count)
            assert.are.same(all, ids_of(client.models.list.items { limit = 3 }))
            local sizes = {}
            for page in client.models.list.pages { limit = 2 } do
                sizes[#sizes + 1] = #page.data
                assert.are.equal(200, page.http_status)
            end
            assert.are.equal(2, sizes[1])
            assert.are.equal(math.ceil(#all / 2), #sizes)
        end)

        it("passes over an empty page of a cursor's list, and fetches nothing ahead", function()
            assert.are.equal(25, #ids_of(client.beta.agents.list.items { limit = 5 }))
            support.control("DELETE", "requests")
            local next_item = client.beta.agents.list.items { limit = 5 }
            assert.are.equal(0, support.control("GET", "requests").count)
            next_item()
            assert.are.equal(1, support.control("GET", "requests").count)
        end)

        it("waits for a slow page", function()
            local scenario = { delay_ms = 250, body_json = { data = claude.array { { id = "x" } }, has_more = false } }
            assert.are.same({ "x" }, ids_of(client:items("models.list", support.scenario(scenario))))
        end)

        it("fails as the call does, or for what is no list", function()
            local options = support.scenario "overloaded"
            assert.are.equal("CLAUDE_E_OVERLOADED",
                support.failure(client:items("models.list", options)).name)
            assert.are.equal("CLAUDE_E_INVALID", support.failure(client.items, client, "models.retrieve",
                { path = { model_id = "x" } }).name)
        end)
    end)

    describe("in batches", function()
        local function requests(...)
            local list = {}
            for at, id in ipairs { ... } do
                list[at] = { custom_id = id, params = support.body("to " .. id) }
            end
            return list
        end

        it("creates, waits, and hands out results", function()
            local seen = {}
            local batch = client:create_batch(requests("a", "b", "errored-c"))
            assert.are.equal("in_progress", batch.processing_status)
            local failure = support.failure(client.results, client, batch)
            assert.are.equal("CLAUDE_E_STATE", failure.name)
            batch = client:wait_batch(batch, { first = 0.01, progress = function(found)
                seen[#seen + 1] = found.processing_status
            end })
            assert.are.same({ "in_progress", "ended" }, seen)
            local results = {}
            for result in client:results(batch) do
                results[result.custom_id] = result
            end
            assert.are.equal("Echo: to a", results.a.message.text)
            assert.are.equal("succeeded", results.b.type)
            assert.is_nil(results.b.error)
            assert.are.equal("errored", results["errored-c"].type)
            assert.is_true(claude.is_error(results["errored-c"].error))
            assert.is_nil(results["errored-c"].message)
            local cost = assert(claude.cost(results.a.message, { batch = true }))
            assert.are.equal(cost * 2, claude.cost(results.a.message))
        end)

        it("does the same by names, and by id", function()
            local batch = client.messages.batches.create({ requests = requests "x" },
                { headers = { ["x-sandbox-batch-retrieves"] = "0" } })
            assert.are.equal(batch.id, client.messages.batches.wait(batch.id).id)
            local results = {}
            for result in client.messages.batches.results(batch.id) do
                results[#results + 1] = result.custom_id
            end
            assert.are.same({ "x" }, results)
            assert.are.equal("message_batch_deleted", client.messages.batches.delete(batch.id).type)
        end)

        it("tells canceled, expired and unknown results apart", function()
            local line = '{"custom_id":"%s","result":{"type":"%s"}}\n'
            local options = support.scenario { headers = { { "content-type", "application/x-jsonl" } },
                body = line:format("a", "canceled") .. line:format("b", "expired") .. line:format("c", "postponed") }
            local results = {}
            for result in client:results("msgbatch_1", options) do
                results[#results + 1] = result.type .. " " .. tostring(result.error and result.error.name)
            end
            assert.are.same({ "canceled CLAUDE_E_CANCELED", "expired CLAUDE_E_API_TIMEOUT", "postponed nil" }, results)
        end)

        it("reads requests from a file of lines, and refuses what the API would", function()
            local lines = {}
            for at, one in ipairs(requests("a", "b")) do
                lines[at] = claude.json.encode(one)
            end
            local path = temporary(table.concat(lines, "\n"), ".jsonl")
            assert.are.equal(2, client:create_batch(path).request_counts.processing)
            os.remove(path)
            assert.matches("custom_id", support.failure(client.create_batch, client, requests("a", "a")).message)
            assert.are.equal("CLAUDE_E_INVALID", support.failure(client.create_batch, client, {}).name)
            assert.are.equal("CLAUDE_E_IO", support.failure(client.create_batch, client, path).name)
        end)

        it("gives up waiting when it is told to", function()
            local batch = client:create_batch(requests "a", { headers = { ["x-sandbox-batch-retrieves"] = "1000" } })
            assert.is_nil(client:wait_batch(batch, { first = 0.005, most = 0.01, timeout = 0.05 }))
            assert.is_true(support.control("GET", "requests").count > 3)
            assert.matches("timeout is 0", support.failure(client.wait_batch, client, batch, { timeout = 0 }).message)
            local problem = support.thrown(client.wait_batch, client, batch, { progress = function()
                error "seen enough"
            end })
            assert.matches("seen enough", tostring(problem))
        end)
    end)

    describe("with files", function()
        it("sends a file in a message without holding it", function()
            local path = temporary(PNG, ".png")
            local body = support.body()
            body.messages[1].content = { claude.image(path, { cache_control = { type = "ephemeral" } }),
                { type = "text", text = "What is it?" } }
            client:create(body)
            local block = claude.json.decode(support.sent().body).messages[1].content[1]
            assert.are.same({ type = "image", cache_control = { type = "ephemeral" },
                source = { type = "base64", media_type = "image/png", data = "iVBORw0KGgoAAAANSUhEUg==" } }, block)
            os.remove(path)
        end)

        it("makes documents of PDFs and of text", function()
            local pdf = claude.document(claude.bytes("%PDF-1.7\n", "a.pdf"), { title = "A" })
            assert.are.equal("application/pdf", pdf.source.media_type)
            local plain = claude.document(claude.bytes("Gr\195\188\195\159e", "a.txt"))
            assert.are.same({ type = "text", media_type = "text/plain", data = "Gr\195\188\195\159e" }, plain.source)
            local body = support.body()
            body.messages[1].content = { pdf, plain, { type = "text", text = "Compare." } }
            client:create(body)
            local content = claude.json.decode(support.sent().body).messages[1].content
            assert.are.equal("JVBERi0xLjcK", content[1].source.data)
            assert.are.equal("A", content[1].title)
        end)

        it("puts a file where its token stands in a text", function()
            local file = claude.bytes("picture", "x.png")
            local body = claude.json.encode(support.body()):gsub('"Hello"', '["' .. file:token() .. '"]')
            pcall(client.create, client, body, { files = { file } })
            assert.matches('["cGljdHVyZQ=="]', support.sent().body, 1, true)
        end)

        it("describes files, and refuses what is none", function()
            local file = claude.bytes(PNG, "a.bin")
            assert.are.equal("a.bin", file:name())
            assert.are.equal("image/png", file:media_type())
            assert.are.equal(#PNG, file:size())
            assert.are.equal(("claude.file: a.bin, %d bytes"):format(#PNG), tostring(file))
            assert.are.equal("CLAUDE_E_IO", support.failure(claude.file, "/no/such").name)
            assert.matches("a path must be a string", support.failure(claude.image, 1).message)
            assert.are.equal("CLAUDE_E_INVALID", support.failure(claude.image, claude.bytes("plain text")).name)
        end)

        it("uploads and downloads", function()
            local path = temporary("Some text.\0", ".txt")
            local made = client:upload(path, { form = { expires_in_seconds = 3600 } })
            assert.are.equal(path:match "[^/]+$", made.filename)
            assert.matches('name="expires_in_seconds"\r\n\r\n3600\r\n', support.sent().body, 1, true)
            local target = os.tmpname()
            assert.are.equal(11, client:download(made.id, target))
            assert.are.equal("Some text.\0", read(target))
            assert.is_nil(io.open(target .. ".part"))
            local pieces = {}
            for chunk in client:download(made):chunks() do
                pieces[#pieces + 1] = chunk
            end
            assert.are.equal("Some text.\0", table.concat(pieces))
            assert.are.equal("Some text.\0", client:request("files.download", { path = { made.id } }).raw)
            assert.are.equal("file_deleted", client.files.delete(made.id).type)
            assert.are.equal("CLAUDE_E_NOT_FOUND", support.failure(client.download, client, made.id, target).name)
            assert.matches("cannot be written", support.failure(client.download, client, made.id, "/no/such/x").message)
            os.remove(path)
            os.remove(target)
        end)

        it("fills forms in by names and as parts", function()
            local made = client.files.upload { file = claude.bytes("hello", "a.txt"), expires_in_seconds = 3600 }
            assert.are.equal("a.txt", made.filename)
            made = client:request("files.upload", nil, { form = {
                { name = "file", content = "hello", filename = "b.txt", media_type = "text/csv" },
            } })
            assert.are.equal("b.txt", made.filename)
            assert.are.equal("text/csv", made.mime_type)
            local failure = support.failure(client.request, client, "files.upload", nil, { form = { { nam = "x" } } })
            assert.matches("a part of a form has no nam", failure.message)
        end)

        it("makes skills of directories", function()
            local folder = os.tmpname()
            os.remove(folder)
            local lfs = require "lfs"
            assert(lfs.mkdir(folder))
            local out = assert(io.open(folder .. "/SKILL.md", "wb"))
            out:write "---\nname: demo\ndescription: A demo.\n---\n"
            out:close()
            local skill = client:create_skill(folder, "Demo")
            assert.are.equal("Demo", skill.display_name)
            assert.are.equal("skill_version", client:create_skill_version(skill, folder).type)
            os.remove(folder .. "/SKILL.md")
            assert(lfs.rmdir(folder))
            assert.are.equal("CLAUDE_E_IO", support.failure(client.create_skill, client, folder).name)
        end)
    end)

    describe("with tools", function()
        local function call(id, name, input)
            return { type = "tool_use", id = id, name = name, input = input }
        end

        local function conversation(...)
            local turn = message({ ... }, { stop_reason = "tool_use" })
            return support.scenario { sequence = { turn, text_message "Done." } }
        end

        local function results()
            local sent = support.control("GET", "requests").requests
            return claude.json.decode(sent[#sent].body).messages[3].content
        end

        local function body_with(...)
            local body = support.body "Weather?"
            body.tools = { ... }
            return body
        end

        local function tool(name, run)
            return { name = name, description = "A tool.", input_schema = { type = "object" }, run = run }
        end

        it("runs functions until the model is done", function()
            local given
            local runner = client:runner(body_with(tool("weather", function(input, about)
                given = { input.city, about.id, about.name }
                return "Sunny."
            end), tool("count", function()
                return { 1, 2, { deep = true } }
            end), tool("silent", function() end)), conversation(call("t1", "weather", { city = "Paris" }),
                call("t2", "count", {}), call("t3", "silent", {})))
            local texts = {}
            for answer in runner do
                texts[#texts + 1] = answer.text
            end
            assert.are.same({ "", "Done." }, texts)
            assert.are.same({ "Paris", "t1", "weather" }, given)
            local sent = results()
            assert.are.equal("Sunny.", sent[1].content)
            assert.are.equal('[1,2,{"deep":true}]', sent[2].content)
            assert.are.equal("t3", sent[3].tool_use_id)
            assert.is_nil(claude.json.decode(support.control("GET", "requests").requests[1].body).tools[1].run)
            assert.are.equal(2, runner:turns())
            assert.are.equal(4, #runner:messages())
            assert.are.equal("Done.", runner:final().text)
        end)

        it("answers with errors what fails, and what it does not know", function()
            local runner = client:runner(body_with(tool("throws", function()
                error("no weather today", 0)
            end), tool("strange", function()
                return { value = print }
            end), tool("failing", function()
                return claude.client {}
            end)), conversation(call("t1", "throws", {}), call("t2", "strange", {}), call("t3", "failing", {}),
                call("t4", "unknown", {})))
            assert.are.equal("Done.", runner:final().text)
            local sent = results()
            for at, text in ipairs { "no weather today", "a function cannot be JSON", "key", "unknown" } do
                assert.is_true(sent[at].is_error)
                assert.matches(text, claude.json.encode(sent[at].content))
            end
        end)

        it("sends images as results", function()
            local runner = client:runner(body_with(tool("look", function()
                return claude.image(claude.bytes(PNG))
            end)), conversation(call("t1", "look", {})))
            runner:final()
            local block = results()[1].content[1]
            assert.are.equal("iVBORw0KGgoAAAANSUhEUg==", block.source.data)
        end)

        it("leaves tools without a function to the program, and goes on when it is told to", function()
            local runner = client:runner(body_with(tool("ask")), conversation(call("t1", "ask", { what = 1 })))
            assert.are.equal("tool_use", runner:next().stop_reason)
            assert.are.same({ { id = "t1", name = "ask", input = { what = 1 } } }, runner:pending())
            assert.are.equal("CLAUDE_E_STATE", support.failure(runner.next, runner).name)
            runner:answer("t1", "It is me.", true)
            assert.are.equal("Done.", runner:next().text)
            assert.is_true(results()[1].is_error)
            assert.is_nil(runner:next())
            assert.are.equal("Done.", runner:resume("And now?"):next().text)
            local sent = claude.json.decode(support.sent().body).messages
            assert.are.equal("And now?", sent[#sent].content)
        end)

        it("has a limit", function()
            local turn = message({ call("t1", "again", {}) }, { stop_reason = "tool_use" })
            local options = support.scenario { sequence = { turn } }
            options.max_turns = 3
            local runner = client:runner(body_with(tool("again", function() end)), options)
            local failure = support.failure(runner.final, runner)
            assert.are.equal("CLAUDE_E_LIMIT", failure.name)
            assert.are.equal(3, support.control("GET", "requests").count)
            runner:close()
            runner:close()
        end)

        it("refuses what is no tool", function()
            assert.matches("the body must be a table", support.failure(client.runner, client, "{}").message)
            assert.matches("a tool's run must be a function",
                support.failure(client.runner, client, body_with(tool("x", 1))).message)
        end)
    end)

    describe("with structured outputs", function()
        it("gives the value", function()
            local body, options = support.body(), support.scenario(text_message '{"city":"Paris"}')
            local value, answer = client:parse(body, CITY, options)
            assert.are.same({ city = "Paris" }, value)
            assert.are.equal("msg_1", answer.id)
            local sent = claude.json.decode(support.sent().body)
            assert.are.equal("json_schema", sent.output_config.format.type)
            assert.is_nil(body.output_config)
            assert.are.same({ city = "Paris" }, (client.messages.parse(body, CITY, options)))
        end)

        it("says why there is none", function()
            local body = support.body()
            local options = support.scenario(text_message '{"town":1}')
            local failure = support.failure(client.parse, client, body, CITY, options)
            assert.are.equal("schema_mismatch", failure.error_code)
            failure = support.failure(client.parse, client, body, CITY,
                support.scenario(text_message('{"ci', { stop_reason = "max_tokens" })))
            assert.are.equal("CLAUDE_E_TRUNCATED", failure.name)
            failure = support.failure(client.parse, client, body, { properties = {} })
            assert.are.equal("schema_invalid", failure.error_code)
        end)
    end)

    describe("before sending", function()
        it("names all problems at once", function()
            local body = support.body()
            body.max_tokens = -1
            body.tools = { { name = "a b", description = "x", input_schema = { type = "object" } } }
            local problems = client:validate(body)
            assert.are.equal(2, #problems)
            local codes = {}
            for _, problem in ipairs(problems) do
                codes[problem.code] = problem
            end
            assert.are.equal("/tools/0/name", codes.tool_name_pattern.field)
            assert.are.equal("a b", codes.tool_name_pattern.tool)
            assert.are.same({}, client:validate(support.body()))
            assert.are.equal(0, support.control("GET", "requests").count)
        end)

        it("counts the tokens of the very message", function()
            local body = support.body()
            assert.is_true(client:count_tokens(body).input_tokens > 0)
            local sent = support.sent()
            assert.are.equal("/v1/messages/count_tokens", sent.target)
            assert.is_nil(claude.json.decode(sent.body).max_tokens)
        end)

        it("hears of deprecated models once, outside of C", function()
            local old
            for _, id in ipairs(claude.models.ids()) do
                old = old or claude.models.deprecation(id) and id
            end
            local heard = {}
            local own = support.client { on_deprecation = function(model, text)
                heard[#heard + 1] = model .. ": " .. text
                if #heard == 2 then
                    error "thrown by the program"
                end
            end }
            own:create(support.body())
            assert.are.same({}, heard)
            local body = support.body()
            body.model = old
            own:create(body)
            own:create(body)
            assert.are.same({ old .. ": " .. claude.models.deprecation(old) }, heard)
            local other = support.client { on_deprecation = function(model)
                heard[#heard + 1] = model
            end }
            local loop = claude.loop(other)
            loop:submit(body)
            assert.are.equal(old, heard[2])
            loop:close()
            assert.matches("on_deprecation must be a function",
                support.failure(support.client, { on_deprecation = true }).message)
        end)
    end)

    describe("about models and costs", function()
        it("knows facts", function()
            local models = claude.models
            assert.is_true(#models.ids() > 5)
            local id = assert(models.find "claude-haiku-5-5")
            assert.is_true(models.fact(id, "context_window") > 100000)
            assert.are.equal("string", type(models.fact(id, "display_name")))
            assert.is_nil(models.fact(id, "nothing"))
            assert.is_nil(models.find "no-such-model")
            assert.is_nil(models.deprecation(id))
            assert.are.equal("table", type(models.table().models))
            models.check_context(id, 1000, 1000)
            assert.are.equal("CLAUDE_E_INVALID", support.failure(models.check_context, id, 1e8, 1).name)
        end)

        it("counts costs", function()
            local answer = client:create(support.body(), support.scenario(text_message "Hi"))
            local total = assert(claude.cost(answer))
            assert.are.equal(total, claude.cost(answer, { part = "input" }) + claude.cost(answer, { part = "output" }))
            assert.are.equal(total, claude.models.estimate("claude-haiku-5-5", 1000, 100))
            assert.are.equal(total, claude.cost({ input_tokens = 1000, output_tokens = 100 },
                { model = "claude-haiku-5-5" }))
            local cost, why = claude.cost(answer, { model = "no-such-model" })
            assert.is_nil(cost)
            assert.are.equal("unpriced", why)
            assert.are.equal("unknown", select(2, claude.cost({}, { model = "claude-haiku-5-5" })))
        end)

        it("takes a table of one's own", function()
            local own = claude.models.load { models = { { id = "my-model", context_window = 5,
                lifecycle = "deprecated", retires_at = "2020-01-01" } } }
            assert.are.same({ "my-model" }, own:ids())
            assert.are.equal(5, own:fact("my-model", "context_window"))
            assert.are.equal(0, own:days_left "my-model")
            assert.is_nil(own:days_left "other")
            local heard = {}
            local other = support.client { models = own, on_deprecation = function(model)
                heard[#heard + 1] = model
            end }
            local body = support.body()
            body.model = "my-model"
            other:create(body)
            assert.are.same({ "my-model" }, heard)
            assert.are.equal("CLAUDE_E_INVALID", support.failure(claude.models.load, "{}").name)
        end)

        it("reads what the API tells", function()
            local list = client.models.list { limit = 100 }
            local id = list.data[1].id
            assert.are.equal(list.data[1].display_name, claude.models.field(list, "display_name", id))
            assert.is_true(claude.models.field(list, "max_input_tokens", id) > 0)
            assert.is_true(claude.models.supports(list, "image_input", id))
            local own = '{"id":"x","type":"model","capabilities":{"batch":{"supported":false}}}'
            assert.is_false(claude.models.supports(claude.parse(own), "batch"))
            assert.is_nil(claude.models.supports(list, "telepathy", id))
            assert.are.equal(id, claude.models.choose(list, { "no-such-model", id }))
            assert.is_nil(claude.models.choose(list, { "no-such-model" }))
            assert.matches("must be an answer", support.failure(claude.models.choose, {}, {}).message)
            claude.models.days_left_of(list, id)
        end)

        it("says what became of a message", function()
            local answer = claude.parse(claude.json.encode(message({ { type = "text", text = "" },
                { type = "tool_use", id = "t", name = "n", input = {} } }, {
                stop_reason = "refusal", stop_details = { type = "refusal", category = "cyber", explanation = "No." },
                container = { id = "container_1" },
                usage = { input_tokens = 10, cache_read_input_tokens = 30, output_tokens = 1 },
            }).body_json))
            assert.are.equal("cyber", answer:refused().category)
            assert.are.equal("No.", answer:refused().explanation)
            assert.are.equal("container_1", answer:container_id())
            assert.are.equal("container_1", answer.container.id)
            assert.are.equal("n", answer:tool_calls()[1].name)
            assert.are.equal(40, answer:cache_use().prompt_tokens)
            assert.are.equal(0.75, answer:cache_use().hit_ratio)
            answer = claude.parse '{"content":[]}'
            assert.is_nil(answer:refused())
            assert.is_nil(answer:cache_use())
            assert.are.same({}, answer:tool_calls())
            assert.are.equal("CLAUDE_E_INVALID", support.failure(claude.parse, "{").name)
        end)
    end)
end)
