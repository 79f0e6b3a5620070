-- file.lua - files to be sent, and blocks made of them. A file that a path names is read while it is sent, and never in
-- memory as a whole.

local core = require "claude.core"
local errors = require "claude.errors"
local json = require "claude.json"

local file = {}

local File = {}
File.__index = File
File.__name = "claude.file"
json.file_meta = File

function File:name()
    return core.claude_file_name(self._handle)
end

function File:media_type()
    return core.claude_file_media_type(self._handle)
end

-- In bytes.
function File:size()
    return core.claude_file_size(self._handle)
end

-- What stands for the content in a body that is text.
function File:token()
    return core.claude_file_token(self._handle)
end

function File:__tostring()
    return ("claude.file: %s, %s bytes"):format(self:name(), self:size())
end

local function wrap(handle)
    return setmetatable({ _handle = handle }, File)
end

-- The file at a path.
function file.open(path)
    return wrap(core.claude_file_open(errors.expect(path, "string", "a path")))
end

-- A file of bytes in memory.
function file.from_bytes(bytes, name)
    return wrap(core.claude_file_from_bytes(bytes, name))
end

function file.is(value)
    return getmetatable(value) == File
end

-- A file, or that at a path.
function file.of(value)
    return file.is(value) and value or file.open(value)
end

-- The table of a block that the library has made of a file; where the content is to be, there is the file.
local function block_of(make, source, more)
    local found = file.of(source)
    local block = json.decode(core.claude_block_to_json(make(found._handle)))
    if block.source.data == found:token() then
        block.source.data = found
    end
    for name, value in pairs(errors.expect(more, "table", "the members of a block") or {}) do
        block[name] = value
    end
    return block
end

-- An image for the content of a message: of a path or a file, with more members (cache_control).
function file.image(source, more)
    return block_of(core.claude_block_image_file, source, more)
end

-- A document, the same way (title, context, citations, cache_control). What is no PDF is sent as text.
function file.document(source, more)
    return block_of(core.claude_block_document_file, source, more)
end

return file
