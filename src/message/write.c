#include "message/write.h"

void cl_put(cl_writer *w, const char *text)
{
    cl_put_str(w, cl_str_of(text));
}

void cl_put_str(cl_writer *w, cl_str text)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_buf_append_str(w->out, text);
}

void cl_put_int(cl_writer *w, int64_t number)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_buf_append_int(w->out, number);
}

void cl_put_string(cl_writer *w, cl_str text)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_json_write_string(w->out, text);
}

void cl_put_base64(cl_writer *w, cl_str bytes)
{
    cl_put(w, "\"");
    if (w->rc == CL_BUF_OK)
        w->rc = cl_buf_reserve(w->out, cl_base64_len(bytes.len));
    if (w->rc == CL_BUF_OK)
        w->out->len += cl_base64_encode(bytes.ptr, bytes.len, w->out->ptr + w->out->len);
    cl_put(w, "\"");
}

void cl_put_key(cl_writer *w, const char *name)
{
    if (w->rc == CL_BUF_OK)
        w->rc = cl_json_write_key(w->out, cl_str_of(name));
}

void cl_put_text_member(cl_writer *w, const char *name, cl_str text)
{
    cl_put_key(w, name);
    cl_put_string(w, text);
}

void cl_put_json_member(cl_writer *w, const char *name, cl_str json)
{
    cl_put_key(w, name);
    cl_put_str(w, json);
}

void cl_put_strings(cl_writer *w, const char *const *texts, size_t count)
{
    cl_put(w, "[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            cl_put(w, ",");
        cl_put_string(w, cl_str_of(texts[i]));
    }
    cl_put(w, "]");
}
