-- trail.lua - who used which key when, and from where: one list for the whole process, off until it is started.

local core = require "claude.core"
local json = require "claude.json"

local trail = {}

-- Starts to keep the last so many uses; what was kept before is forgotten.
function trail.start(capacity)
    core.claude_trail_start(capacity)
end

-- Stops, and forgets.
trail.stop = core.claude_trail_stop

-- Forgets, and goes on.
trail.clear = core.claude_trail_clear

-- What is kept, the oldest first: {capacity, dropped, exposures = {{time_ms, operation, fingerprint, thread,
-- backtrace}}}. Throws if it was not started.
function trail.read()
    return json.decode(core.claude_trail_json(core.claude_trail_read()))
end

return trail
