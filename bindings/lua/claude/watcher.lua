-- watcher.lua - configuration in a file that may change while clients use it. Nothing watches by itself: clients that
-- are attached look before each call, and poll() does.

local core = require "claude.core"
local client = require "claude.client"
local errors = require "claude.errors"
local request = require "claude.request"

local watcher = {}

local Watcher = {}
Watcher.__index = Watcher
Watcher.__name = "claude.watcher"

local function open(self)
    return self._handle or errors.state("the watcher has been closed")
end

local function text_of(settings)
    return type(settings) == "table" and request.encode(settings, "the configuration") or settings
end

-- Gives what holds to a client, and each change; to its snapshot of that name, or the one without.
function Watcher:attach(owner, name)
    if not client.is(owner) then
        errors.invalid("a watcher is attached to a client, got %s", type(owner))
    end
    core.claude_watcher_attach(open(self), owner:open_client(), name)
    owner:listen(self)
end

-- Leaves a client alone from now on. It keeps what it has.
function Watcher:detach(owner, name)
    if not client.is(owner) then
        errors.invalid("a watcher is attached to a client, got %s", type(owner))
    end
    core.claude_watcher_detach(open(self), owner:open_client(), name)
end

-- Lets the file name a base_url on this server.
function Watcher:allow_server(base_url)
    core.claude_watcher_allow_server(open(self), base_url)
end

-- fn(watcher, generation) hears of each configuration that is taken over from now on; nil: nobody does. It runs when C
-- has returned: what it throws comes out of the function of a client, a loop or this watcher that was called.
function Watcher:on_change(fn)
    self._on_change = errors.expect(fn, "function", "on_change") or false
    self._heard = self:generation()
end

-- Tells of what was taken over since. Whether there may be more: it has not been closed.
function Watcher:hear()
    local now = self._handle and self:generation() or 0
    while self._on_change and self._heard < now do
        self._heard = self._heard + 1
        self._on_change(self, self._heard)
    end
    self._heard = math.max(self._heard, now)
    return self._handle ~= nil
end

local function then_hear(self, ...)
    self:hear()
    return ...
end

-- Looks at the file now. Whether another configuration was taken over.
function Watcher:poll()
    return then_hear(self, core.claude_watcher_poll(open(self)) == 1)
end

-- Takes over what the file says. Throws why that cannot be; then what held before goes on.
function Watcher:reload()
    core.claude_watcher_reload(open(self))
    self:hear()
end

-- Takes over a configuration of the program's own, a table or JSON as in the file, until the file is another one.
function Watcher:update(settings)
    core.claude_watcher_update(open(self), text_of(settings))
    self:hear()
end

-- What holds now: the text of an option by its name; nil if it has no value, or there is none of this name.
function Watcher:get(name)
    return core.claude_config_get(core.claude_watcher_config(open(self)), name)
end

-- 1, and one more with each change.
function Watcher:generation()
    return core.claude_watcher_generation(open(self))
end

-- Why the file was not taken over when it was last looked at, as an error; nil: it was.
function Watcher:error()
    local ok, problem = pcall(core.claude_watcher_error, open(self))
    return not ok and problem or nil
end

-- The descriptor that says when to poll().
function Watcher:fd()
    local fd = core.claude_watcher_fd(open(self))
    return fd >= 0 and fd or nil
end

-- Whether the kernel tells of changes; else the file is looked at once a second.
function Watcher:is_notified()
    return core.claude_watcher_is_notified(open(self)) == 1
end

-- Lets go of it; clients that are attached go on with the file, and nobody hears of it.
function Watcher:close()
    core.claude_watcher_unref(self._handle)
    self._handle, self._on_change = nil, false
end
Watcher.__close = Watcher.close

-- The file at a path, which may appear later. `initial`, a table or JSON as in the file: the defaults of what that
-- leaves out.
function watcher.new(path, initial)
    local handle = core.claude_watcher_new(path, text_of(initial))
    return setmetatable({ _handle = handle, _on_change = false, _heard = core.claude_watcher_generation(handle) },
        Watcher)
end

return watcher
