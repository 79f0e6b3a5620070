/* JSON values checked against JSON Schemas: claude_schema_check(). */
#include "testing.h"

#include <claude/schema.h>

/* In texts, ' stands for ". */
static char *quoted(const char *text)
{
    char *copy = strdup(text);

    assert_non_null(copy);
    for (char *p = copy; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    return copy;
}

static void matches(const char *schema, const char *value)
{
    char *rules = quoted(schema);
    char *text = quoted(value);
    claude_error_t *err = NULL;

    if (claude_schema_check(rules, CLAUDE_NTS, text, CLAUDE_NTS, &err) != CLAUDE_OK)
        fail_msg("%s against %s: %s", value, schema, claude_error_message(err));
    free(rules);
    free(text);
}

static void fails_as(const char *schema, const char *value, claude_code_t code, const char *error_code,
                     const char *part)
{
    char *rules = quoted(schema);
    char *text = quoted(value);
    char *wanted = quoted(part);
    claude_error_t *err = NULL;
    claude_code_t rc = claude_schema_check(rules, CLAUDE_NTS, text, CLAUDE_NTS, &err);

    if (rc != code)
        fail_msg("%s against %s: %d instead of %d", value, schema, (int)rc, (int)code);
    if (error_code)
        assert_string_equal(claude_error_error_code(err), error_code);
    if (!strstr(claude_error_message(err), wanted))
        fail_msg("%s against %s: \"%s\" has no \"%s\"", value, schema, claude_error_message(err), wanted);
    claude_error_unref(err);
    free(rules);
    free(text);
    free(wanted);
}

static void differs(const char *schema, const char *value, const char *part)
{
    fails_as(schema, value, CLAUDE_E_INVALID, "schema_mismatch", part);
}

static void is_no_schema(const char *schema, const char *part)
{
    fails_as(schema, "null", CLAUDE_E_INVALID, "schema_invalid", part);
}

static void test_types(void **state)
{
    static const char *const names[] = {"null", "boolean", "integer", "number", "string", "array", "object"};
    static const char *const values[] = {"null", "true", "1", "1.5", "'x'", "[]", "{}"};
    char schema[64];

    (void)state;
    for (size_t i = 0; i < 7; i++) {
        for (size_t k = 0; k < 7; k++) {
            snprintf(schema, sizeof schema, "{'type':'%s'}", names[i]);
            if (i == k || (i == 3 && k == 2))
                matches(schema, values[k]);
            else
                differs(schema, values[k], "expected the type");
        }
    }
    matches("{'type':['null','integer']}", "null");
    matches("{'type':['null','integer']}", "-3");
    differs("{'type':['null','integer']}", "'x'", "value is a string ('x'), expected the type ['null','integer']");
    /* An integer is a number without a fraction, however it is written. */
    matches("{'type':'integer'}", "1.0");
    matches("{'type':'integer'}", "1.5e1");
    matches("{'type':'integer'}", "0.0e-3");
    matches("{'type':'integer'}", "123456789012345678901234567890");
    differs("{'type':'integer'}", "1.5e0", "a number (1.5e0)");
    differs("{'type':'integer'}", "1e-1", "integer");
    matches("{}", "[1,{}]");
    matches("true", "1");
    differs("false", "1", "nothing is allowed");
}

static void test_literals(void **state)
{
    (void)state;
    matches("{'enum':['a',1,null]}", "1.0");
    matches("{'enum':['a',1,null]}", "null");
    matches("{'enum':['\\u00e9']}", "'\xc3\xa9'");
    differs("{'enum':['a',1,null]}", "'b'", "value is a string ('b'), expected one of ['a',1,null]");
    differs("{'enum':[]}", "1", "expected one of []");
    matches("{'const':100}", "1e2");
    matches("{'const':0}", "-0.0");
    differs("{'const':1}", "1.0000000000000000000000001", "expected 1");
    differs("{'const':'1'}", "1", "expected '1'");
    differs("{'const':true}", "false", "expected true");
    matches("{'const':{'a':[1,{'b':2}],'c':'x'}}", "{'c':'x','a':[1.0,{'b':2}]}");
    differs("{'const':{'a':[1,{'b':2}]}}", "{'a':[1,{'b':3}]}", "an object");
    differs("{'const':{'a':1}}", "{'b':1}", "expected");
    differs("{'const':{'a':1}}", "{'a':1,'b':1}", "expected");
    differs("{'const':{'a':1,'b':2}}", "{'a':1}", "expected");
    differs("{'const':[1,2]}", "[2,1]", "expected");
    differs("{'const':[1,2]}", "[1]", "expected");
    differs("{'const':[1]}", "[1,2]", "expected");
    differs("{'const':[]}", "{}", "expected");
    matches("{'const':[[],{}]}", "[[],{}]");
}

static void test_numbers(void **state)
{
    (void)state;
    matches("{'minimum':1,'maximum':2}", "1");
    matches("{'minimum':1,'maximum':2}", "2.0");
    differs("{'minimum':1}", "0.999999999999999999999999", "expected minimum 1");
    differs("{'maximum':9007199254740992}", "9007199254740993", "expected maximum 9007199254740992");
    matches("{'exclusiveMinimum':0}", "1e-400");
    differs("{'exclusiveMinimum':0}", "0.0", "exclusiveMinimum 0");
    differs("{'exclusiveMaximum':-1}", "-1", "exclusiveMaximum -1");
    matches("{'exclusiveMaximum':-1}", "-1.0001");
    matches("{'multipleOf':0.1}", "0.3");
    matches("{'multipleOf':0.01}", "19.99");
    differs("{'multipleOf':0.01}", "19.999", "multipleOf 0.01");
    matches("{'multipleOf':3}", "3e30");
    matches("{'multipleOf':1024}", "1e12");
    differs("{'multipleOf':1024}", "1e9", "multipleOf 1024");
    matches("{'multipleOf':7}", "0");
    matches("{'multipleOf':7}", "777777777777777777777777777777777777777");
    differs("{'multipleOf':7}", "777777777777777777777777777777777777778", "multipleOf");
    matches("{'minimum':1e1000000000000000000}", "1e1000000000000000001");
    /* Limits are about numbers only. */
    matches("{'minimum':5}", "'x'");
}

static void test_strings(void **state)
{
    (void)state;
    matches("{'minLength':2,'maxLength':2}", "'\\ud83d\\ude00\xc3\xa9'");
    differs("{'minLength':3}", "'\\ud83d\\ude00\xc3\xa9'", "expected minLength 3");
    differs("{'maxLength':1}", "'ab'", "value is a string ('ab'), expected maxLength 1");
    matches("{'maxLength':0}", "''");
    matches("{'maxLength':1}", "[1,2,3]");
    matches("{'pattern':'^x$'}", "'y'");
    matches("{'format':'regex'}", "'('");
}

static void test_objects(void **state)
{
    static const char person[] = "{'type':'object','properties':{'name':{'type':'string'},'age':{'type':'integer'}},"
                                 "'required':['name'],'additionalProperties':false}";

    (void)state;
    matches(person, "{'name':'x'}");
    matches(person, "{'age':1,'na\\u006de':'x'}");
    differs(person, "{'age':1}", "value is an object, without the required property 'name'");
    differs(person, "{'name':'x','age':'old'}", "value at /age is a string ('old'), expected the type 'integer'");
    differs(person, "{'name':'x','sex':1}", "with the property 'sex', which the schema does not have");
    differs("{'properties':{'a/b':{'properties':{'~':{'type':'null'}}}}}", "{'a/b':{'~':1}}", "value at /a~1b/~0 is");
    matches("{'additionalProperties':{'type':'integer'}}", "{'a':1,'b':2}");
    differs("{'additionalProperties':{'type':'integer'},'properties':{'a':{}}}", "{'a':'x','b':'y'}", "value at /b");
    matches("{'required':['a','a','b']}", "{'b':null,'a':null}");
    differs("{'required':['a','b'],'properties':{'b':true}}", "{'b':null}", "required property 'a'");
    matches("{'minProperties':1,'maxProperties':2}", "{'a':1,'b':2}");
    differs("{'minProperties':1}", "{}", "minProperties 1");
    differs("{'maxProperties':1}", "{'a':1,'b':2}", "maxProperties 1");
    matches("{'patternProperties':{'^x':{}},'additionalProperties':false}", "{'xa':1}");
    differs("{'properties':{'a':false}}", "{'a':1}", "value at /a is a number (1), but nothing is allowed here");
    matches("{'required':['a'],'properties':{'a':{}}}", "[]");
}

static void test_arrays(void **state)
{
    (void)state;
    matches("{'items':{'type':'integer'}}", "[1,2,3]");
    matches("{'items':{'type':'integer'}}", "[]");
    differs("{'items':{'type':'integer'}}", "[1,2,'x']", "value at /2 is a string ('x')");
    differs("{'items':{'items':{'type':'integer'}}}", "[[1],[2,null]]", "value at /1/1 is null (null)");
    matches("{'minItems':1,'maxItems':2}", "[1]");
    differs("{'minItems':1}", "[]", "value is an array, expected minItems 1");
    differs("{'maxItems':2}", "[1,2,3]", "expected maxItems 2");
    matches("{'prefixItems':[{}],'items':{'type':'null'}}", "[1]");
}

static void test_any_of(void **state)
{
    static const char shapes[] =
        "{'anyOf':[{'type':'object','properties':{'kind':{'const':'circle'},'radius':{'type':'number'}},"
        "'required':['kind','radius']},{'type':'object','properties':{'kind':{'const':'square'},"
        "'side':{'type':'number'}},'required':['kind','side']},{'type':'null'}]}";

    (void)state;
    matches(shapes, "null");
    matches(shapes, "{'kind':'circle','radius':1}");
    matches(shapes, "{'kind':'square','side':1}");
    differs(shapes, "5", "value is a number (5), which none of the 3 schemas of anyOf allows");
    /* The alternative that was meant is the one that is spoken of. */
    differs(shapes, "{'kind':'square','side':'x'}", "value at /side is a string ('x')");
    differs(shapes, "{'kind':'circle','side':1}", "without the required property 'radius'");
    differs("{'items':{'anyOf':[{'type':'string'},{'type':'null'}]}}", "[null,'a',1]",
            "value at /2 is a number (1), which none of the 2");
    /* A problem inside of an alternative is forgotten when another one matches. */
    differs("{'properties':{'a':{'anyOf':[{'items':{'items':{'type':'null'}}},true]},'b':{'type':'null'}}}",
            "{'a':[[1]],'b':1}", "value at /b is a number (1), expected the type 'null'");
}

static void test_one_of_and_all_of(void **state)
{
    (void)state;
    matches("{'oneOf':[{'type':'integer'},{'type':'string'}]}", "1");
    differs("{'oneOf':[{'type':'integer'},{'type':'number'}]}", "1", "more than one of the schemas of oneOf");
    matches("{'oneOf':[{'type':'integer'},{'type':'number'}]}", "1.5");
    differs("{'oneOf':[{'type':'integer'},{'type':'string'}]}", "null", "none of the 2 schemas of oneOf");
    matches("{'allOf':[{'type':'integer'},{'minimum':1}]}", "1");
    differs("{'allOf':[{'type':'integer'},{'minimum':1}]}", "0", "expected minimum 1");
    differs("{'allOf':[{'type':'integer'},{'minimum':1}]}", "1.5", "expected the type 'integer'");
    differs("{'type':'integer','anyOf':[true]}", "'x'", "expected the type");
}

static void test_references(void **state)
{
    static const char tree[] = "{'$ref':'#/$defs/node','$defs':{'node':{'type':'object','properties':{'value':"
                               "{'type':'integer'},'next':{'anyOf':[{'$ref':'#/$defs/node'},{'type':'null'}]}},"
                               "'required':['value']}}}";

    (void)state;
    matches(tree, "{'value':1,'next':{'value':2,'next':null}}");
    differs(tree, "{'value':1,'next':{'value':2,'next':{'value':'x'}}}", "value at /next/next/value is a string");
    differs(tree, "{'value':1,'next':{'value':2,'next':{}}}", "required property 'value'");
    matches("{'items':{'$ref':'#'},'type':'array'}", "[[],[[]]]");
    differs("{'items':{'$ref':'#'},'type':'array'}", "[[],[[1]]]", "value at /1/0/0");
    matches("{'definitions':{'a/b c':{'type':'null'}},'$ref':'#/definitions/a~1b%20c'}", "null");
    differs("{'$defs':{'a':{'type':'integer'}},'$ref':'#/$defs/a','minimum':5}", "4", "minimum 5");
    fails_as("{'$ref':'#'}", "1", CLAUDE_E_LIMIT, NULL, "a $ref leads to itself");
    fails_as("{'$defs':{'a':{'$ref':'#/$defs/b'},'b':{'allOf':[{'$ref':'#/$defs/a'}]}},'$ref':'#/$defs/a'}", "1",
             CLAUDE_E_LIMIT, NULL, "a $ref leads to itself");
    is_no_schema("{'$ref':'#/$defs/none'}", "schema: '$ref' leads to nothing");
    is_no_schema("{'properties':{'a':{'$ref':'other.json'}}}", "schema at /properties/a: '$ref' must lead");
    is_no_schema("{'$ref':1}", "'$ref' must lead");
    is_no_schema("{'$ref':'#/x','x':3}", "schema at /$ref: a schema must be an object");
}

static void test_what_is_no_schema(void **state)
{
    (void)state;
    is_no_schema("1", "schema: a schema must be an object, true or false");
    is_no_schema("{", "offset");
    is_no_schema("{'type':'strnig'}", "schema: 'type' must be");
    is_no_schema("{'type':['string',1]}", "'type' must be");
    is_no_schema("{'items':{'anyOf':[{'type':'null'},{'type':3}]}}", "schema at /items/anyOf/1: 'type'");
    is_no_schema("{'enum':1}", "'enum' must be");
    is_no_schema("{'required':{}}", "'required' must be");
    is_no_schema("{'required':[1]}", "'required' must be");
    is_no_schema("{'properties':[]}", "'properties' must be");
    is_no_schema("{'anyOf':[]}", "at least one");
    is_no_schema("{'oneOf':{}}", "at least one");
    is_no_schema("{'minLength':-1}", "0 or more");
    is_no_schema("{'maxItems':1.5}", "0 or more");
    is_no_schema("{'minimum':'1'}", "must be numbers");
    is_no_schema("{'multipleOf':0}", "more than 0");
    is_no_schema("{'multipleOf':-2}", "more than 0");
    is_no_schema("{'$defs':{'a':1},'properties':{'x':{'items':[]}}}", "schema at /properties/x/items:");
    fails_as("{}", "{'a':", CLAUDE_E_INVALID, "json_invalid", "offset 5");
    fails_as("{}", "", CLAUDE_E_INVALID, "json_invalid", "value: ");
}

/* ---- formats ---- */

static void format_of(const char *format, const char *const *good, const char *const *bad)
{
    char schema[64];
    char value[512];

    snprintf(schema, sizeof schema, "{\"format\":\"%s\"}", format);
    for (; *good; good++) {
        snprintf(value, sizeof value, "\"%s\"", *good);
        if (claude_schema_check(schema, CLAUDE_NTS, value, CLAUDE_NTS, NULL) != CLAUDE_OK)
            fail_msg("%s: %s is refused", format, *good);
    }
    for (; *bad; bad++) {
        claude_error_t *err = NULL;
        snprintf(value, sizeof value, "\"%s\"", *bad);
        if (claude_schema_check(schema, CLAUDE_NTS, value, CLAUDE_NTS, &err) != CLAUDE_E_INVALID)
            fail_msg("%s: %s is let pass", format, *bad);
        if (!strstr(claude_error_message(err), "expected the format "))
            fail_msg("%s: %s", *bad, claude_error_message(err));
        claude_error_unref(err);
    }
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_formats_of_time(void **state)
{
    (void)state;
    format_of("date", LIST("2024-02-29", "2000-02-29", "1963-06-19", "0000-01-01"),
              LIST("2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31", "24-01-01",
                   "2024-1-01", "2024-01-01 ", "", "2024-01-0", "2024/01/01"));
    format_of("time", LIST("08:30:06Z", "08:30:06.283185z", "23:59:60Z", "01:29:60+01:30", "15:59:60-08:00"),
              LIST("08:30:06", "24:00:00Z", "00:60:00Z", "00:00:61Z", "22:59:60Z", "23:59:60+01:00", "08:30:06.Z",
                   "08:30:06+24:00", "08:30:06+00:60", "08:30:06+01", "8:30:06Z", "08:30:06 Z", ""));
    format_of("date-time", LIST("1963-06-19T08:30:06.283185Z", "1990-12-31t15:59:50.123-08:00", "1998-12-31T23:59:60Z"),
              LIST("1990-02-31T15:59:59.123-08:00", "1963-06-19 08:30:06Z", "1963-06-19", "2013-350T01:01:01",
                   "1998-12-31T23:58:60Z", "1963-06-19T08:30:06Zx", "T08:30:06Z"));
    format_of("duration", LIST("P4DT12H30M5S", "P4Y", "PT0S", "P1M", "PT1M", "P2W", "P1Y2M3D", "P1M2DT1H", "PT36H"),
              LIST("PT1D", "4DT12H", "P", "PT", "P1", "P1YT", "P1D2H", "P2D1Y", "P1Y2D", "PT1H2S", "P1Y2W", "P1W1D",
                   "PT1", "", "P1.5D", "-P1D"));
}

static void test_formats_of_machines(void **state)
{
    char label[70];
    char long_name[300];
    const char *sixty_four[] = {label, NULL};
    const char *too_long[] = {long_name, NULL};

    (void)state;
    memset(label, 'a', 64);
    label[64] = '\0';
    memset(long_name, 'a', sizeof long_name);
    for (size_t i = 1; i < sizeof long_name; i += 2)
        long_name[i] = '.';
    long_name[255] = '\0';
    format_of("hostname", sixty_four + 1, sixty_four);
    format_of("hostname", too_long + 1, too_long);
    long_name[253] = '\0';
    format_of("hostname", too_long, too_long + 1);
    format_of("hostname", LIST("www.example.com", "h", "1host", "a-b.c", "xn--4gbwdl.xn--wgbh1c"),
              LIST("-a", "a-", "a.-b", "a-.b", "a..b", ".a", "a.", "", "a_b", "ho st", "h\xc3\xb6st"));
    format_of("ipv4", LIST("192.168.0.1", "0.0.0.0", "255.255.255.255"),
              LIST("256.0.0.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.", "1..2.3", "", "0x7f.0.0.1", "1.2.3.4 "));
    format_of("ipv6",
              LIST("::1", "::", "1::", "1:2:3:4:5:6:7:8", "::ffff:192.168.0.1", "1::8", "1:2::192.0.2.1",
                   "1:2:3:4:5:6:1.2.3.4", "::42:ff:1", "1:2:3:4:5:6:7::"),
              LIST("1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", ":1", "1:", "1::2::3", ":::1", "::1.2.3", "1.2.3.4",
                   "1:2:3:4:5:6:7:1.2.3.4", "::1%eth0", "", ":", "g::", "1:2:3:4:5:6:7:8::", "::1.2.3.4:1"));
    format_of("uuid", LIST("2eb8aa08-aa98-11ea-b4aa-73b441d16380", "2EB8AA08-AA98-11EA-B4AA-73B441D16380"),
              LIST("2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380",
                   "2eb8aa08-aa98-11ea-b4ga-73b441d16380", "2eb8-aa08-aa98-11ea-b4aa73b44-1d16380", ""));
}

static void test_formats_of_addresses(void **state)
{
    (void)state;
    format_of("email",
              LIST("joe@example.com", "te~st@h", "a.b.c@x.org", "\\\"joe bloggs\\\"@example.com",
                   "\\\"a\\\\\\\"b\\\"@x", "joe@[127.0.0.1]", "joe@[IPv6:::1]"),
              LIST("2962", ".a@x", "a.@x", "a..b@x", "@x", "a@", "a@-x", "a b@x", "a@[1.2.3]", "a@[IPv6:1]", "a@x@y",
                   "\\\"a@x", "joe@[", "joe@[]", ""));
    format_of("uri",
              LIST("http://foo.bar/?baz=qux#quux", "http://user:p%20w@x:8080/a;b=c", "urn:oasis:names", "mailto:a@b.c",
                   "ftp://[2001:db8::7]/c", "x:", "http://", "file:///etc", "http://[v1.a:b]/", "tel:+1-816",
                   "http://x:/"),
              LIST("//foo.bar", "/abs", "relative", "bar,://x", ":// no", "http:// x", "http://x/a b", "http://x/%zz",
                   "http://x/%1", "http://[1::2::3]/", "http://x/{a}", "http://x#a#b", "1http://x", "", "http://a[b",
                   "http://[v.a]/", "http://x:1a/", "http://\xc3\xa9/"));
}

/* ---- limits ---- */

static void test_a_long_list_is_quick(void **state)
{
    enum { COUNT = 20000 };
    cl_buf schema = CL_BUF_INIT(SIZE_MAX / 2);
    cl_buf value = CL_BUF_INIT(SIZE_MAX / 2);
    char text[64];

    (void)state;
    cl_buf_append_text(&schema, "{\"additionalProperties\":false,\"properties\":{");
    cl_buf_append_text(&value, "{");
    for (int i = 0; i < COUNT; i++) {
        snprintf(text, sizeof text, "%s\"p%d\":{\"type\":\"integer\"}", i ? "," : "", i * 7919 % COUNT);
        cl_buf_append_text(&schema, text);
        snprintf(text, sizeof text, "%s\"p%d\":%d", i ? "," : "", i, i);
        cl_buf_append_text(&value, text);
    }
    cl_buf_append_text(&schema, "}}");
    cl_buf_append_text(&value, "}");
    assert_int_equal(claude_schema_check(schema.ptr, schema.len, value.ptr, value.len, NULL), CLAUDE_OK);
    cl_buf_free(&schema);
    cl_buf_free(&value);
}

/* Each level doubles the ways to match. */
static void test_too_many_ways(void **state)
{
    cl_buf value = CL_BUF_INIT(SIZE_MAX / 2);
    char *schema = quoted("{'$defs':{'a':{'anyOf':[{'items':{'$ref':'#/$defs/a'},'type':'array'},"
                          "{'items':{'$ref':'#/$defs/a'},'minItems':0,'type':'array'}]}},'$ref':'#/$defs/a'}");
    claude_error_t *err = NULL;

    (void)state;
    for (int i = 0; i < 60; i++)
        cl_buf_append_char(&value, '[');
    cl_buf_append_char(&value, '1');
    for (int i = 0; i < 60; i++)
        cl_buf_append_char(&value, ']');
    assert_int_equal(claude_schema_check(schema, CLAUDE_NTS, value.ptr, value.len, &err), CLAUDE_E_LIMIT);
    assert_non_null(strstr(claude_error_message(err), "anyOf"));
    claude_error_unref(err);
    cl_buf_free(&value);
    free(schema);
}

static void test_depth(void **state)
{
    const char *schema = "{\"items\":{\"$ref\":\"#\"}}";
    char value[2 * CL_JSON_DEPTH_DEFAULT + 3];
    claude_error_t *err = NULL;

    (void)state;
    memset(value, '[', CL_JSON_DEPTH_DEFAULT);
    memset(value + CL_JSON_DEPTH_DEFAULT, ']', CL_JSON_DEPTH_DEFAULT);
    assert_int_equal(claude_schema_check(schema, CLAUDE_NTS, value, 2 * CL_JSON_DEPTH_DEFAULT, NULL), CLAUDE_OK);
    memset(value, '[', CL_JSON_DEPTH_DEFAULT + 1);
    memset(value + CL_JSON_DEPTH_DEFAULT + 1, ']', CL_JSON_DEPTH_DEFAULT + 1);
    assert_int_equal(claude_schema_check(schema, CLAUDE_NTS, value, 2 * CL_JSON_DEPTH_DEFAULT + 2, &err),
                     CLAUDE_E_INVALID);
    assert_string_equal(claude_error_error_code(err), "json_invalid");
    claude_error_unref(err);
}

static void test_misuse(void **state)
{
    (void)state;
    assert_int_equal(claude_schema_check(NULL, 0, "1", 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_schema_check("{}", 2, NULL, CLAUDE_NTS, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_schema_check("{\"type\":\"null\"}", CLAUDE_NTS, "1", 1, NULL), CLAUDE_E_INVALID);
    assert_int_equal(claude_schema_check("{\"$ref\":\"#\"}", CLAUDE_NTS, "1", 1, NULL), CLAUDE_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_objects),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_any_of),
        cmocka_unit_test(test_one_of_and_all_of),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_what_is_no_schema),
        cmocka_unit_test(test_formats_of_time),
        cmocka_unit_test(test_formats_of_machines),
        cmocka_unit_test(test_formats_of_addresses),
        cmocka_unit_test(test_a_long_list_is_quick),
        cmocka_unit_test(test_too_many_ways),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
