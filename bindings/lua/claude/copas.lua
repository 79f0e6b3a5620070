-- copas.lua - a loop for the coroutines of copas.
--
--     local loop = require "claude.copas"(client, on_event)
--
-- on_event(call, event), if given, hears of the calls of loop:submit(). Without calls nothing runs.

local copas = require "copas"
local claude_loop = require "claude.loop"

return function(client, on_event)
    local loop = claude_loop.new(client)
    local running = false

    -- What copas and LuaSocket need to know of a socket to watch its descriptor.
    local socket = {}
    local asked = false

    function socket.getfd()
        return loop._handle and loop:fd() or -1
    end

    function socket.dirty()
        return loop._handle == nil
    end

    function socket.receive()
        asked = not asked
        return not asked, "timeout"
    end

    function socket.close() end -- the loop does that

    local function run()
        while loop._handle and loop:count() > 0 do
            copas.receive(socket)
            if loop._handle then
                loop:step(on_event)
            end
        end
        running = false
    end

    function loop.watch()
        if not running then
            running = true
            copas.addthread(run)
        end
    end

    -- A queue of copas' kind: it puts the coroutine where resume() finds it.
    local sleepers = { insert = function() end }

    function sleepers.push(_, call, routine)
        call.coroutine = routine
    end

    function loop.suspend(call)
        coroutine.yield(call, sleepers)
    end

    if copas.sleep then -- not in copas 1
        function loop.sleep(_, ms)
            copas.sleep(ms / 1000)
        end
    end

    function loop.resume(call)
        copas.addthread(call.coroutine)
    end

    return loop
end
