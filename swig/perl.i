/*
 * perl.i - claude.i for Perl 5:
 *
 *     swig -perl5 -const -module Claude -Icapi/include -Iswig swig/claude.i
 *
 * Texts are strings of characters, as after decoding; a failure dies with a Claude::Error. Several results are a list.
 */
%{
#include <math.h>
#include <stdint.h>
#include <string.h>

#define claude_is_nothing(object) (SvGETMAGIC(object), !SvOK(object))
#define claude_lend_handle claude_new_handle

static int claude_get_number(SV *value, int *negative, uint64_t *magnitude)
{
    STRLEN len = 0;
    const char *digits = NULL;
    UV number = 0;
    int kind = 0;
    if (SvROK(value))
        return 0;
    if (SvIOK(value)) {
        *negative = !SvIsUV(value) && SvIVX(value) < 0;
        *magnitude = *negative ? (uint64_t)0 - (uint64_t)SvIVX(value) : (uint64_t)SvUVX(value);
        return 1;
    }
    if (SvNOK(value)) {
        NV size = fabs(SvNVX(value));
        *negative = SvNVX(value) < 0;
        if (!(size < 18446744073709551616.0) || floor(size) != size)
            return 0;
        *magnitude = (uint64_t)size;
        return 1;
    }
    digits = SvPOK(value) ? SvPV_nomg(value, len) : "";
    kind = grok_number(digits, len, &number);
    *negative = (kind & IS_NUMBER_NEG) != 0;
    *magnitude = number;
    return (kind & ~IS_NUMBER_NEG) == IS_NUMBER_IN_UV;
}

static int claude_get_double(SV *value, double *number)
{
    if (!looks_like_number(value))
        return 0;
    *number = SvNV(value);
    return 1;
}

/* Numbers are strings as well, references are not. */
static int claude_get_text(SV *value, const char **text, size_t *len, char **copy)
{
    STRLEN size = 0;
    (void)copy;
    if (SvROK(value))
        return 0;
    *text = SvPVutf8(value, size);
    *len = size;
    return 1;
}

/* Bytes are the characters up to 255. */
static int claude_get_bytes(SV *value, const char **bytes, size_t *len)
{
    STRLEN size = 0;
    if (SvROK(value))
        return 0;
    if (SvUTF8(value)) {
        value = sv_2mortal(newSVsv(value));
        if (!sv_utf8_downgrade(value, 1))
            return 0;
    }
    *bytes = SvPV(value, size);
    *len = size;
    return 1;
}

/* Of a handle that has been released there is nothing left to own. */
static int claude_get_handle(SV *value, void **handle, swig_type_info *type, int flags)
{
    int status = sv_isobject(value) ? SWIG_ConvertPtr(value, handle, type, flags) : SWIG_ERROR;
    return SWIG_IsOK(status) || status == SWIG_ERROR_RELEASE_NOT_OWNED;
}

static SV *claude_new_integer(int64_t value)
{
    return sv_2mortal(newSViv((IV)value));
}

static SV *claude_new_unsigned(uint64_t value)
{
    return sv_2mortal(newSVuv((UV)value));
}

static SV *claude_new_double(double value)
{
    return sv_2mortal(newSVnv(value));
}

/* Characters; bytes where it is not UTF-8, as a header may be. */
static SV *claude_new_text(const char *text, size_t len)
{
    if (text == NULL)
        return sv_newmortal();
    return newSVpvn_flags(text, len, SVs_TEMP | (is_utf8_string((const U8 *)text, len) ? SVf_UTF8 : 0));
}

static SV *claude_new_bytes(const char *bytes, size_t len)
{
    return bytes != NULL ? newSVpvn_flags(bytes, len, SVs_TEMP) : sv_newmortal();
}

static SV *claude_new_handle(void *handle, swig_type_info *type)
{
    return handle != NULL ? SWIG_NewPointerObj(handle, type, SWIG_POINTER_OWN | SWIG_SHADOW) : sv_newmortal();
}

static SV *claude_error_text(const char *text)
{
    return SvREFCNT_inc(claude_new_text(text, text != NULL ? strlen(text) : 0));
}

static void claude_raise(claude_error_t *error)
{
    HV *fields = newHV();
    (void)hv_stores(fields, "code", newSViv(claude_error_code(error)));
    (void)hv_stores(fields, "name", claude_error_text(claude_code_name(claude_error_code(error))));
    (void)hv_stores(fields, "category", claude_error_text(claude_category_name(claude_error_category(error))));
    (void)hv_stores(fields, "message", claude_error_text(claude_error_message(error)));
    (void)hv_stores(fields, "http_status", newSViv(claude_error_http_status(error)));
    (void)hv_stores(fields, "api_type", claude_error_text(claude_error_api_type(error)));
    (void)hv_stores(fields, "request_id", claude_error_text(claude_error_request_id(error)));
    (void)hv_stores(fields, "handle", SvREFCNT_inc(claude_new_handle(error, SWIGTYPE_p_claude_error)));
    sv_setsv(ERRSV, sv_2mortal(sv_bless(newRV_noinc((SV *)fields), gv_stashpvs("Claude::Error", GV_ADD))));
}
%}

/* A thread of Perl gets no handles of another one: both would release them. Claude::Error is what a failure dies with;
   its handle goes into the functions claude_error_*(). */
%perlcode %{
{
    no strict 'refs';
    *{__PACKAGE__ . "::claude_${_}::CLONE_SKIP"} = sub { 1 }
        for qw(error config secret client request call loop event response file block tool problems pages batch_builder
        runner models stream_message partial text_buffer notices breaker limiter reservation failover health report
        metrics attempts news quota quota_reservation watcher trail curl diagnostics selftest);
}

package Claude::Error;
use overload '""' => sub { $_[0]{message} }, 'bool' => sub { 1 }, fallback => 1;
sub code { $_[0]{code} }
sub name { $_[0]{name} }
sub category { $_[0]{category} }
sub message { $_[0]{message} }
sub http_status { $_[0]{http_status} }
sub api_type { $_[0]{api_type} }
sub request_id { $_[0]{request_id} }
sub handle { $_[0]{handle} }
%}

%include "unified.i"
