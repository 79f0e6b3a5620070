-- cqueues.lua - a loop for the coroutines of a cqueues controller.
--
--     local loop = require "claude.cqueues"(client, controller, on_event)
--
-- on_event(call, event), if given, hears of the calls of loop:submit(). Without calls nothing runs.

local condition = require "cqueues.condition"
local cqueues = require "cqueues"
local claude_loop = require "claude.loop"

return function(client, controller, on_event)
    local loop = claude_loop.new(client)
    local descriptor, running = {}, false

    function descriptor.pollfd()
        return loop:fd()
    end

    function descriptor.events()
        return "r"
    end

    local function run()
        while loop._handle and loop:count() > 0 do
            cqueues.poll(descriptor)
            if loop._handle then
                loop:step(on_event)
            end
        end
        running = false
    end

    function loop.watch()
        if not running then
            running = true
            controller:wrap(run)
        end
    end

    function loop.unwatch()
        controller:cancel(loop:fd())
    end

    function loop.suspend(call)
        call.condition = call.condition or condition.new()
        call.condition:wait()
    end

    function loop.sleep(_, ms)
        cqueues.sleep(ms / 1000)
    end

    function loop.resume(call)
        call.condition:signal()
    end

    return loop
end
