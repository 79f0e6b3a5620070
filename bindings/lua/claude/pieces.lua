-- pieces.lua - answers that come as lines or bytes, and the results of batches: what a client's streams and those of a
-- loop have in common. Everything is made of their next().

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"
local response = require "claude.response"

local pieces = {}

-- The next event of a kind, nil at the end.
local function next_of(stream, kind)
    while true do
        local found = stream:next()
        if not found or found.kind == kind then
            return found
        end
    end
end

-- for value, text in stream:lines() do: the lines of an answer of JSON lines, decoded and as they came.
function pieces:lines()
    return function()
        local found = next_of(self, "line")
        if found then
            return found.data, found.json
        end
    end
end

-- for bytes in stream:chunks() do: an answer of bytes, as it comes.
function pieces:chunks()
    return function()
        local found = next_of(self, "bytes")
        return found and found.text
    end
end

-- Writes the bytes of an answer to a file, which has its name when all of them are there. Returns how many they were.
function pieces:save(path)
    local part, size = path .. ".part", 0
    local out = io.open(part, "wb") or errors.invalid("%s cannot be written", part)
    local next_chunk = self:chunks()
    local chunk = next_chunk()
    while chunk do
        if not out:write(chunk) then
            errors.invalid("%s cannot be written", part)
        end
        size = size + #chunk
        chunk = next_chunk()
    end
    if not (out:close() and os.rename(part, path)) then
        errors.invalid("%s cannot be written", path)
    end
    return size
end

local TYPES = { [core.CLAUDE_BATCH_SUCCEEDED] = "succeeded", [core.CLAUDE_BATCH_ERRORED] = "errored",
    [core.CLAUDE_BATCH_CANCELED] = "canceled", [core.CLAUDE_BATCH_EXPIRED] = "expired" }

-- A line of a batch's results: {custom_id, type, message or error, json}.
function pieces.result(line)
    local kind, id, what = core.claude_batch_result_slices(line)
    local result = { custom_id = json.decode('"' .. id .. '"'), type = TYPES[kind], json = line }
    if kind == core.CLAUDE_BATCH_SUCCEEDED then
        result.message = response.parse(what)
    elseif kind == core.CLAUDE_BATCH_OTHER then
        result.type = (json.decode(what) or {}).type
    else
        result.error = select(2, pcall(core.claude_batch_result_error, line))
    end
    return result
end

-- for result in stream:results() do
function pieces:results()
    return function()
        local found = next_of(self, "line")
        return found and pieces.result(found.json)
    end
end

-- Gives a class of streams these methods.
function pieces.add(class)
    for _, name in ipairs { "lines", "chunks", "save", "results" } do
        class[name] = pieces[name]
    end
end

return pieces
