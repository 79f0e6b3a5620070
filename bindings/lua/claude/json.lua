-- json.lua - JSON that loses nothing: integers stay exact, [] and {} differ, null is a value.
--
-- An object is a table with string keys, an array one with the keys 1 to n. An empty table is an object, unless it is
-- json.array{}: decoded arrays are. A number that Lua cannot hold as it is (in Lua 5.1, 5.2 and LuaJIT beyond 2^53, in
-- the others beyond 64 bits) is a json.number, which keeps its spelling.

local json = {}

local MAX_DEPTH = 1000
local EXACT = 9007199254740992

local concat, sort = table.concat, table.sort
local byte, char, find, format, gsub, match, sub = string.byte, string.char, string.find, string.format, string.gsub,
    string.match, string.sub
local integer_type = math.type or function(number)
    return number % 1 == 0 and number >= -EXACT and number <= EXACT and "integer" or "float"
end

local array_meta = { __name = "claude.array" }
local number_meta = { __name = "claude.number" }

json.null = setmetatable({}, {
    __name = "claude.null",
    __tostring = function()
        return "null"
    end,
    __newindex = function()
        error("claude.null cannot be changed", 2)
    end,
})

-- Marks a table as an array, which matters when it is empty.
function json.array(items)
    return setmetatable(items or {}, array_meta)
end

function json.is_array(value)
    return getmetatable(value) == array_meta
end

function number_meta.__tostring(number)
    return number.text
end

function number_meta.__eq(a, b)
    return a.text == b.text
end

-- A number as it is spelled, for those that Lua cannot hold.
function json.number(text)
    if type(text) ~= "string" or not (find(text, "^%-?%d+%.?%d*[eE]?[+-]?%d*$") and find(text, "%d$"))
        or find(text, "^%-?0%d") or find(text, "%.[eE]") then
        error("a JSON number is spelled like -12.5e3, not " .. tostring(text), 2)
    end
    return setmetatable({ text = text }, number_meta)
end

-- Writing -------------------------------------------------------------------------------------------------------------

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
    ["\t"] = "\\t" }

local function escape(character)
    return ESCAPES[character] or format("\\u%04x", byte(character))
end

-- Bytes that are no UTF-8 pass: the library refuses them where they are used, and says at which offset.
local function quote(text)
    return '"' .. gsub(text, '[%z\1-\31"\\]', escape) .. '"'
end

local function path_of(path, depth)
    local parts = {}
    for at = 1, depth do
        local key = path[at]
        parts[at] = type(key) == "number" and format("[%d]", key) or (at > 1 and "." or "") .. key
    end
    return depth > 0 and concat(parts) .. ": " or ""
end

local function refuse(path, depth, problem)
    error({ json_problem = path_of(path, depth) .. problem }, 0)
end

local function write_number(number, path, depth)
    if number ~= number or math.abs(number) == math.huge then
        refuse(path, depth, (number ~= number and "NaN" or "an infinite number") .. " is no JSON number")
    end
    if integer_type(number) == "integer" then
        return format("%d", number)
    end
    local text
    for digits = 15, 17 do
        text = format("%." .. digits .. "g", number)
        if tonumber(text) == number then
            break
        end
    end
    text = gsub(text, ",", ".") -- the decimal point of some locales
    return find(text, "[.e]") and text or text .. ".0"
end

-- The number of elements of an array, nil for an object.
local function count(value, path, depth)
    local length, texts = 0, false
    for key in pairs(value) do
        if type(key) == "string" then
            texts = true
        elseif type(key) == "number" and key >= 1 and key % 1 == 0 then
            length = length + 1
        else
            refuse(path, depth, "a key is a " .. type(key) .. "; keys are strings, or 1 to n")
        end
    end
    if texts and (length > 0 or json.is_array(value)) then
        refuse(path, depth, "a table has both strings and numbers as keys")
    end
    if length == 0 and not json.is_array(value) then
        return nil
    end
    for at = 1, length do
        if rawget(value, at) == nil then
            refuse(path, depth, format("an array has no element %d", at))
        end
    end
    return length
end

local write

local function write_table(value, out, path, depth)
    if depth >= MAX_DEPTH then
        refuse(path, 3, format("nested deeper than %d, or in itself", MAX_DEPTH))
    end
    local length = count(value, path, depth)
    if length then
        out[#out + 1] = "["
        for at = 1, length do
            path[depth + 1] = at
            out[#out + 1] = at > 1 and "," or ""
            write(value[at], out, path, depth + 1)
        end
        out[#out + 1] = "]"
        return
    end
    local keys = {}
    for key in pairs(value) do
        keys[#keys + 1] = key
    end
    sort(keys)
    out[#out + 1] = "{"
    for at, key in ipairs(keys) do
        path[depth + 1] = key
        out[#out + 1] = (at > 1 and "," or "") .. quote(key) .. ":"
        write(value[key], out, path, depth + 1)
    end
    out[#out + 1] = "}"
end

-- A file stands in JSON as the token that the library puts its content in place of.
local function write_file(file, out)
    out.files = out.files or {}
    out.files[#out.files + 1] = file
    out[#out + 1] = quote(file:token())
end

function write(value, out, path, depth)
    local kind = type(value)
    if kind == "string" then
        out[#out + 1] = quote(value)
    elseif kind == "number" then
        out[#out + 1] = write_number(value, path, depth)
    elseif kind == "boolean" then
        out[#out + 1] = tostring(value)
    elseif value == json.null then
        out[#out + 1] = "null"
    elseif kind ~= "table" then
        refuse(path, depth, "a " .. kind .. " cannot be JSON")
    elseif getmetatable(value) == number_meta then
        out[#out + 1] = value.text
    elseif getmetatable(value) == json.file_meta then
        write_file(value, out)
    else
        write_table(value, out, path, depth)
    end
end

-- The text of a value, with the keys of objects in order, and the files in it; nil and what is wrong where it is none.
function json.encode_with_files(value)
    local out = {}
    local ok, problem = pcall(write, value, out, {}, 0)
    if ok then
        return concat(out), out.files
    end
    if type(problem) ~= "table" or not problem.json_problem then
        error(problem, 0)
    end
    return nil, problem.json_problem
end

-- The text alone.
function json.encode(value)
    local text, problem = json.encode_with_files(value)
    if text then
        return text
    end
    return nil, problem
end

-- Reading -------------------------------------------------------------------------------------------------------------

local UNESCAPES = { ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }
local WORDS = { ["true"] = true, ["false"] = false, null = json.null }

local function fail(at, problem)
    error({ json_problem = format("JSON, byte %d: %s", at, problem) }, 0)
end

local function utf8_of(code)
    if code < 0x80 then
        return char(code)
    elseif code < 0x800 then
        return char(0xC0 + math.floor(code / 0x40), 0x80 + code % 0x40)
    elseif code < 0x10000 then
        return char(0xE0 + math.floor(code / 0x1000), 0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
    end
    return char(0xF0 + math.floor(code / 0x40000), 0x80 + math.floor(code / 0x1000) % 0x40,
        0x80 + math.floor(code / 0x40) % 0x40, 0x80 + code % 0x40)
end

local function read_unicode(text, at)
    local code = tonumber(match(text, "^\\u(%x%x%x%x)", at) or fail(at, "\\u needs four hexadecimal digits"), 16)
    if code < 0xD800 or code > 0xDFFF then
        return utf8_of(code), at + 6
    end
    local low = tonumber(match(text, "^\\u(%x%x%x%x)", at + 6) or "0", 16)
    if code > 0xDBFF or low < 0xDC00 or low > 0xDFFF then
        fail(at, "half a surrogate pair")
    end
    return utf8_of(0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00)), at + 12
end

-- From the quote at `at`: the string, and where to go on.
local function read_string(text, at)
    local from = at + 1
    local stop = find(text, '["\\%z\1-\31]', from)
    if stop and byte(text, stop) == 34 then
        return sub(text, from, stop - 1), stop + 1
    end
    local parts = {}
    while stop do
        parts[#parts + 1] = sub(text, from, stop - 1)
        local found = byte(text, stop)
        if found == 34 then
            return concat(parts), stop + 1
        elseif found ~= 92 then
            fail(stop, "a control character in a string")
        end
        local escaped = sub(text, stop + 1, stop + 1)
        if escaped == "u" then
            parts[#parts + 1], from = read_unicode(text, stop)
        else
            parts[#parts + 1] = UNESCAPES[escaped] or fail(stop, "an unknown escape")
            from = stop + 2
        end
        stop = find(text, '["\\%z\1-\31]', from)
    end
    return fail(at, "a string without end")
end

-- tonumber() of Lua 5.1 takes the decimal point of the locale.
local function float_of(spelling)
    return tonumber(spelling) or tonumber((gsub(spelling, "%.", (match(format("%.1f", 0.5), "0(.-)5")))))
end

local function read_number(text, at)
    local whole = match(text, "^%-?%d+", at)
    if not whole or find(whole, "^%-?0%d") then
        fail(at, "no value")
    end
    local stop = at + #whole
    local fraction = match(text, "^%.%d+", stop) or ""
    local exponent = match(text, "^[eE][+-]?%d+", stop + #fraction) or ""
    stop = stop + #fraction + #exponent
    if find(text, "^[%w.+-]", stop) then
        fail(at, "a malformed number")
    end
    local spelling = sub(text, at, stop - 1)
    local value = float_of(spelling)
    if fraction == "" and exponent == "" and whole ~= "-0" then
        -- Where Lua has made a float of it, or it is beyond what doubles tell apart, it does not fit.
        if integer_type(value) == "integer" and (math.type or value > -EXACT and value < EXACT) then
            return value, stop
        end
        return json.number(spelling), stop
    elseif value == math.huge or value == -math.huge then
        return json.number(spelling), stop
    end
    return value, stop
end

local function skip(text, at)
    return find(text, "[^ \t\r\n]", at) or #text + 1
end

local read

local function read_array(text, at, depth)
    local items, length = json.array(), 0
    at = skip(text, at + 1)
    if byte(text, at) == 93 then
        return items, at + 1
    end
    while true do
        length = length + 1
        items[length], at = read(text, at, depth)
        at = skip(text, at)
        local found = byte(text, at)
        if found == 93 then
            return items, at + 1
        elseif found ~= 44 then
            fail(at, "',' or ']' is missing")
        end
        at = skip(text, at + 1)
    end
end

local function read_object(text, at, depth)
    local object = {}
    at = skip(text, at + 1)
    if byte(text, at) == 125 then
        return object, at + 1
    end
    while true do
        if byte(text, at) ~= 34 then
            fail(at, "a key is missing")
        end
        local key, colon = read_string(text, at)
        at = skip(text, colon)
        if byte(text, at) ~= 58 then
            fail(at, "':' is missing")
        end
        object[key], at = read(text, skip(text, at + 1), depth)
        at = skip(text, at)
        local found = byte(text, at)
        if found == 125 then
            return object, at + 1
        elseif found ~= 44 then
            fail(at, "',' or '}' is missing")
        end
        at = skip(text, at + 1)
    end
end

function read(text, at, depth)
    local found = byte(text, at)
    if depth > MAX_DEPTH then
        fail(at, format("nested deeper than %d", MAX_DEPTH))
    elseif found == 34 then
        return read_string(text, at)
    elseif found == 123 then
        return read_object(text, at, depth + 1)
    elseif found == 91 then
        return read_array(text, at, depth + 1)
    end
    local word = match(text, "^%a+", at)
    if word and WORDS[word] ~= nil then
        return WORDS[word], at + #word
    end
    return read_number(text, at)
end

local function read_all(text)
    local value, at = read(text, skip(text, 1), 0)
    at = skip(text, at)
    if at <= #text then
        fail(at, "something follows the value")
    end
    return value
end

-- The value of a text; nil and what is wrong where it is none. Where a key is there twice, the last one counts.
function json.decode(text)
    if type(text) ~= "string" then
        return nil, "JSON is a string, not a " .. type(text)
    end
    local ok, value = pcall(read_all, text)
    if ok then
        return value
    elseif type(value) ~= "table" or not value.json_problem then
        error(value, 0)
    end
    return nil, value.json_problem
end

return json
