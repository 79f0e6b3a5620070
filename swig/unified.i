/*
 * unified.i - the typemaps of claude.i for the languages of SWIG's unified typemap library (Perl, Ruby, Tcl, Python,
 * Octave, R, ...). A language's file includes it after C functions or macros of these names, in which `object` is a
 * SWIG_Object:
 *
 *     int claude_is_nothing(object)                           undef, nil, ...
 *     int claude_get_number(object, int *negative, uint64_t *magnitude)
 *     int claude_get_double(object, double *number)
 *     int claude_get_text(object, const char **text, size_t *len, char **copy)     *copy is freed after the call
 *     int claude_get_bytes(object, const char **bytes, size_t *len)
 *     int claude_get_handle(object, void **handle, swig_type_info *type, int flags)   NULL if it has been released
 *     object claude_new_integer(int64_t), claude_new_unsigned(uint64_t), claude_new_double(double)
 *     object claude_new_text(const char *text, size_t len)    nothing for NULL
 *     object claude_new_bytes(const char *bytes, size_t len)  nothing for NULL
 *     object claude_new_handle(void *handle, swig_type_info *type)      owned by the language; nothing for NULL
 *     object claude_lend_handle(void *handle, swig_type_info *type)     the same for an event that has been taken
 *     void claude_raise(claude_error_t *error)                takes the error; SWIG_fail follows
 *
 * The get functions return 1, or 0 for an object of another kind. No message repeats what was given: it may be a key.
 */
%{
#include <stdlib.h>

/* Within the limits, which are those of a signed or unsigned type. */
static int claude_fits(int negative, uint64_t magnitude, int64_t least, uint64_t most)
{
    return negative ? magnitude <= (uint64_t)0 - (uint64_t)least : magnitude <= most;
}

/* Exact for everything that claude_fits() lets through. */
static uint64_t claude_signed(int negative, uint64_t magnitude)
{
    return negative ? (uint64_t)0 - magnitude : magnitude;
}
%}

/* ---- handles ---- */

%typemap(in) SWIGTYPE * (void *handle = NULL)
{
    if (!claude_is_nothing($input) && !claude_get_handle($input, &handle, $1_descriptor, $disown))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be a $1_basetype");
    $1 = ($1_ltype)handle;
}
%typemap(in) SWIGTYPE *CLOSED (void *handle = NULL)
{
    if (!claude_is_nothing($input) &&
        !claude_get_handle($input, &handle, $1_descriptor, SWIG_POINTER_DISOWN | SWIG_POINTER_CLEAR))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be a $1_basetype");
    $1 = ($1_ltype)handle;
}
%typemap(out) SWIGTYPE * { %set_output(claude_new_handle((void *)$1, $1_descriptor)); }

%typemap(in, numinputs = 0, noblock = 1) SWIGTYPE **MADE ($*1_ltype made = NULL) { $1 = &made; }
%typemap(argout, noblock = 1) SWIGTYPE **MADE { %append_output(claude_new_handle(*$1, $*1_descriptor)); }

%typemap(in, numinputs = 0, noblock = 1) const claude_event_t **event (claude_event_t *lent = NULL)
{
    $1 = ($1_ltype)&lent;
}
%typemap(argout) const claude_event_t **event
{
    claude_event_t *kept = NULL;
    claude_error_t *failure = NULL;
    if (*$1 != NULL && claude_event_keep(*$1, &kept, &failure) < 0) {
        claude_raise(failure);
        SWIG_fail;
    }
    %append_output(claude_lend_handle(kept, $descriptor(claude_event_t *)));
}

/* ---- errors ---- */

%typemap(in, numinputs = 0, noblock = 1) claude_error_t **err (claude_error_t *failure = NULL) { $1 = &failure; }
%typemap(argout) claude_error_t **err
{
    if (result < 0) {
        claude_raise(*$1);
        SWIG_fail;
    }
}
%typemap(out) claude_code_t ""
%typemap(out) claude_code_t CODE { %set_output(claude_new_integer($1)); }

/* ---- texts ---- */

%typemap(in) (const char *TEXT, size_t LENGTH) (char *copy = NULL)
{
    const char *text = NULL;
    size_t len = 0;
    if (claude_is_nothing($input) || !claude_get_text($input, &text, &len, &copy))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be a string");
    $1 = ($1_ltype)text;
    $2 = len;
}
%typemap(freearg, noblock = 1) (const char *TEXT, size_t LENGTH) { free(copy$argnum); }

%typemap(in) (const char *MAYBE, size_t LENGTH) (char *copy = NULL)
{
    const char *text = NULL;
    size_t len = 0;
    if (!claude_is_nothing($input) && !claude_get_text($input, &text, &len, &copy))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be a string");
    $1 = ($1_ltype)text;
    $2 = len;
}
%typemap(freearg, noblock = 1) (const char *MAYBE, size_t LENGTH) { free(copy$argnum); }

%typemap(in) (const void *BYTES, size_t LENGTH)
{
    const char *bytes = NULL;
    size_t len = 0;
    if (claude_is_nothing($input) || !claude_get_bytes($input, &bytes, &len))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be bytes");
    $1 = ($1_ltype)bytes;
    $2 = len;
}

%typemap(in) const char * (char *copy = NULL)
{
    const char *text = NULL;
    size_t len = 0;
    if (!claude_is_nothing($input) && (!claude_get_text($input, &text, &len, &copy) || strlen(text) != len))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be a string without NUL");
    $1 = ($1_ltype)text;
}
%typemap(freearg, noblock = 1) const char * { free(copy$argnum); }
%typemap(out) const char * { %set_output(claude_new_text($1, $1 != NULL ? strlen($1) : 0)); }

%typemap(out) const char *SIZED ""
%typemap(in, numinputs = 0, noblock = 1) size_t *SIZE (size_t size = 0) { $1 = &size; }
%typemap(argout, noblock = 1) size_t *SIZE { %set_output(claude_new_text(result, *$1)); }

%typemap(in, numinputs = 0, noblock = 1) (const char **TEXT, size_t *LENGTH) (char *text = NULL, size_t size = 0)
{
    $1 = ($1_ltype)&text;
    $2 = &size;
}
%typemap(argout, noblock = 1) (const char **TEXT, size_t *LENGTH) { %append_output(claude_new_text(*$1, *$2)); }

%typemap(in, numinputs = 0, noblock = 1) (const char **BYTES, size_t *LENGTH) (char *text = NULL, size_t size = 0)
{
    $1 = ($1_ltype)&text;
    $2 = &size;
}
%typemap(argout, noblock = 1) (const char **BYTES, size_t *LENGTH) { %append_output(claude_new_bytes(*$1, *$2)); }

%typemap(in, numinputs = 0, noblock = 1) const char **NAME (char *text = NULL) { $1 = ($1_ltype)&text; }
%typemap(argout, noblock = 1) const char **NAME
{
    %append_output(claude_new_text(*$1, *$1 != NULL ? strlen(*$1) : 0));
}

/* ---- numbers ---- */

%typemap(in, numinputs = 0, noblock = 1) int32_t *NUMBER (int32_t number = 0), int64_t *NUMBER (int64_t number = 0),
    uint64_t *NUMBER (uint64_t number = 0), size_t *NUMBER (size_t number = 0)
{
    $1 = &number;
}
%typemap(argout, noblock = 1) int32_t *NUMBER, int64_t *NUMBER { %append_output(claude_new_integer(*$1)); }
%typemap(argout, noblock = 1) uint64_t *NUMBER, size_t *NUMBER { %append_output(claude_new_unsigned(*$1)); }

%define CLAUDE_INTEGER(type, least, most)
%typemap(in) type
{
    int negative = 0;
    uint64_t magnitude = 0;
    if (!claude_get_number($input, &negative, &magnitude) || !claude_fits(negative, magnitude, least, most))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be an integer that fits " #type);
    $1 = ($1_ltype)claude_signed(negative, magnitude);
}
%enddef
CLAUDE_INTEGER(int32_t, INT32_MIN, INT32_MAX)
CLAUDE_INTEGER(uint32_t, 0, UINT32_MAX)
CLAUDE_INTEGER(int64_t, INT64_MIN, INT64_MAX)
CLAUDE_INTEGER(uint64_t, 0, UINT64_MAX)
CLAUDE_INTEGER(size_t, 0, SIZE_MAX)
CLAUDE_INTEGER(claude_code_t, INT32_MIN, INT32_MAX)
%typemap(out) int32_t, int64_t { %set_output(claude_new_integer($1)); }
%typemap(out) uint32_t, uint64_t, size_t { %set_output(claude_new_unsigned($1)); }

%typemap(in) double
{
    double number = 0;
    if (!claude_get_double($input, &number))
        SWIG_exception_fail(SWIG_TypeError, "$symname: argument $argnum must be a number");
    $1 = number;
}
%typemap(out) double { %set_output(claude_new_double($1)); }
