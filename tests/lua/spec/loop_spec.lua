local claude = require "claude"
local support = require "support"

-- Runs functions as coroutines of a plain loop until its calls have ended; what they return or throw.
local function run(loop, ...)
    local results = {}
    for at, fn in ipairs { ... } do
        coroutine.wrap(function()
            results[at] = { pcall(fn) }
        end)()
    end
    while loop:count() > 0 do
        loop:wait(1000)
        assert.is_nil(loop:next())
    end
    return results
end

-- pcall() of Lua 5.1 cannot be yielded across.
local function run_unprotected(loop, ...)
    local results = {}
    for at, fn in ipairs { ... } do
        coroutine.wrap(function()
            results[at] = { true, fn() }
        end)()
    end
    while loop:count() > 0 do
        loop:wait(1000)
        assert.is_nil(loop:next())
    end
    return results
end

describe("A loop", function()
    local client = support.client()
    local loop

    before_each(function()
        loop = claude.loop(client)
    end)

    after_each(function()
        loop:close()
    end)

    it("tells what happens to many calls", function()
        local texts, ended = {}, 0
        for at = 1, 20 do
            local call = loop:submit(support.body("call " .. at), { tag = at })
            assert.are.equal(at, call.tag)
            texts[at] = ""
        end
        assert.are.equal(20, loop:count())
        assert.is_true(loop:fd() >= 0)
        while loop:count() > 0 do
            loop:wait()
            for call, event in loop.next, loop do
                if not event then
                    ended = ended + 1
                    assert.are.equal(texts[call.tag], call:result().text)
                elseif event.kind == "text_delta" then
                    texts[call.tag] = texts[call.tag] .. event.text
                end
            end
        end
        assert.are.equal(20, ended)
        assert.are.equal("Echo: call 7", texts[7])
    end)

    it("steps for a poller, and leaves what is too much", function()
        local seen, most = 0, 0
        loop:submit(support.body(), support.scenario "text")
        while loop:count() > 0 do
            loop:wait(1000)
            local before = seen
            loop:step(function()
                seen = seen + 1
            end, 2)
            most = math.max(most, seen - before)
        end
        assert.are.equal(10, seen)
        assert.are.equal(2, most)
    end)

    it("ends calls with an answer, an error or a cancellation", function()
        local options = support.scenario "overloaded-in-stream"
        local failed = loop:submit(support.body(), options)
        local canceled = loop:submit(support.body(), support.scenario "idle")
        options = { stream = false, endpoint = "messages.count_tokens" }
        local counted = loop:submit({ model = "m", messages = support.body().messages }, options)
        canceled:cancel()
        while loop:count() > 0 do
            loop:wait(1000)
            while loop:next() do end
        end
        assert.are.equal("CLAUDE_E_OVERLOADED", support.failure(failed.result, failed).name)
        assert.are.equal("CLAUDE_E_CANCELED", support.failure(canceled.result, canceled).name)
        assert.is_true(counted:result().input_tokens > 0)
    end)

    it("holds a call back", function()
        local call = loop:submit(support.body(), support.scenario "text")
        call:pause()
        assert.is_false(loop:wait(50) and loop:next() ~= nil)
        call:resume()
        local events = 0
        while loop:count() > 0 do
            loop:wait(1000)
            while loop:next() do
                events = events + 1
            end
        end
        assert.are.equal(10, events)
        assert.matches("event%-stream", call:result().headers["content-type"])
    end)

    it("can be woken", function()
        loop:wakeup()
        assert.is_false(loop:wait(10000))
    end)

    it("refuses what cannot be sent, and goes on", function()
        assert.are.equal("CLAUDE_E_INVALID", support.failure(loop.submit, loop, { max_tokens = "x" }).name)
        assert.are.equal("CLAUDE_E_INVALID", support.failure(loop.stream, loop, { max_tokens = 0 / 0 }).name)
        assert.are.equal(0, loop:count())
        assert.are.equal("claude.loop: 0 calls", tostring(loop))
    end)

    it("runs coroutines", function()
        local results = run_unprotected(loop, function()
            return loop:create(support.body "one").text
        end, function()
            local stream = loop:stream(support.body "two")
            return support.text_of(support.events(stream)), stream:final().text
        end, function()
            return loop:stream(support.body "three"):final().text
        end, function()
            return loop:count_tokens({ model = "m", messages = support.body().messages }).input_tokens > 0
        end)
        assert.are.same({ { true, "Echo: one" }, { true, "Echo: two", "Echo: two" }, { true, "Echo: three" },
            { true, true } }, results)
    end)

    it("runs iterators and errors in coroutines where Lua can", function()
        if support.puc51 then
            return
        end
        local results = run(loop, function()
            local text = {}
            for event in loop:stream(support.body(), support.scenario "text") do
                text[#text + 1] = event.text
            end
            for piece in loop:stream(support.body(), support.scenario "text"):texts() do
                text[#text + 1] = piece
            end
            return table.concat(text)
        end, function()
            return loop:create(support.body(), support.scenario "overloaded")
        end, function()
            local stream = loop:stream(support.body(), support.scenario "truncated")
            return support.events(stream)
        end, function()
            local stream = loop:stream(support.body(), support.scenario "idle")
            stream:next()
            stream:close()
            return support.events(stream)
        end)
        assert.are.same({ true, "Hello, world!Hello, world!" }, results[1])
        assert.are.equal("CLAUDE_E_OVERLOADED", results[2][2].name)
        assert.are.equal("CLAUDE_E_TRUNCATED", results[3][2].name)
        assert.are.equal("CLAUDE_E_CANCELED", results[4][2].name)
    end)

    it("makes the server wait for a slow coroutine", function()
        local scenario = { generate = { events = 2000, event_bytes = 150 } }
        local stream, sleeper = loop:stream(support.body(), support.scenario(scenario)), nil
        local call = stream._call
        local total = 0
        local routine = coroutine.create(function()
            sleeper = coroutine.running()
            stream:next()
            coroutine.yield() -- looks the other way
            total = 1 + #support.events(stream)
        end)
        assert(coroutine.resume(routine))
        for _ = 1, 200 do
            loop:wait(5)
            loop:next()
            assert.is_true(call.last - call.first < 256)
        end
        assert.are.equal(255, call.last - call.first)
        assert.are.equal(routine, sleeper)
        assert(coroutine.resume(routine))
        while loop:count() > 0 do
            loop:wait(1000)
            loop:next()
        end
        assert.are.equal(2000 + 6, total)
    end)

    it("waits for a time only as it was told how to", function()
        local body = { { custom_id = "a", params = support.body() } }
        local batch = support.client():create_batch(body)
        local problem, slept = nil, {}
        coroutine.wrap(function()
            if support.puc51 then
                return
            end
            problem = select(2, pcall(loop.wait_batch, loop, batch))
        end)()
        while loop:count() > 0 do
            loop:wait(1000)
            loop:next()
        end
        assert.is_true(support.puc51 or problem.name == "CLAUDE_E_STATE")
        function loop.sleep(_, ms)
            slept[#slept + 1] = ms
        end
        local ended = run_unprotected(loop, function()
            batch = loop:create_batch(body, { headers = { ["x-sandbox-batch-retrieves"] = "4" } })
            return loop:wait_batch(batch, { first = 0.5 }).processing_status
        end)
        assert.are.equal("ended", ended[1][2])
        assert.are.equal(3, #slept)
        assert.is_true(slept[1] > 0 and slept[1] <= 500 and slept[3] > slept[1] * 1.5)
    end)

    it("validates with its client", function()
        assert.are.same({}, loop:validate(support.body()))
        assert.are.equal("Echo: Hello", run_unprotected(loop, function()
            return loop.messages.create(support.body()).text
        end)[1][2])
    end)

    it("waits in coroutines only", function()
        local failure = support.failure(loop.create, loop, support.body())
        assert.are.equal("CLAUDE_E_STATE", failure.name)
        assert.matches("only a coroutine", failure.message)
    end)

    it("can be closed, twice, and wakes who sleeps", function()
        local woken
        if not support.puc51 then
            coroutine.wrap(function()
                woken = { pcall(loop.create, loop, support.body(), support.scenario "idle") }
            end)()
        end
        local call = loop:submit(support.body())
        loop:close()
        loop:close()
        for _, name in ipairs { "fd", "dispatch", "next", "wait", "wakeup", "count", "step", "submit", "stream" } do
            local failure = support.failure(loop[name], loop, support.body())
            assert.are.equal("CLAUDE_E_STATE", failure.name, name)
        end
        assert.matches("closed", support.failure(call.result, call).message)
        call:cancel()
        call:pause()
        call:resume()
        if woken then
            assert.matches("closed", woken[2].message)
        end
        assert.is_true(support.puc51 or woken ~= nil)
    end)

    it("is closed all the same when coroutines do not catch the error", function()
        for _ = 1, 3 do
            coroutine.resume(coroutine.create(function()
                loop:create(support.body(), support.scenario "idle")
            end))
        end
        assert.are.equal(3, loop:count())
        loop:close()
        loop = claude.loop(client)
        local other = loop:stream(support.body(), support.scenario "idle")
        other._call.waiting, other._call.coroutine = true, coroutine.create(function()
            error "of its own"
        end)
        assert.matches("of its own", support.thrown(loop.close, loop))
    end)

    it("can be closed by an event's receiver", function()
        loop:submit(support.body())
        loop:submit(support.body())
        local seen = 0
        while loop._handle do
            loop:wait(1000)
            loop:step(function()
                seen = seen + 1
                loop:close()
            end)
        end
        assert.are.equal(1, seen)
    end)

    it("is made of an open client", function()
        local other = support.client()
        other:close()
        assert.are.equal("CLAUDE_E_STATE", support.failure(claude.loop, other).name)
    end)
end)
