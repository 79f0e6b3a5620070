-- The rows of libclaude for Lua: libclaude_lua.lua ROW WHAT URL. Started by scripts/bench.

local claude = require "claude"

local KEY = "sk-ant-benchmark-not-a-real-key"
local ASK = { model = "claude-opus-5", max_tokens = 1024, messages = { { role = "user", content = "Hello" } } }
local WARM_UP, CALLS, STREAMS = 200, 20000, 1000

local row, what, url = table.unpack(arg)
local client = claude.client { api_key = KEY, base_url = url }

local function show(name, value, unit)
    print(("%s %.6g %s"):format(name, value, unit))
end

local function scenario(name)
    return { headers = { ["x-sandbox-scenario"] = name } }
end

-- Lua has no clock of its own for the time that passes with better than a second.
local function uptime()
    local file <close> = assert(io.open("/proc/uptime"))
    return file:read("n")
end

local function resident_kib()
    local file <close> = assert(io.open("/proc/self/statm"))
    file:read("n")
    return file:read("n") * 4
end

local function threads()
    local file <close> = assert(io.open("/proc/self/status"))
    return tonumber(file:read("a"):match("Threads:%s*(%d+)"))
end

local function rate(unit, take)
    local start, count = uptime(), 0
    for _ in take do
        count = count + 1
    end
    show(row, count / (uptime() - start), unit)
end

local function one_by_one(count)
    for _ = 1, count do
        assert(client:create(ASK))
    end
end

local function in_flight(count)
    local loop <close> = claude.loop(client)
    local sent, done = 0, 0
    local function send()
        sent = sent + 1
        loop:submit(ASK, { stream = false })
    end
    while sent < math.min(64, count) do
        send()
    end
    while done < count do
        loop:wait()
        for call in function() return (loop:next()) end do
            assert(call:result())
            done = done + 1
            if sent < count then
                send()
            end
        end
    end
end

local function requests(send)
    send(WARM_UP)
    local processor, start = os.clock(), uptime()
    send(CALLS)
    show(row, (os.clock() - processor) / CALLS * 1e6, "us")
    show(row .. ".rate", CALLS / (uptime() - start), "calls/s")
end

local function open_some(loop, count)
    local options, begun = scenario("bench-idle"), 0
    for _ = 1, count do
        loop:submit(ASK, options)
    end
    while begun < count do
        loop:wait()
        for _, event in function() return loop:next() end do
            begun = begun + (event and event.type == "message_start" and 1 or 0)
        end
    end
end

local function idle()
    local loop = claude.loop(client)
    open_some(loop, 20)
    local before = resident_kib()
    for _ = 1, STREAMS / 50 do
        open_some(loop, 50)
    end
    show(row, (resident_kib() - before) / STREAMS, "KiB")
    show(row .. ".process", resident_kib() / 1024, "MiB")
    show(row .. ".threads", threads(), "threads")
    os.exit(true, false) -- closing a thousand streams is not measured
end

local rows = {
    cold = function() client:create(ASK) end,
    text = function() rate("texts/s", client:stream(ASK, scenario("bench-bulk")):texts()) end,
    events = function() rate("events/s", client:stream(ASK, scenario("bench-bulk"))) end,
    ["request.1"] = function() requests(one_by_one) end,
    ["request.64"] = function() requests(in_flight) end,
    ["idle.1000"] = idle,
}
rows[what]()
