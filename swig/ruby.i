/*
 * ruby.i - claude.i for Ruby:
 *
 *     swig -ruby -Icapi/include -Iswig swig/claude.i
 *
 * Texts are UTF-8 strings; a failure raises a Claude::Error. Several results are an array.
 */
%{
#include <ruby/encoding.h>
#include <stdint.h>
#include <string.h>

#define claude_is_nothing(object) NIL_P(object)
#define claude_lend_handle claude_new_handle
#define claude_new_integer(value) LL2NUM((long long)(value))
#define claude_new_unsigned(value) ULL2NUM((unsigned long long)(value))
#define claude_new_double(value) rb_float_new(value)
/* The converted string takes the place of the argument, which keeps it alive during the call. */
#define claude_get_text(object, text, len, copy) ((void)(copy), claude_get_string(&(object), text, len))

static VALUE claude_error_class = Qnil;

static int claude_get_number(VALUE value, int *negative, uint64_t *magnitude)
{
    int sign = 0;
    if (!RB_INTEGER_TYPE_P(value))
        return 0;
    sign = rb_integer_pack(value, magnitude, 1, sizeof *magnitude, 0,
                           INTEGER_PACK_LSWORD_FIRST | INTEGER_PACK_NATIVE_BYTE_ORDER);
    *negative = sign < 0;
    return sign > -2 && sign < 2;
}

static int claude_get_double(VALUE value, double *number)
{
    if (!RB_FLOAT_TYPE_P(value) && !RB_INTEGER_TYPE_P(value))
        return 0;
    *number = NUM2DBL(value);
    return 1;
}

static int claude_get_string(VALUE *value, const char **text, size_t *len)
{
    if (!RB_TYPE_P(*value, T_STRING))
        return 0;
    *value = rb_str_export_to_enc(*value, rb_utf8_encoding());
    *text = RSTRING_PTR(*value);
    *len = (size_t)RSTRING_LEN(*value);
    return 1;
}

/* Of a handle that has been released there is nothing left to own. */
static int claude_get_handle(VALUE value, void **handle, swig_type_info *type, int flags)
{
    int status = SWIG_ConvertPtr(value, handle, type, flags);
    return SWIG_IsOK(status) || status == SWIG_ERROR_RELEASE_NOT_OWNED || status == SWIG_ObjectPreviouslyDeletedError;
}

static VALUE claude_new_text(const char *text, size_t len)
{
    return text != NULL ? rb_utf8_str_new(text, (long)len) : Qnil;
}

static int claude_get_bytes(VALUE value, const char **bytes, size_t *len)
{
    if (!RB_TYPE_P(value, T_STRING))
        return 0;
    *bytes = RSTRING_PTR(value);
    *len = (size_t)RSTRING_LEN(value);
    return 1;
}

static VALUE claude_new_bytes(const char *bytes, size_t len)
{
    return bytes != NULL ? rb_str_new(bytes, (long)len) : Qnil;
}

static VALUE claude_new_handle(void *handle, swig_type_info *type)
{
    return SWIG_NewPointerObj(handle, type, SWIG_POINTER_OWN);
}

static VALUE claude_error_text(const char *text)
{
    return claude_new_text(text, text != NULL ? strlen(text) : 0);
}

static void claude_raise(claude_error_t *error)
{
    VALUE handle = claude_new_handle(error, SWIGTYPE_p_claude_error);
    VALUE message = claude_error_text(claude_error_message(error));
    VALUE exception = rb_class_new_instance(1, &message, claude_error_class);
    rb_iv_set(exception, "@code", INT2NUM(claude_error_code(error)));
    rb_iv_set(exception, "@name", claude_error_text(claude_code_name(claude_error_code(error))));
    rb_iv_set(exception, "@category", claude_error_text(claude_category_name(claude_error_category(error))));
    rb_iv_set(exception, "@http_status", INT2NUM(claude_error_http_status(error)));
    rb_iv_set(exception, "@api_type", claude_error_text(claude_error_api_type(error)));
    rb_iv_set(exception, "@request_id", claude_error_text(claude_error_request_id(error)));
    rb_iv_set(exception, "@handle", handle);
    rb_exc_raise(exception);
}
%}

/* What a failure raises. Its handle goes into the functions claude_error_*(). */
%init %{
    {
        static const char *const fields[] = {"code",     "name",       "category", "http_status",
                                             "api_type", "request_id", "handle"};
        size_t field = 0;
        claude_error_class = rb_define_class_under(rb_define_module(SWIG_name), "Error", rb_eStandardError);
        for (field = 0; field < sizeof fields / sizeof fields[0]; field++)
            rb_define_attr(claude_error_class, fields[field], 1, 0);
    }
%}

/* Names of classes begin with a capital: ClaudeClient. */
%rename("%(camelcase)s", %$isclass) "";

%include "unified.i"
