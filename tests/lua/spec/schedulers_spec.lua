-- The adapters to luv, cqueues and copas, under the same conditions.
local claude = require "claude"
local support = require "support"

-- Each gives {loop = a loop of a client, go(fn) starts a coroutine, run() runs until all is done, nap() sleeps a
-- moment}.
local schedulers = {}

function schedulers.luv(client, on_event)
    local uv = require "luv"
    local loop = require "claude.luv"(client, uv, on_event)
    return {
        loop = loop,
        go = function(fn)
            coroutine.wrap(fn)()
        end,
        run = function()
            uv.run()
        end,
        nap = function()
            local routine, timer = coroutine.running(), uv.new_timer()
            timer:start(5, 0, function()
                timer:close()
                coroutine.resume(routine)
            end)
            coroutine.yield()
        end,
    }
end

function schedulers.cqueues(client, on_event)
    local cqueues = require "cqueues"
    local controller = cqueues.new()
    return {
        loop = require "claude.cqueues"(client, controller, on_event),
        go = function(fn)
            controller:wrap(fn)
        end,
        run = function()
            assert(controller:loop(60))
            assert(controller:empty())
        end,
        nap = function()
            cqueues.sleep(0.005)
        end,
    }
end

-- Debian has copas for Lua 5.1, LuaJIT and 5.2.
if _VERSION < "Lua 5.3" then
    function schedulers.copas(client, on_event)
        local copas = require "copas"
        local open = 0
        local loop = require "claude.copas"(client, on_event)
        if not copas.sleep then
            assert.matches("set loop.sleep", support.failure(loop.sleep, loop, 1).message)
            function loop.sleep() end
        end
        return {
            loop = loop,
            go = function(fn)
                open = open + 1
                copas.addthread(function()
                    fn()
                    open = open - 1
                end)
            end,
            run = function(running)
                while open > 0 or running:count() > 0 do
                    copas.step(10)
                end
            end,
            nap = function()
            end,
        }
    end
end

local ids_of_models = {}
for model in support.client():items "models.list" do
    ids_of_models[#ids_of_models + 1] = model.id
end

for name, make in pairs(schedulers) do
    describe("Coroutines of " .. name, function()
        local client = support.client { config = { retry = { enabled = true, initial_delay_ms = 20, jitter = 0 },
            limiter = { enabled = true, requests_per_second = 50, burst = 1 } } }
        local on_event, scheduler, loop

        before_each(function()
            on_event = nil
            scheduler = make(client, function(...)
                on_event(...)
            end)
            loop = scheduler.loop
        end)

        after_each(function()
            loop:close()
            scheduler.run(setmetatable({}, { __index = { count = function() return 0 end } }))
        end)

        it("run side by side", function()
            local texts = {}
            for at = 1, 10 do
                scheduler.go(function()
                    local stream = loop:stream(support.body("stream " .. at))
                    scheduler.nap()
                    texts[at] = support.text_of(support.events(stream)) .. loop:create(support.body "!").text
                end)
            end
            scheduler.run(loop)
            assert.are.equal(10, #texts)
            assert.are.equal("Echo: stream 3Echo: !", texts[3])
            assert.are.equal(0, loop:count())
        end)

        it("wait for retries and for their turns", function()
            local busy = { status = 529, error = { type = "overloaded_error", message = "Busy" } }
            local options = support.scenario { sequence = { busy, busy, { body_json = { type = "message" } } } }
            options.with_retries = true
            local retries, waits = nil, {}
            scheduler.go(function()
                retries = loop:create(support.body(), options).report
            end)
            for at = 1, 3 do
                scheduler.go(function()
                    local stream = loop:stream(support.body(), { with_rate_limiting = true })
                    local text = support.text_of(support.events(stream))
                    waits[at] = text == "Echo: Hello" and stream:report().limiter_wait_ms
                end)
            end
            scheduler.run(loop)
            assert.are.equal(2, retries.retries)
            assert.are.equal(60, retries.backoff_ms)
            table.sort(waits)
            assert.is_true(waits[1] < waits[2] and waits[2] < waits[3])
        end)

        it("get what a slow server sends", function()
            local text, first
            scheduler.go(function()
                text = support.text_of(support.events(loop:stream(support.body(), support.scenario "slow")))
            end)
            scheduler.go(function()
                first = loop:create(support.body "quick").text
                assert.is_nil(text)
            end)
            scheduler.run(loop)
            assert.are.equal("Echo: quick", first)
            assert.are.equal("string", type(text))
        end)

        it("iterate, and throw, where Lua can", function()
            if support.puc51 then
                return
            end
            local text, failure = {}, nil
            scheduler.go(function()
                for piece in loop:stream(support.body(), support.scenario "text"):texts() do
                    text[#text + 1] = piece
                end
                failure = select(2, pcall(loop.create, loop, support.body(), support.scenario "overloaded"))
            end)
            scheduler.run(loop)
            assert.are.equal("Hello, world!", table.concat(text))
            assert.are.equal("CLAUDE_E_OVERLOADED", failure.name)
        end)

        it("go through lists, wait for batches, and save files", function()
            local ids, pages, sizes, custom, count = {}, 0, {}, nil, 0
            scheduler.go(function()
                local next_item = loop:items("models.list", { query = { limit = 2 } })
                local item = next_item()
                while item do
                    ids[#ids + 1] = item.id
                    item = next_item()
                end
                local next_page = loop.beta.agents.list.pages { limit = 5 }
                while next_page() do
                    pages = pages + 1
                end
            end)
            scheduler.go(function()
                local made = loop:upload(claude.bytes(("x"):rep(100000), "x.txt"))
                local path = os.tmpname()
                sizes[1] = loop:download(made, path)
                sizes[2] = #loop.files.download(made.id):chunks()()
                os.remove(path)
            end)
            scheduler.go(function()
                local batch = loop:create_batch { { custom_id = "a", params = support.body "a" } }
                batch = loop:wait_batch(batch, { first = 0.01, progress = function()
                    count = count + 1
                end })
                custom = loop:results(batch)().message.text
            end)
            scheduler.run(loop)
            assert.are.same(ids_of_models, ids)
            assert.is_true(pages >= 5)
            assert.are.equal(100000, sizes[1])
            assert.is_true(sizes[2] > 0)
            assert.are.equal("Echo: a", custom)
            assert.are.equal(2, count)
        end)

        it("leave other calls to a function", function()
            local events, ends = 0, 0
            on_event = function(call, event)
                events = events + (event and 1 or 0)
                ends = ends + (event and 0 or 1)
                assert.are.equal("mine", call.tag)
            end
            local options = support.scenario "text"
            options.tag = "mine"
            loop:submit(support.body(), options)
            scheduler.run(loop)
            assert.are.equal(9, events)
            assert.are.equal(1, ends)
        end)

        it("end with the loop", function()
            local woken
            scheduler.go(function()
                local stream = loop:stream(support.body(), support.scenario "idle")
                stream:next()
                woken = "first event"
                loop:close()
            end)
            scheduler.run(setmetatable({}, { __index = { count = function() return 0 end } }))
            assert.are.equal("first event", woken)
        end)

        it("come and go", function()
            for _ = 1, 5 do
                local other = make(client)
                local text
                other.go(function()
                    text = other.loop:create(support.body()).text
                end)
                other.run(other.loop)
                assert.are.equal("Echo: Hello", text)
                other.loop:close()
            end
        end)
    end)
end
