/*
 * lua.i - the typemaps of claude.i for Lua 5.1 to 5.4 and LuaJIT.
 *
 * lua_error() is called only after a function of the library has returned, and no Lua code runs below one but providers
 * of credentials, under lua_pcall(). Failures go through the function that claude_core.on_error() has set, which turns an
 * error handle, or the text of a complaint about an argument, into what is thrown.
 */
%{
#include <stdint.h>
#include <string.h>

/* Integers of this size and below are exact in Lua 5.1, 5.2 and LuaJIT, whose numbers are doubles. */
#define CLAUDE_EXACT INT64_C(9007199254740992)

static int claude_get_integer(lua_State *L, int index, int64_t *out)
{
    if (lua_type(L, index) != LUA_TNUMBER)
        return 0;
#if LUA_VERSION_NUM >= 503
    int exact = 0;
    *out = lua_tointegerx(L, index, &exact);
    return exact;
#else
    lua_Number number = lua_tonumber(L, index);
    if (!(number >= (lua_Number)-CLAUDE_EXACT && number <= (lua_Number)CLAUDE_EXACT))
        return 0;
    *out = (int64_t)number;
    return (lua_Number)*out == number;
#endif
}

/* An integer that this Lua cannot hold is a string of digits. */
static void claude_push_integer(lua_State *L, int64_t value)
{
#if LUA_VERSION_NUM >= 503
    lua_pushinteger(L, (lua_Integer)value);
#else
    char digits[24];
    if (value >= -CLAUDE_EXACT && value <= CLAUDE_EXACT) {
        lua_pushnumber(L, (lua_Number)value);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%lld", (long long)value);
    lua_pushstring(L, digits);
#endif
}

static void claude_push_unsigned(lua_State *L, uint64_t value)
{
    char digits[24];
    if (value <= INT64_MAX) {
        claude_push_integer(L, (int64_t)value);
        return;
    }
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    lua_pushstring(L, digits);
}

static void claude_push_text(lua_State *L, const char *text, size_t len)
{
    if (text == NULL)
        lua_pushnil(L);
    else
        lua_pushlstring(L, text, len);
}

static char claude_converter;

/* Replaces the value on top of the stack by what is to be thrown. */
static void claude_convert_failure(lua_State *L)
{
    lua_pushlightuserdata(L, &claude_converter);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return;
    }
    lua_insert(L, -2);
    lua_call(L, 1, 1);
}

static void claude_complain(lua_State *L, const char *function, int argument, const char *expected)
{
    lua_pushfstring(L, "%s: argument %d must be %s, got %s", function, argument, expected,
                    lua_typename(L, lua_type(L, argument)));
    claude_convert_failure(L);
}

/* A handle of ours; anything else, like another library's userdata, is not looked into. */
static swig_lua_userdata *claude_get_handle(lua_State *L, int index, swig_type_info *type)
{
    int ours = 0;
    if (lua_type(L, index) != LUA_TUSERDATA || lua_rawlen(L, index) != sizeof(swig_lua_userdata) ||
        !lua_getmetatable(L, index))
        return NULL;
    SWIG_Lua_get_class_metatable(L, ((swig_lua_class *)type->clientdata)->fqname);
    ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return ours ? (swig_lua_userdata *)lua_touserdata(L, index) : NULL;
}

/* The Lua that is inside of the library, for a provider of credentials. */
static _Thread_local lua_State *claude_running;

/* Drops a handle's reference; the handle holds NULL from then on, also for finalizers that still see it. */
static int claude_collect(lua_State *L)
{
    swig_lua_userdata *handle = (swig_lua_userdata *)lua_touserdata(L, 1);
    if (handle != NULL && handle->own && handle->ptr != NULL)
        ((swig_lua_class *)handle->type->clientdata)->destructor(handle->ptr);
    if (handle != NULL)
        handle->ptr = NULL;
    return 0;
}

static void claude_fix_finalizer(lua_State *L, swig_type_info *type)
{
    SWIG_Lua_get_class_metatable(L, ((swig_lua_class *)type->clientdata)->fqname);
    SWIG_Lua_add_function(L, "__gc", claude_collect);
    lua_pushliteral(L, "__metatable");
    lua_pushboolean(L, 0);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}
%}

%exception {
    lua_State *waiting = claude_running;
    claude_running = L;
    $action
    claude_running = waiting;
}

%typemap(in) SWIGTYPE *
%{
    if (!lua_isnil(L, $input)) {
        swig_lua_userdata *handle$argnum = claude_get_handle(L, $input, $1_descriptor);
        if (handle$argnum == NULL) {
            claude_complain(L, "$symname", $argnum, "a $1_basetype");
            SWIG_fail;
        }
        $1 = ($1_ltype)handle$argnum->ptr;
    }
%}

%typemap(in, numinputs = 0) claude_error_t **err (claude_error_t *failure = NULL) "$1 = &failure;"
%typemap(argout) claude_error_t **err
%{
    if (result < 0) {
        SWIG_NewPointerObj(L, *$1, $*1_descriptor, 1);
        claude_convert_failure(L);
        SWIG_fail;
    }
%}
%typemap(out) claude_code_t ""
%typemap(out) claude_code_t CODE "claude_push_integer(L, $1); SWIG_arg++;"

%typemap(in, numinputs = 0) SWIGTYPE **MADE ($*1_ltype made = NULL) "$1 = &made;"
%typemap(argout) SWIGTYPE **MADE "SWIG_NewPointerObj(L, *$1, $*1_descriptor, 1); SWIG_arg++;"

%typemap(in) SWIGTYPE *CLOSED
%{
    if (!lua_isnil(L, $input)) {
        swig_lua_userdata *handle$argnum = claude_get_handle(L, $input, $1_descriptor);
        if (handle$argnum == NULL) {
            claude_complain(L, "$symname", $argnum, "a $1_basetype");
            SWIG_fail;
        }
        $1 = ($1_ltype)handle$argnum->ptr;
        handle$argnum->ptr = NULL;
    }
%}

%typemap(in, numinputs = 0) const claude_event_t **event (const claude_event_t *lent = NULL) "$1 = ($1_ltype)&lent;"
%typemap(argout) const claude_event_t **event
%{
    {
        claude_event_t *kept = NULL;
        if (*$1 != NULL && claude_event_keep(*$1, &kept, NULL) < 0) {
            lua_pushliteral(L, "$symname: out of memory");
            claude_convert_failure(L);
            SWIG_fail;
        }
        SWIG_NewPointerObj(L, kept, $descriptor(claude_event_t *), 1);
        SWIG_arg++;
    }
%}

%typemap(in) (const char *TEXT, size_t LENGTH)
%{
    if (lua_type(L, $input) != LUA_TSTRING) {
        claude_complain(L, "$symname", $argnum, "a string");
        SWIG_fail;
    }
    $1 = ($1_ltype)lua_tolstring(L, $input, &$2);
%}

%typemap(in) (const char *MAYBE, size_t LENGTH)
%{
    $2 = 0;
    if (!lua_isnil(L, $input)) {
        if (lua_type(L, $input) != LUA_TSTRING) {
            claude_complain(L, "$symname", $argnum, "a string");
            SWIG_fail;
        }
        $1 = ($1_ltype)lua_tolstring(L, $input, &$2);
    }
%}
%typemap(in) (const void *BYTES, size_t LENGTH) = (const char *TEXT, size_t LENGTH);

%typemap(in) const char *
%{
    if (!lua_isnil(L, $input)) {
        size_t size$argnum = 0;
        $1 = lua_type(L, $input) == LUA_TSTRING ? ($1_ltype)lua_tolstring(L, $input, &size$argnum) : NULL;
        if ($1 == NULL || strlen($1) != size$argnum) {
            claude_complain(L, "$symname", $argnum, "a string without NUL");
            SWIG_fail;
        }
    }
%}
%typemap(out) const char * "lua_pushstring(L, $1); SWIG_arg++;"

%typemap(out) const char *SIZED ""
%typemap(in, numinputs = 0) size_t *SIZE (size_t size = 0) "$1 = &size;"
%typemap(argout) size_t *SIZE "claude_push_text(L, result, *$1); SWIG_arg++;"

%typemap(in, numinputs = 0) (const char **TEXT, size_t *LENGTH) (const char *text = NULL, size_t size = 0)
    "$1 = ($1_ltype)&text; $2 = &size;"
%typemap(argout) (const char **TEXT, size_t *LENGTH) "claude_push_text(L, *$1, *$2); SWIG_arg++;"

%typemap(in, numinputs = 0) (const char **BYTES, size_t *LENGTH) = (const char **TEXT, size_t *LENGTH);
%typemap(argout) (const char **BYTES, size_t *LENGTH) = (const char **TEXT, size_t *LENGTH);

%typemap(in, numinputs = 0) const char **NAME (const char *text = NULL) "$1 = ($1_ltype)&text;"
%typemap(argout) const char **NAME "lua_pushstring(L, *$1); SWIG_arg++;"

%typemap(in, numinputs = 0) int32_t *NUMBER (int32_t number = 0), int64_t *NUMBER (int64_t number = 0),
    uint64_t *NUMBER (uint64_t number = 0), size_t *NUMBER (size_t number = 0) "$1 = &number;"
%typemap(argout) int32_t *NUMBER, int64_t *NUMBER "claude_push_integer(L, *$1); SWIG_arg++;"
%typemap(argout) uint64_t *NUMBER, size_t *NUMBER "claude_push_unsigned(L, *$1); SWIG_arg++;"

%define CLAUDE_INTEGER(type, least, most)
%typemap(in) type
%{
    {
        int64_t integer$argnum = 0;
        if (!claude_get_integer(L, $input, &integer$argnum) || integer$argnum < least || integer$argnum > most) {
            claude_complain(L, "$symname", $argnum, "an integer that fits " #type);
            SWIG_fail;
        }
        $1 = ($1_ltype)integer$argnum;
    }
%}
%enddef
CLAUDE_INTEGER(int32_t, INT32_MIN, INT32_MAX)
CLAUDE_INTEGER(uint32_t, 0, UINT32_MAX)
CLAUDE_INTEGER(int64_t, INT64_MIN, INT64_MAX)
CLAUDE_INTEGER(uint64_t, 0, INT64_MAX)
CLAUDE_INTEGER(size_t, 0, INT64_MAX)
%typemap(out) int32_t, int64_t, uint32_t "claude_push_integer(L, (int64_t)$1); SWIG_arg++;"
%typemap(out) uint64_t, size_t "claude_push_unsigned(L, (uint64_t)$1); SWIG_arg++;"

%typemap(in) double
%{
    if (lua_type(L, $input) != LUA_TNUMBER) {
        claude_complain(L, "$symname", $argnum, "a number");
        SWIG_fail;
    }
    $1 = lua_tonumber(L, $input);
%}

/* claude_core.on_error(function): see the top of this file. */
%native(on_error) int claude_on_error(lua_State *L);
%{
static int claude_on_error(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_pushlightuserdata(L, &claude_converter);
    lua_pushvalue(L, 1);
    lua_rawset(L, LUA_REGISTRYINDEX);
    return 0;
}
%}

/* claude_core.claude_config_set_credential_provider(config, function): the function is called with the reason, a
   number, and returns a claude_secret, or a number that the call fails with (claude_error_user_code()). It must not
   yield. The program keeps it alive: without it the call fails with -1. What it throws is lost, and -1, too. */
%native(claude_config_set_credential_provider) int claude_set_provider(lua_State *L);
%{
static char claude_providers, claude_asking;

struct claude_question {
    claude_credential_t *credential;
    void *provider;
    int32_t code;
};

/* Asks; whatever goes wrong here stays here. The function is found by the address of what stands for it, in a table that
   does not keep it alive: it may refer to its client. */
static int claude_ask_provider(lua_State *L)
{
    struct claude_question *question = (struct claude_question *)lua_touserdata(L, 1);
    swig_lua_userdata *secret = NULL;
    int64_t number = 0;

    lua_pushlightuserdata(L, &claude_providers);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushlightuserdata(L, question->provider);
    lua_rawget(L, -2);
    lua_pushnumber(L, (lua_Number)claude_credential_reason(question->credential));
    lua_call(L, 1, 1);
    secret = claude_get_handle(L, -1, SWIGTYPE_p_claude_secret);
    if (secret != NULL && claude_credential_set_secret(question->credential, (claude_secret_t *)secret->ptr, NULL) >= 0)
        question->code = 0;
    else if (claude_get_integer(L, -1, &number) && number > 0 && number <= INT32_MAX)
        question->code = (int32_t)number;
    return 0;
}

/* Nothing here can throw: a function of C has room for some more values on Lua's stack, and these need no memory. */
static int32_t claude_provide(claude_credential_t *credential, void *provider)
{
    struct claude_question question = {credential, provider, -1};
    lua_State *L = claude_running;

    if (L == NULL)
        return -1;
    lua_pushlightuserdata(L, &claude_asking);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushlightuserdata(L, &question);
    if (lua_pcall(L, 1, 0, 0) != 0)
        lua_pop(L, 1);
    claude_running = L;
    return question.code;
}

static int claude_set_provider(lua_State *L)
{
    swig_lua_userdata *config = claude_get_handle(L, 1, SWIGTYPE_p_claude_config);
    claude_error_t *failure = NULL;
    void *provider = NULL;

    if (config == NULL || lua_type(L, 2) != LUA_TFUNCTION) {
        claude_complain(L, "claude_config_set_credential_provider", config == NULL ? 1 : 2,
                        config == NULL ? "a claude_config_t" : "a function");
        return lua_error(L);
    }
    lua_settop(L, 2);
    lua_pushlightuserdata(L, &claude_providers);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (lua_isnil(L, -1)) {
        lua_newtable(L);
        lua_newtable(L);
        lua_pushliteral(L, "v");
        lua_setfield(L, -2, "__mode");
        lua_setmetatable(L, -2);
        lua_pushlightuserdata(L, &claude_providers);
        lua_pushvalue(L, -2);
        lua_rawset(L, LUA_REGISTRYINDEX);
        lua_replace(L, 3);
        lua_pushlightuserdata(L, &claude_asking);
        lua_pushcfunction(L, claude_ask_provider);
        lua_rawset(L, LUA_REGISTRYINDEX);
    }
    provider = malloc(1);
    lua_pushlightuserdata(L, provider);
    lua_pushvalue(L, 2);
    lua_rawset(L, 3);
    if (provider == NULL || claude_config_set_credential_provider((claude_config_t *)config->ptr, claude_provide,
                                                                  provider, free, &failure) < 0) {
        SWIG_NewPointerObj(L, failure, SWIGTYPE_p_claude_error, 1);
        claude_convert_failure(L);
        return lua_error(L);
    }
    return 0;
}
%}

%init %{
    for (int i = 0; swig_types[i] != NULL; i++) {
        if (swig_types[i]->clientdata != NULL)
            claude_fix_finalizer(L, swig_types[i]);
    }
%}
