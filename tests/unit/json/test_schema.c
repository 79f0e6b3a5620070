/* JSON Schema made fit for the API: claude_schema_transform(). */
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

static void becomes(const char *schema, const char *expected)
{
    char *given = quoted(schema);
    char *wanted = quoted(expected);
    char *before = strdup(given);
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    if (claude_schema_transform(given, CLAUDE_NTS, &out, &err) < 0)
        fail_msg("%s: %s", schema, claude_error_message(err));
    assert_string_equal(claude_response_json(out, NULL), wanted);
    assert_string_equal(given, before);
    /* What was made can be read, and is stable. */
    assert_int_equal(claude_response_type(out, ""), CLAUDE_JSON_OBJECT);
    claude_response_unref(out);
    free(given);
    free(wanted);
    free(before);
}

static void is_refused(const char *schema, const char *part)
{
    char *given = quoted(schema);
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    assert_int_equal(claude_schema_transform(given, CLAUDE_NTS, &out, &err), CLAUDE_E_INVALID);
    assert_null(out);
    assert_string_equal(claude_error_error_code(err), "schema_invalid");
    if (!strstr(claude_error_message(err), part))
        fail_msg("%s: \"%s\" has no \"%s\"", schema, claude_error_message(err), part);
    claude_error_unref(err);
    free(given);
}

static void test_types_stay(void **state)
{
    (void)state;
    becomes("{'type':'string'}", "{'type':'string'}");
    becomes(" { 'type' : 'integer' } ", "{'type':'integer'}");
    becomes("{'type':['string','null']}", "{'type':['string','null']}");
    becomes("{'type':'null','title':'T','description':'D'}", "{'type':'null','title':'T','description':'D'}");
    becomes("{'type':'made_up'}", "{'type':'made_up'}");
}

static void test_objects_are_closed(void **state)
{
    (void)state;
    becomes("{'type':'object'}", "{'type':'object','properties':{},'additionalProperties':false}");
    becomes("{'additionalProperties':true,'required':['a'],'properties':{'a':{'type':'object'}},'type':'object'}",
            "{'type':'object','properties':{'a':{'type':'object','properties':{},'additionalProperties':false}},"
            "'additionalProperties':false,'required':['a']}");
    becomes("{'type':['object','null'],'properties':{'a':{'type':'string'}}}",
            "{'type':['object','null'],'properties':{'a':{'type':'string'}},'additionalProperties':false}");
    /* What is called like a keyword is a property all the same. */
    becomes("{'type':'object','properties':{'$ref':{'type':'string'},'type':{'type':'null'}}}",
            "{'type':'object','properties':{'$ref':{'type':'string'},'type':{'type':'null'}},"
            "'additionalProperties':false}");
}

static void test_literals_lose_their_type(void **state)
{
    (void)state;
    becomes("{'type':'string','enum':['a','b']}", "{'enum':['a','b']}");
    becomes("{'enum':[1,true,null,'x']}", "{'enum':[1,true,null,'x']}");
    becomes("{'const':3,'title':'T'}", "{'const':3,'title':'T'}");
    becomes("{'type':'string','const':'a','enum':['a']}", "{'enum':['a'],'const':'a'}");
    /* Only primitives can be kept. */
    becomes("{'type':'array','enum':[ [1, 2] ]}", "{'type':'array','description':'{enum: [[1,2]]}'}");
    becomes("{'type':'object','const':{}}",
            "{'type':'object','description':'{const: {}}','properties':{},'additionalProperties':false}");
}

static void test_combinations(void **state)
{
    (void)state;
    becomes("{'anyOf':[{'type':'string'},{'type':'null'}]}", "{'anyOf':[{'type':'string'},{'type':'null'}]}");
    becomes("{'oneOf':[{'type':'string','$schema':'x'},{'type':'null'}]}",
            "{'anyOf':[{'type':'string'},{'type':'null'}]}");
    becomes("{'allOf':[{'type':'object'}],'description':'d'}",
            "{'allOf':[{'type':'object','properties':{},'additionalProperties':false}],'description':'d'}");
    /* The type beside them is dropped, its own keywords are not; a second combination is told to the model. */
    becomes("{'type':'string','format':'date','anyOf':[{'const':1}]}", "{'anyOf':[{'const':1}],'format':'date'}");
    becomes("{'anyOf':[{'const':1}],'allOf':[{'const':2}]}",
            "{'anyOf':[{'const':1}],'description':'{allOf: [{\\'const\\':2}]}'}");
    becomes("{'enum':[1],'anyOf':[{'const':1}]}", "{'enum':[1],'description':'{anyOf: [{\\'const\\':1}]}'}");
}

static void test_references(void **state)
{
    (void)state;
    becomes("{'$ref':'#/$defs/a','description':'gone','type':'string'}", "{'$ref':'#/$defs/a'}");
    becomes("{'$ref':'#/$defs/a','x':1,'$defs':{'a':{'type':'object','minProperties':1}}}",
            "{'$defs':{'a':{'type':'object','description':'{minProperties: 1}','properties':{},"
            "'additionalProperties':false}},'$ref':'#/$defs/a'}");
    becomes("{'type':'object','properties':{'n':{'$ref':'#'}},'$defs':{}}",
            "{'$defs':{},'type':'object','properties':{'n':{'$ref':'#'}},'additionalProperties':false}");
}

static void test_formats_and_items(void **state)
{
    static const char *const supported[] = {"date-time", "time", "date", "duration", "email",
                                            "hostname",  "uri",  "ipv4", "ipv6",     "uuid"};
    char schema[128];

    (void)state;
    for (size_t i = 0; i < sizeof supported / sizeof supported[0]; i++) {
        snprintf(schema, sizeof schema, "{'type':'string','format':'%s'}", supported[i]);
        becomes(schema, schema);
    }
    becomes("{'type':'string','format':'regex'}", "{'type':'string','description':'{format: \\'regex\\'}'}");
    becomes("{'type':'integer','format':'date'}", "{'type':'integer','description':'{format: \\'date\\'}'}");
    becomes("{'type':'array','items':{'type':'object'},'minItems':1}",
            "{'type':'array','minItems':1,'items':{'type':'object','properties':{},'additionalProperties':false}}");
    becomes("{'type':'array','minItems':0}", "{'type':'array','minItems':0}");
    becomes("{'type':'array','minItems':2}", "{'type':'array','description':'{minItems: 2}'}");
    becomes("{'type':'array','minItems':-1,'maxItems':1}",
            "{'type':'array','description':'{minItems: -1, maxItems: 1}'}");
}

static void test_the_rest_is_told_to_the_model(void **state)
{
    (void)state;
    becomes("{'type':'integer','minimum':1,'maximum':10,'description':'A number'}",
            "{'type':'integer','description':'A number\\n\\n{minimum: 1, maximum: 10}'}");
    becomes("{'type':'string','description':'','maxLength':9}", "{'type':'string','description':'{maxLength: 9}'}");
    becomes("{'type':'string','title':'T','default':null,'x-y':{}}",
            "{'type':'string','title':'T','description':'{default: null, x-y: {}}'}");
    becomes("{'$schema':'https://json-schema.org/draft/2020-12/schema','type':'string'}", "{'type':'string'}");
    /* A description that is none is like any other keyword. */
    becomes("{'type':'string','description':[1]}", "{'type':'string','description':'{description: [1]}'}");
}

/* With real quotes, because the texts have quotes within quotes. */
static void test_what_is_told_is_escaped(void **state)
{
    const char *schema =
        "{\"type\":\"string\",\"pattern\":\"^\\\\d \\\"x\\\"$\",\"def\\\"ault\":{ \"a b\" : [ 1 , 2 ] }}";
    const char *expected = "{\"type\":\"string\",\"description\":\"{pattern: \\\"^\\\\\\\\d \\\\\\\"x\\\\\\\"$\\\", "
                           "def\\\"ault: {\\\"a b\\\":[1,2]}}\"}";
    claude_response_t *out = NULL;

    (void)state;
    assert_int_equal(claude_schema_transform(schema, CLAUDE_NTS, &out, NULL), CLAUDE_OK);
    assert_string_equal(claude_response_json(out, NULL), expected);
    assert_string_equal(claude_response_string(out, "/description", NULL),
                        "{pattern: \"^\\\\d \\\"x\\\"$\", def\"ault: {\"a b\":[1,2]}}");
    claude_response_unref(out);
}

static void test_the_same_keyword_twice(void **state)
{
    (void)state;
    becomes("{'type':'string','type':'integer','minimum':1,'minimum':2}",
            "{'type':'integer','description':'{minimum: 2}'}");
}

static void test_what_cannot_be_changed(void **state)
{
    (void)state;
    is_refused("{", "offset 1");
    is_refused("", "not valid");
    is_refused("true", "schema: must be an object");
    is_refused("{}", "schema: has no type");
    is_refused("{'minimum':1}", "schema: has no type");
    is_refused("{'type':1}", "schema: \"type\" must be");
    is_refused("{'type':[]}", "schema: \"type\" must be");
    is_refused("{'type':['string',1]}", "schema: \"type\" must be");
    is_refused("{'type':'object','properties':{'a/b~c':{'type':'array','items':{}}}}",
               "schema at /properties/a~1b~0c/items: has no type");
    is_refused("{'anyOf':[{'type':'null'},{'oneOf':[{'allOf':[{}]}]}]}", "schema at /anyOf/1/oneOf/0/allOf/0:");
    is_refused("{'$defs':{'x':true},'type':'null'}", "schema at /$defs/x: must be an object");
    is_refused("{'$defs':[],'type':'null'}", "schema: \"$defs\" must be");
    is_refused("{'type':'object','properties':[]}", "schema: \"properties\" must be");
    is_refused("{'type':'array','items':[{'type':'null'}]}", "schema at /items: must be an object");
    /* An empty list is a list; objects among the literals are none of it. */
    is_refused("{'enum':[{}]}", "schema: has no type");
}

static char *nested(size_t levels)
{
    static const char open[] = "{\"type\":\"array\",\"items\":";
    static const char leaf[] = "{\"type\":\"null\"}";
    char *text = malloc(levels * sizeof open + sizeof leaf);
    size_t at = 0;

    assert_non_null(text);
    for (size_t i = 0; i < levels; i++, at += sizeof open - 1)
        memcpy(text + at, open, sizeof open - 1);
    memcpy(text + at, leaf, sizeof leaf - 1);
    at += sizeof leaf - 1;
    memset(text + at, '}', levels);
    text[at + levels] = '\0';
    return text;
}

static void test_depth(void **state)
{
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;
    char *text = nested(CL_JSON_DEPTH_DEFAULT - 1);

    (void)state;
    assert_int_equal(claude_schema_transform(text, CLAUDE_NTS, &out, NULL), CLAUDE_OK);
    assert_string_equal(claude_response_json(out, NULL), text);
    claude_response_unref(out);
    free(text);
    out = NULL;
    text = nested(CL_JSON_DEPTH_DEFAULT);
    assert_int_equal(claude_schema_transform(text, CLAUDE_NTS, &out, &err), CLAUDE_E_INVALID);
    assert_null(out);
    claude_error_unref(err);
    free(text);
}

static void test_misuse(void **state)
{
    claude_response_t *out = NULL;
    claude_error_t *err = NULL;

    (void)state;
    assert_int_equal(claude_schema_transform(NULL, CLAUDE_NTS, &out, &err), CLAUDE_E_INVALID);
    claude_error_unref(err);
    err = NULL;
    assert_int_equal(claude_schema_transform("{\"type\":\"null\"}", CLAUDE_NTS, NULL, &err), CLAUDE_E_INVALID);
    claude_error_unref(err);
    assert_int_equal(claude_schema_transform("{\"type\":\"null\"}x", 15, &out, NULL), CLAUDE_OK);
    claude_response_unref(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_stay),
        cmocka_unit_test(test_objects_are_closed),
        cmocka_unit_test(test_literals_lose_their_type),
        cmocka_unit_test(test_combinations),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_formats_and_items),
        cmocka_unit_test(test_the_rest_is_told_to_the_model),
        cmocka_unit_test(test_what_is_told_is_escaped),
        cmocka_unit_test(test_the_same_keyword_twice),
        cmocka_unit_test(test_what_cannot_be_changed),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
