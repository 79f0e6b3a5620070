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

    -- What copas and LuaSocket need to know of a socket: all coroutines sleep on the same descriptor, each by its own.
    local function wait_readable()
        local asked = false
        local socket = {}
        function socket.getfd()
            return loop._handle and loop:fd() or -1
        end
        function socket.dirty()
            return loop._handle == nil
        end
        function socket.receive()
            if asked then
                return true
            end
            asked = true
            return nil, "timeout"
        end
        copas.receive(socket)
    end

    local function run()
        while loop._handle and loop:count() > 0 do
            wait_readable()
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

    loop.suspend = wait_readable

    function loop.resume()
        if loop._handle then
            loop:wakeup()
        end
    end

    return loop
end
