local claude = require "claude"
local support = require "support"

local socket = require "socket"

describe("A client", function()
    local client

    before_each(function()
        support.control("POST", "reset")
        client = support.client()
    end)

    after_each(function()
        client:close()
    end)

    it("sends a message", function()
        local message = client:create(support.body "Hello")
        assert.are.equal("Echo: Hello", message.text)
        assert.are.equal("Echo: Hello", message.content[1].text)
        assert.are.equal("text", message.content[1].type)
        assert.are.equal("message", message.type)
        assert.are.equal(claude.null, message.stop_sequence)
        assert.are.equal(200, message.http_status)
        assert.matches("^req_", message.request_id)
        assert.are.equal("application/json", message.headers["content-type"])
        assert.are.equal("Echo: Hello", message:at "/content/0/text")
        assert.is_nil(message:at "/content/1")
        assert.are.equal(message.id, message:table().id)
        assert.are.equal(message.raw, message.raw)
        assert.is_nil(message.nothing)
        local limit, remaining, reset = message:rate_limit "requests"
        assert.is_true(limit >= remaining and reset > 0)
        assert.is_nil((message:rate_limit "nothing"))
    end)

    it("counts in integers", function()
        local message = client:create(support.body "Hello")
        assert.is_true(message.usage.input_tokens > 0)
        assert.matches("^%d+$", tostring(message.usage.input_tokens))
        assert.matches("^%d+$", tostring(message.http_status))
        assert.are.equal("-1", tostring(claude.E_INVALID))
    end)

    it("keeps NULs and every other character", function()
        local text = "a\0b \1\31 \127 ü€😀 \\\"/"
        assert.are.equal("Echo: " .. text, client:create({ model = "m", max_tokens = 1000,
            messages = { { role = "user", content = text } } }).text)
    end)

    it("sends what it is given", function()
        client:create(support.body "x", { headers = { ["x-team"] = "blue" }, timeout = 5 })
        local sent = support.sent()
        assert.are.equal('{"max_tokens":100,"messages":[{"content":"x","role":"user"}],"model":"claude-haiku-5-5"}',
            sent.body)
        local found
        for _, pair in ipairs(sent.headers) do
            found = found or pair[1]:lower() == "x-team" and pair[2]
        end
        assert.are.equal("blue", found)
    end)

    it("sends text byte for byte", function()
        local body = ' { "model":"m",  "max_tokens": 12 , "messages":[{"role":"user","content":"x"}]} '
        client:create(body)
        assert.are.equal(body, support.sent().body)
    end)

    it("sends big integers as they are", function()
        local body = support.body "x"
        body.metadata = { n = claude.json.decode "9007199254740993", m = claude.number "18446744073709551617" }
        pcall(client.create, client, body)
        assert.matches('"metadata":{"m":18446744073709551617,"n":9007199254740993}', support.sent().body, 1, true)
    end)

    it("counts tokens, and calls any endpoint by its name", function()
        assert.is_true(client:count_tokens({ model = "m", messages = support.body().messages }).input_tokens > 0)
        local models = client:request "models.list"
        assert.are.equal("string", type(models.data[1].id))
        assert.are.equal("Echo: Hello", client:request("messages.create", support.body()).text)
    end)

    it("shows what another kind of answer has", function()
        local failure = support.failure(client.create, client, support.body(),
            support.scenario { status = 502, body = "<h1>Bad</h1>" })
        assert.are.equal("<h1>Bad</h1>", failure.response.raw)
        assert.is_nil(failure.response.content)
        assert.are.equal(502, failure.response.http_status)
    end)

    it("takes a key as a secret", function()
        local secret = claude.secret.new(support.key)
        assert.matches("^%x+$", secret:fingerprint())
        assert.are.equal(support.key, secret:expose())
        assert.is_nil(tostring(secret):find(support.key, 1, true))
        local other = claude.client { api_key = secret, base_url = support.url }
        assert.are.equal("Echo: Hello", other:create(support.body()).text)
        other = claude.client { api_key = claude.secret.unchecked "hunter2", base_url = support.url }
        assert.are.equal("Echo: Hello", other:create(support.body()).text)
    end)

    it("shows its key nowhere", function()
        local seen, strings = {}, 0
        local function look(thing)
            local text = tostring(thing)
            assert.is_nil(text:find(support.key:sub(-16), 1, true), text)
            if type(thing) == "string" then
                strings = strings + 1
            elseif type(thing) == "table" and not seen[thing] then
                seen[thing] = true
                for name, value in next, thing do
                    look(name)
                    look(value)
                end
                look(getmetatable(thing))
            end
        end
        for _, name in ipairs { "unauthorized", "overloaded", "html", "redirect", "truncated" } do
            look(support.failure(client.create, client, support.body(), support.scenario(name)))
        end
        local message = client:create(support.body "Hello")
        for _, thing in ipairs { client, message, message:table(), message.headers, message.report, claude.loop(client),
            client:diagnostics(), client:selftest(), client:stream(support.body(), support.scenario "text") } do
            look(thing)
        end
        assert.is_true(strings > 100)
    end)

    it("reads the environment when asked only", function()
        assert.are.equal("CLAUDE_E_NO_KEY", support.failure(claude.client, { base_url = support.url }).name)
        assert.are.equal("CLAUDE_E_NO_KEY", support.failure(claude.from_env).name)
        local other = claude.from_env(support.settings())
        assert.are.equal("Echo: Hello", other:create(support.body()).text)
    end)

    it("can be closed, twice", function()
        client:close()
        client:close()
        local failure = support.failure(client.create, client, support.body())
        assert.are.equal("CLAUDE_E_STATE", failure.name)
        assert.matches("the client has been closed", tostring(failure))
        assert.are.equal("claude.client: closed", tostring(client))
    end)

    it("leaves no globals", function()
        assert.is_nil(rawget(_G, "swig_type"))
        assert.is_nil(rawget(_G, "swig_equals"))
        assert.is_nil(rawget(_G, "claude"))
    end)

    it("tells version and features", function()
        assert.matches("^%d+%.%d+%.%d+$", claude.version)
        assert.is_true(claude.feature "streaming")
        assert.is_false(claude.feature "nothing")
    end)
end)

describe("A stream", function()
    local client = support.client()

    it("is a loop's iterator", function()
        local kinds, text = {}, {}
        for event in client:stream(support.body(), support.scenario "text") do
            kinds[#kinds + 1] = event.kind
            text[#text + 1] = event.text
            assert.are.equal(event.data.type, event.type)
            assert.are.equal(event.data.index, event.index)
        end
        assert.are.equal("message_start block_start ping text_delta text_delta text_delta block_stop message_delta "
            .. "message_stop", table.concat(kinds, " "))
        assert.are.equal("Hello, world!", table.concat(text))
    end)

    it("gives text alone, and the whole message", function()
        local stream = client:stream(support.body(), support.scenario "text-tool-thinking")
        local pieces = {}
        for text in stream:texts() do
            pieces[#pieces + 1] = text
        end
        local message = stream:final()
        assert.are.equal(message.text, table.concat(pieces))
        assert.are.equal(message.id, stream:final().id)
        assert.is_nil(stream:next())
        assert.are.equal("tool_use", message.stop_reason)
    end)

    it("gives the message without being read", function()
        local stream = client:stream(support.body "Hello")
        assert.are.equal("Echo: Hello", stream:final().text)
        assert.matches("^text/event%-stream", stream:header "content-type")
    end)

    it("passes on what nobody has heard of", function()
        local others = 0
        for event in client:stream(support.body(), support.scenario "unknown-events") do
            if event.kind == "other" then
                others = others + 1
                assert.are.equal("string", type(event.type))
                assert.are.equal(event.type, event.data.type)
            end
        end
        assert.is_true(others > 0)
    end)

    it("keeps events for as long as they are wanted", function()
        local events = support.events(client:stream(support.body(), support.scenario "text"))
        collectgarbage()
        assert.are.equal("Hello, world!", support.text_of(events))
        assert.are.equal("message_start", events[1].data.type)
    end)

    it("can be left, cancelled and closed", function()
        local stream = client:stream(support.body(), support.scenario "idle")
        assert.are.equal("message_start", stream:next().kind)
        stream:cancel()
        assert.are.equal("CLAUDE_E_CANCELED", support.failure(support.events, stream).name)
        assert.are.equal("CLAUDE_E_CANCELED", support.failure(stream.final, stream).name)
        stream:close()
        stream:close()
        stream:cancel()
        for _, name in ipairs { "next", "final", "header", "texts" } do
            local failure = support.failure(function()
                local result = stream[name](stream, "x")
                return name == "texts" and result()
            end)
            assert.matches("the stream has been closed", failure.message)
        end
    end)

    it("is closed at the end of its block where Lua has that", function()
        local chunk = (loadstring or load)([[
            local client, body = ...
            local kept
            do
                local stream <close> = client:stream(body)
                kept = stream
            end
            return kept]])
        if chunk then
            assert.matches("closed", support.failure(function()
                return chunk(client, support.body()):next()
            end).message)
        else
            assert.are_not.equal("Lua 5.4", _VERSION)
        end
    end)

    it("lives without its client", function()
        local own = support.client()
        local stream = own:stream(support.body())
        own:close()
        assert.are.equal("Echo: Hello", stream:final().text)
    end)

    it("fails with what had arrived", function()
        local stream = client:stream(support.body(), support.scenario "truncated")
        local failure = support.failure(support.events, stream)
        assert.are.equal("CLAUDE_E_TRUNCATED", failure.name)
        assert.are.equal("string", type(failure.response.text))
        assert.are_not.equal("", failure.response.text)
    end)

    it("lets hooks run while it waits", function()
        local own = support.client { config = { ["timeout.idle_ms"] = 3000 } }
        local stream, deltas = own:stream(support.body(), support.scenario "stall"), 0
        while deltas < 2 do
            deltas = deltas + (stream:next().kind == "text_delta" and 1 or 0)
        end
        local began = socket.gettime()
        local problem = support.thrown(function()
            debug.sethook(function()
                debug.sethook()
                error "interrupted"
            end, "", 20)
            while stream:next() do end
        end)
        assert.matches("interrupted", tostring(problem))
        assert.is_true(socket.gettime() - began < 2.5)
        stream:close()
    end)

    it("keeps to its timeouts", function()
        local options = support.scenario "stall"
        options.timeout = 0.1
        local stream = client:stream(support.body(), options)
        assert.are.equal("CLAUDE_E_TIMEOUT", support.failure(stream.final, stream).name)
        options = support.scenario { delay_ms = 5000 }
        options.timeout = 0.1
        assert.are.equal("CLAUDE_E_TIMEOUT", support.failure(client.create, client, support.body(), options).name)
        local own = support.client { timeout = 0.1 }
        options.timeout = nil
        assert.are.equal("CLAUDE_E_TIMEOUT", support.failure(own.create, own, support.body(), options).name)
    end)
end)
