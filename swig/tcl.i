/*
 * tcl.i - claude.i for Tcl 8.6:
 *
 *     swig -tcl8 -Icapi/include -Iswig swig/claude.i
 *
 * A handle is a name like claude_client7, which means something in its interpreter only. Tcl cannot know when a name is
 * no longer needed: claude_x_unref releases a handle, the end of the interpreter all of them. The event of
 * claude_call_next and claude_loop_next and the handle in an error code are valid until the next of their kind; nobody
 * needs to release those. NULL is "NULL" as an argument, and "" as a result. Several results are a list. A failure is a
 * Tcl error with the error code {CLAUDE CLAUDE_E_... code -1 category ... http_status ... handle ...}.
 */
%{
#include <stdint.h>
#include <string.h>

#define claude_new_integer(value) Tcl_NewWideIntObj((Tcl_WideInt)(value))
#define claude_new_double(value) Tcl_NewDoubleObj(value)
#define claude_get_double(object, number) (Tcl_GetDoubleFromObj(NULL, object, number) == TCL_OK)
#define claude_get_handle(object, handle, type, flags) claude_find_handle(interp, object, handle, type, flags)
#define claude_new_handle(handle, type) claude_name_handle(interp, handle, type, NULL)
#define claude_lend_handle(handle, type) claude_name_handle(interp, handle, type, &claude_handles_of(interp)->event)
#define claude_raise(error) claude_raise_in(interp, error)

/* The handles of an interpreter by their numbers. */
struct claude_handles {
    Tcl_HashTable table;
    uintptr_t count; /* of all there ever were */
    uintptr_t event; /* the number of what is valid until the next of its kind */
    uintptr_t error;
};

struct claude_handle {
    void *pointer;
    swig_type_info *type;
};

static void claude_release(struct claude_handle *handle)
{
    const struct {
        swig_type_info *type;
        void (*unref)(void *);
    } kinds[] = {
        {SWIGTYPE_p_claude_error, (void (*)(void *))claude_error_unref},
        {SWIGTYPE_p_claude_config, (void (*)(void *))claude_config_unref},
        {SWIGTYPE_p_claude_secret, (void (*)(void *))claude_secret_unref},
        {SWIGTYPE_p_claude_client, (void (*)(void *))claude_client_unref},
        {SWIGTYPE_p_claude_request, (void (*)(void *))claude_request_unref},
        {SWIGTYPE_p_claude_call, (void (*)(void *))claude_call_unref},
        {SWIGTYPE_p_claude_loop, (void (*)(void *))claude_loop_unref},
        {SWIGTYPE_p_claude_event, (void (*)(void *))claude_event_unref},
        {SWIGTYPE_p_claude_response, (void (*)(void *))claude_response_unref},
        {SWIGTYPE_p_claude_file, (void (*)(void *))claude_file_unref},
        {SWIGTYPE_p_claude_block, (void (*)(void *))claude_block_unref},
        {SWIGTYPE_p_claude_tool, (void (*)(void *))claude_tool_unref},
        {SWIGTYPE_p_claude_problems, (void (*)(void *))claude_problems_unref},
        {SWIGTYPE_p_claude_pages, (void (*)(void *))claude_pages_unref},
        {SWIGTYPE_p_claude_batch_builder, (void (*)(void *))claude_batch_builder_unref},
        {SWIGTYPE_p_claude_runner, (void (*)(void *))claude_runner_unref},
        {SWIGTYPE_p_claude_models, (void (*)(void *))claude_models_unref},
        {SWIGTYPE_p_claude_stream_message, (void (*)(void *))claude_stream_message_unref},
        {SWIGTYPE_p_claude_partial, (void (*)(void *))claude_partial_unref},
        {SWIGTYPE_p_claude_text_buffer, (void (*)(void *))claude_text_buffer_unref},
        {SWIGTYPE_p_claude_notices, (void (*)(void *))claude_notices_unref},
        {SWIGTYPE_p_claude_breaker, (void (*)(void *))claude_breaker_unref},
        {SWIGTYPE_p_claude_limiter, (void (*)(void *))claude_limiter_unref},
        {SWIGTYPE_p_claude_reservation, (void (*)(void *))claude_reservation_unref},
        {SWIGTYPE_p_claude_failover, (void (*)(void *))claude_failover_unref},
        {SWIGTYPE_p_claude_health, (void (*)(void *))claude_health_unref},
        {SWIGTYPE_p_claude_report, (void (*)(void *))claude_report_unref},
        {SWIGTYPE_p_claude_metrics, (void (*)(void *))claude_metrics_unref},
        {SWIGTYPE_p_claude_attempts, (void (*)(void *))claude_attempts_unref},
        {SWIGTYPE_p_claude_news, (void (*)(void *))claude_news_unref},
        {SWIGTYPE_p_claude_quota, (void (*)(void *))claude_quota_unref},
        {SWIGTYPE_p_claude_quota_reservation, (void (*)(void *))claude_quota_reservation_unref},
        {SWIGTYPE_p_claude_watcher, (void (*)(void *))claude_watcher_unref},
        {SWIGTYPE_p_claude_trail, (void (*)(void *))claude_trail_unref},
        {SWIGTYPE_p_claude_curl, (void (*)(void *))claude_curl_unref},
        {SWIGTYPE_p_claude_diagnostics, (void (*)(void *))claude_diagnostics_unref},
        {SWIGTYPE_p_claude_selftest, (void (*)(void *))claude_selftest_unref},
    };
    size_t kind = 0;
    for (kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        if (kinds[kind].type == handle->type)
            kinds[kind].unref(handle->pointer);
    }
    ckfree(handle);
}

static void claude_release_all(ClientData data, Tcl_Interp *interp)
{
    struct claude_handles *handles = (struct claude_handles *)data;
    Tcl_HashSearch search;
    Tcl_HashEntry *entry = Tcl_FirstHashEntry(&handles->table, &search);
    (void)interp;
    for (; entry != NULL; entry = Tcl_NextHashEntry(&search))
        claude_release((struct claude_handle *)Tcl_GetHashValue(entry));
    Tcl_DeleteHashTable(&handles->table);
    ckfree(handles);
}

static struct claude_handles *claude_handles_of(Tcl_Interp *interp)
{
    struct claude_handles *handles = (struct claude_handles *)Tcl_GetAssocData(interp, "claude", NULL);
    if (handles == NULL) {
        handles = (struct claude_handles *)ckalloc(sizeof *handles);
        memset(handles, 0, sizeof *handles);
        Tcl_InitHashTable(&handles->table, TCL_ONE_WORD_KEYS);
        Tcl_SetAssocData(interp, "claude", claude_release_all, handles);
    }
    return handles;
}

/* "_p_claude_client" is the type of "claude_client7". */
static const char *claude_stem(const swig_type_info *type)
{
    return type->name + strlen("_p_");
}

static Tcl_Obj *claude_name_handle(Tcl_Interp *interp, void *pointer, swig_type_info *type, uintptr_t *lent)
{
    struct claude_handles *handles = claude_handles_of(interp);
    struct claude_handle *handle = NULL;
    Tcl_HashEntry *entry = NULL;
    int added = 0;
    if (lent != NULL && (entry = Tcl_FindHashEntry(&handles->table, (const char *)*lent)) != NULL) {
        claude_release((struct claude_handle *)Tcl_GetHashValue(entry));
        Tcl_DeleteHashEntry(entry);
    }
    if (pointer == NULL)
        return Tcl_NewObj();
    handle = (struct claude_handle *)ckalloc(sizeof *handle);
    handle->pointer = pointer;
    handle->type = type;
    handles->count++;
    if (lent != NULL)
        *lent = handles->count;
    Tcl_SetHashValue(Tcl_CreateHashEntry(&handles->table, (const char *)handles->count, &added), handle);
    return Tcl_ObjPrintf("%s%lu", claude_stem(type), (unsigned long)handles->count);
}

/* A name that once was a handle's is NULL. Names are compared, never evaluated. */
static int claude_find_handle(Tcl_Interp *interp, Tcl_Obj *name, void **pointer, swig_type_info *type, int flags)
{
    struct claude_handles *handles = claude_handles_of(interp);
    const char *stem = claude_stem(type);
    const char *text = Tcl_GetString(name);
    Tcl_HashEntry *entry = NULL;
    char *end = NULL;
    unsigned long number = 0;
    if (strncmp(text, stem, strlen(stem)) != 0)
        return 0;
    text += strlen(stem);
    number = strtoul(text, &end, 10);
    if (*text < '1' || *text > '9' || *end != '\0' || number > handles->count)
        return 0;
    entry = Tcl_FindHashEntry(&handles->table, (const char *)number);
    if (entry != NULL) {
        struct claude_handle *handle = (struct claude_handle *)Tcl_GetHashValue(entry);
        if (handle->type != type)
            return 0;
        *pointer = handle->pointer;
        if (flags & SWIG_POINTER_DISOWN) {
            Tcl_DeleteHashEntry(entry);
            ckfree(handle);
        }
    }
    return 1;
}

static int claude_is_nothing(Tcl_Obj *object)
{
    return strcmp(Tcl_GetString(object), "NULL") == 0;
}

/* Tcl wraps what needs the 64th bit; the sign is that of the text. */
static int claude_get_number(Tcl_Obj *object, int *negative, uint64_t *magnitude)
{
    const char *text = Tcl_GetString(object);
    Tcl_WideInt number = 0;
    if (Tcl_GetWideIntFromObj(NULL, object, &number) != TCL_OK)
        return 0;
    *negative = text[strspn(text, " \t\n\r\v\f")] == '-';
    *magnitude = *negative ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
    return 1;
}

static int claude_get_text(Tcl_Obj *object, const char **text, size_t *len, char **copy)
{
    Tcl_Encoding encoding = Tcl_GetEncoding(NULL, "utf-8");
    Tcl_DString bytes;
    int size = 0;
    const char *characters = Tcl_GetStringFromObj(object, &size);
    Tcl_UtfToExternalDString(encoding, characters, size, &bytes);
    Tcl_FreeEncoding(encoding);
    *len = (size_t)Tcl_DStringLength(&bytes);
    *copy = (char *)malloc(*len + 1);
    if (*copy != NULL)
        memcpy(*copy, Tcl_DStringValue(&bytes), *len + 1);
    Tcl_DStringFree(&bytes);
    *text = *copy;
    return *copy != NULL;
}

/* Bytes are the characters up to 255; Tcl itself would cut others. */
static int claude_get_bytes(Tcl_Obj *object, const char **bytes, size_t *len)
{
    int size = 0;
    const char *at = NULL;
    Tcl_UniChar character = 0;
    if (object->typePtr != Tcl_GetObjType("bytearray")) {
        for (at = Tcl_GetString(object); *at != '\0' && character < 256;)
            at += Tcl_UtfToUniChar(at, &character);
    }
    *bytes = (const char *)Tcl_GetByteArrayFromObj(object, &size);
    *len = (size_t)size;
    return character < 256;
}

static Tcl_Obj *claude_new_bytes(const char *bytes, size_t len)
{
    return Tcl_NewByteArrayObj((const unsigned char *)bytes, bytes != NULL ? (int)len : 0);
}

static Tcl_Obj *claude_new_text(const char *text, size_t len)
{
    Tcl_Encoding encoding = Tcl_GetEncoding(NULL, "utf-8");
    Tcl_DString characters;
    Tcl_Obj *object = NULL;
    Tcl_ExternalToUtfDString(encoding, text != NULL ? text : "", text != NULL ? (int)len : 0, &characters);
    Tcl_FreeEncoding(encoding);
    object = Tcl_NewStringObj(Tcl_DStringValue(&characters), Tcl_DStringLength(&characters));
    Tcl_DStringFree(&characters);
    return object;
}

static Tcl_Obj *claude_new_unsigned(uint64_t value)
{
    char digits[24];
    if (value <= INT64_MAX)
        return Tcl_NewWideIntObj((Tcl_WideInt)value);
    (void)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    return Tcl_NewStringObj(digits, -1);
}

static void claude_add_field(Tcl_Obj *list, const char *name, Tcl_Obj *value)
{
    (void)Tcl_ListObjAppendElement(NULL, list, Tcl_NewStringObj(name, -1));
    (void)Tcl_ListObjAppendElement(NULL, list, value);
}

static Tcl_Obj *claude_error_text(const char *text)
{
    return claude_new_text(text, text != NULL ? strlen(text) : 0);
}

static void claude_raise_in(Tcl_Interp *interp, claude_error_t *error)
{
    Tcl_Obj *fields = Tcl_NewObj();
    claude_add_field(fields, "CLAUDE", claude_error_text(claude_code_name(claude_error_code(error))));
    claude_add_field(fields, "code", Tcl_NewIntObj(claude_error_code(error)));
    claude_add_field(fields, "category", claude_error_text(claude_category_name(claude_error_category(error))));
    claude_add_field(fields, "http_status", Tcl_NewIntObj(claude_error_http_status(error)));
    claude_add_field(fields, "api_type", claude_error_text(claude_error_api_type(error)));
    claude_add_field(fields, "request_id", claude_error_text(claude_error_request_id(error)));
    Tcl_SetObjResult(interp, claude_error_text(claude_error_message(error)));
    claude_add_field(fields, "handle", claude_name_handle(interp, error, SWIGTYPE_p_claude_error,
                                                          &claude_handles_of(interp)->error));
    Tcl_SetObjErrorCode(interp, fields);
}
%}

/* SWIG's objects are commands whose names are addresses, and evaluate what they are given: not for handles. */
%rename("$ignore", %$isclass) "";

%include "unified.i"
