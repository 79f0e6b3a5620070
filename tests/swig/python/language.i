/*
 * language.i - claude.i for a language of one's own, by the example of Python:
 *
 *     swig -python -module claude_example -Icapi/include -Iswig -Itests/swig/python swig/claude.i
 *
 * An example for those who write such a file, and a test of unified.i. Programs in Python use bindings/python.
 */
%{
#include <stdint.h>
#include <string.h>

#define claude_is_nothing(object) ((object) == Py_None)
#define claude_lend_handle claude_new_handle
#define claude_new_integer(value) PyLong_FromLongLong(value)
#define claude_new_unsigned(value) PyLong_FromUnsignedLongLong(value)
#define claude_new_double(value) PyFloat_FromDouble(value)

static int claude_get_number(PyObject *object, int *negative, uint64_t *magnitude)
{
    int overflow = 0;
    long long number = PyLong_Check(object) ? PyLong_AsLongLongAndOverflow(object, &overflow) : 0;
    *negative = overflow == 0 && number < 0;
    *magnitude = *negative ? (uint64_t)0 - (uint64_t)number : (uint64_t)number;
    if (overflow > 0)
        *magnitude = PyLong_AsUnsignedLongLong(object);
    if (PyErr_Occurred() == NULL)
        return PyLong_Check(object) && overflow >= 0;
    PyErr_Clear();
    return 0;
}

static int claude_get_double(PyObject *object, double *number)
{
    if (!PyFloat_Check(object) && !PyLong_Check(object))
        return 0;
    *number = PyFloat_AsDouble(object);
    PyErr_Clear();
    return 1;
}

static int claude_get_text(PyObject *object, const char **text, size_t *len, char **copy)
{
    Py_ssize_t size = 0;
    (void)copy;
    *text = PyUnicode_Check(object) ? PyUnicode_AsUTF8AndSize(object, &size) : NULL;
    *len = (size_t)size;
    PyErr_Clear();
    return *text != NULL;
}

static int claude_get_bytes(PyObject *object, const char **bytes, size_t *len)
{
    if (!PyBytes_Check(object))
        return 0;
    *bytes = PyBytes_AsString(object);
    *len = (size_t)PyBytes_Size(object);
    return 1;
}

static int claude_get_handle(PyObject *object, void **handle, swig_type_info *type, int flags)
{
    int status = SWIG_ConvertPtr(object, handle, type, flags);
    return SWIG_IsOK(status) || status == SWIG_ERROR_RELEASE_NOT_OWNED;
}

static PyObject *claude_new_text(const char *text, size_t len)
{
    return text != NULL ? PyUnicode_DecodeUTF8(text, (Py_ssize_t)len, "surrogateescape") : SWIG_Py_Void();
}

static PyObject *claude_new_bytes(const char *bytes, size_t len)
{
    return bytes != NULL ? PyBytes_FromStringAndSize(bytes, (Py_ssize_t)len) : SWIG_Py_Void();
}

static PyObject *claude_new_handle(void *handle, swig_type_info *type)
{
    return handle != NULL ? SWIG_NewPointerObj(handle, type, SWIG_POINTER_OWN) : SWIG_Py_Void();
}

static void claude_raise(claude_error_t *error)
{
    PyErr_Format(PyExc_RuntimeError, "%s: %s", claude_code_name(claude_error_code(error)), claude_error_message(error));
    claude_error_unref(error);
}
%}

%include "unified.i"

/* What differs from unified.i: no result is None, and where a failure comes after outputs, these are dropped. */
%typemap(out) claude_code_t "$result = SWIG_Py_Void();"
%typemap(argout) claude_error_t **err
{
    if (result < 0) {
        Py_CLEAR($result);
        claude_raise(*$1);
        SWIG_fail;
    }
}
