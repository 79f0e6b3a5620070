local claude = require "claude"
local support = require "support"
local json = claude.json

local function round(text)
    local value, problem = json.decode(text)
    assert(value ~= nil, problem)
    return (assert(json.encode(value)))
end

local function refused(value)
    local text, problem = json.encode(value)
    assert.is_nil(text)
    return problem
end

local function malformed(text)
    local value, problem = json.decode(text)
    assert.is_nil(value, text)
    return problem
end

describe("JSON", function()
    it("keeps what it reads", function()
        for _, text in ipairs {
            "null", "true", "false", "0", "-1", '""', "[]", "{}", "[[],{}]", '{"a":[],"b":{},"c":null}', "1.5",
            "-2.5e-07",
            "9007199254740991", "-9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993",
            "9223372036854775807", "-9223372036854775808", "9223372036854775808", "123456789012345678901234567890",
            "1e400", '"\\u0000"', '"\\u001f\\n\\r\\t\\b\\f\\"\\\\"', '"ü€😀"', "0.1", "1e+300",
        } do
            assert.are.equal(text, round(text))
        end
        assert.are.equal('"€😀/"', round '"\\u20ac\\uD83D\\uDE00\\/"')
        assert.are.equal('{"a":1,"b":[2,3]}', round ' { "b" : [ 2 , 3 ] , "a" : 1 } \n')
    end)

    it("reads integers exactly", function()
        assert.are.equal(9007199254740991, json.decode "9007199254740991")
        local big = json.decode "9007199254740993"
        if support.doubles then
            assert.are.equal("9007199254740993", tostring(big))
            assert.are_not.equal(big, json.decode "9007199254740992")
            assert.are.equal(big, claude.number "9007199254740993")
        else
            assert.are.equal("integer", math.type(big))
            assert.are.equal("9007199254740993", ("%d"):format(big))
            assert.are.equal("integer", math.type(json.decode "1"))
            assert.are.equal("float", math.type(json.decode "1.0"))
        end
        assert.are.equal("18446744073709551616", tostring(json.decode "18446744073709551616"))
    end)

    it("writes tables", function()
        assert.are.equal('{"a":1,"b":2,"c":3}', json.encode { c = 3, a = 1, b = 2 })
        assert.are.equal("[1,2,3]", json.encode { 1, 2, 3 })
        assert.are.equal("{}", json.encode {})
        assert.are.equal("[]", json.encode(claude.array {}))
        assert.are.equal("[]", json.encode(claude.array()))
        assert.are.equal("[null]", json.encode { claude.null })
        assert.are.equal('{"a":12345678901234567890}', json.encode { a = claude.number "12345678901234567890" })
        assert.are.equal('"a\\u0000b"', json.encode "a\0b")
        assert.are.equal("0.1", json.encode(0.1))
        assert.are.equal("0.30000000000000004", json.encode(0.1 + 0.2))
    end)

    it("names what cannot be written", function()
        local loop = {}
        loop.loop = loop
        assert.matches("^messages%[1%]%.content: NaN is no JSON number$",
            refused { messages = { { content = 0 / 0 } } })
        assert.matches("infinite", refused(1 / 0))
        assert.matches("infinite", refused(-1 / 0))
        assert.matches("^f: a function cannot be JSON$", refused { f = print })
        assert.matches("a thread cannot", refused { coroutine.create(function() end) })
        assert.matches("userdata cannot", refused { io.stdout })
        assert.matches("both strings and numbers", refused { 1, a = 2 })
        assert.matches("^a: .*both strings", refused { a = claude.array { b = 1 } })
        assert.matches("no element 2", refused { 1, nil, 3 })
        assert.matches("a key is a boolean", refused { [true] = 1 })
        assert.matches("a key is a number", refused { [0] = 1 })
        assert.matches("a key is a number", refused { [1.5] = 1 })
        assert.matches("deeper than 1000, or in itself", refused(loop))
    end)

    it("names what cannot be read", function()
        for text, pattern in pairs {
            [""] = "no value", ["nul"] = "no value", ["NaN"] = "no value", ["01"] = "no value", ["-"] = "no value",
            ["1."] = "malformed", ["1e"] = "malformed", ["1.5.2"] = "malformed", ["+1"] = "no value",
            ["[1"] = "byte 3: ',' or ']'", ["[1,]"] = "no value", ["{"] = "key", ['{"a"}'] = "':'", ['{"a":1'] = "'}'",
            ["{a:1}"] = "key", ["'a'"] = "no value", ['"a'] = "without end", ['"\n"'] = "control", ['"\\x"'] = "escape",
            ['"\\u12"'] = "hexadecimal", ['"\\ud800"'] = "surrogate", ['"\\udc00\\ud800"'] = "surrogate",
            ['"\\ud800\\u0041"'] = "surrogate", ["1 2"] = "follows", ["[]]"] = "follows", ["0x10"] = "malformed",
            [("["):rep(1001)] = "deeper", ['"a\0"'] = "control",
        } do
            assert.matches(pattern, malformed(text), nil, false, text)
        end
        assert.matches("not a number", malformed(1))
    end)

    it("spells numbers", function()
        for _, text in ipairs { "0", "-1", "1.5", "1e400", "-2.5E+10", "123456789012345678901" } do
            assert.are.equal(text, tostring(claude.number(text)))
        end
        for _, text in ipairs { "", "01", "1.", ".5", "1e", "NaN", "1 ", "0x1", "1.e5", "--1", "e5" } do
            assert.is_false(pcall(claude.number, text), text)
        end
        assert.is_false(pcall(claude.number, 1))
    end)

    it("has one null", function()
        assert.are.equal("null", tostring(claude.null))
        assert.are.equal(claude.null, json.decode "null")
        assert.is_false(pcall(function()
            claude.null.x = 1
        end))
    end)

    it("does not depend on the decimal point of a locale", function()
        local before = os.setlocale(nil, "numeric")
        local found = os.setlocale("de_DE.UTF-8", "numeric") or os.setlocale("de_DE", "numeric")
        local text, value = json.encode { 1.5 }, json.decode "1.5"
        os.setlocale(before, "numeric")
        assert.are.equal("[1.5]", text)
        assert.are.equal(1.5, value)
        return found
    end)
end)
