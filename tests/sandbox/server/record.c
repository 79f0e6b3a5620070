#include "record.h"

#include <stdlib.h>

void recorder_init(struct recorder *recorder, size_t keep, size_t keep_bytes)
{
    *recorder = (struct recorder){.keep = keep, .keep_bytes = keep_bytes, .epoch = 1};
    recorder->ring = xcalloc(keep, sizeof(struct request *));
}

static void drop_first(struct recorder *recorder)
{
    struct request **slot = &recorder->ring[recorder->first % recorder->keep];

    recorder->bytes -= (*slot)->weight;
    request_unref(*slot);
    *slot = NULL;
    recorder->first++;
}

void recorder_reset(struct recorder *recorder)
{
    while (recorder->first < recorder->count && recorder->keep > 0)
        drop_first(recorder);
    recorder->first = 0;
    recorder->count = 0;
    recorder->connections = 0;
    recorder->bytes = 0;
    recorder->epoch++;
}

void recorder_free(struct recorder *recorder)
{
    recorder_reset(recorder);
    free(recorder->ring);
    recorder->ring = NULL;
}

void recorder_add(struct recorder *recorder, struct request *request)
{
    request->index = recorder->count++;
    if (recorder->keep == 0)
        return;
    if (request->index - recorder->first == recorder->keep)
        drop_first(recorder);
    recorder->ring[request->index % recorder->keep] = request_ref(request);
}

void recorder_weigh(struct recorder *recorder, struct request *request)
{
    /* it may have been dropped while its body came */
    if (recorder->keep == 0 || recorder->ring[request->index % recorder->keep] != request)
        return;
    request->weight = request->head_len + request->body.len;
    recorder->bytes += request->weight;
    while (recorder->bytes > recorder->keep_bytes && recorder->first + 1 < recorder->count)
        drop_first(recorder);
}

static void put_bytes(struct buf *out, const char *name, struct slice s)
{
    buf_printf(out, ",\"%s\":", name);
    buf_json_latin1(out, s.data, s.len);
}

static void put_body(struct buf *out, const struct request *request)
{
    buf_str(out, ",\"body\":");
    if (utf8_valid(request->body.data, request->body.len)) {
        buf_json(out, request->body.data, request->body.len);
        buf_str(out, ",\"body_base64\":null");
    } else {
        buf_str(out, "null,\"body_base64\":\"");
        buf_base64(out, request->body.data, request->body.len);
        buf_str(out, "\"");
    }
    buf_printf(out, ",\"body_length\":%llu,\"body_crc32\":\"%08x\",\"body_kept\":%zu",
               (unsigned long long)request->body_length, request->crc, request->body.len);
}

void request_json(const struct request *request, struct buf *out)
{
    buf_printf(out, "{\"index\":%llu,\"connection\":%llu", (unsigned long long)request->index,
               (unsigned long long)request->connection);
    put_bytes(out, "method", request->method);
    put_bytes(out, "target", request->target);
    put_bytes(out, "version", request->version);
    buf_str(out, ",\"headers\":[");
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *h = &request->headers[i];

        buf_str(out, i > 0 ? ",[" : "[");
        buf_json_latin1(out, h->name.data, h->name.len);
        buf_str(out, ",");
        buf_json_latin1(out, h->value.data, h->value.len);
        buf_str(out, "]");
    }
    buf_str(out, "]");
    put_body(out, request);
    buf_printf(out, ",\"complete\":%s,\"replied\":%s,\"scenario\":", request->complete ? "true" : "false",
               request->replied ? "true" : "false");
    if (request->scenario[0] != '\0')
        buf_printf(out, "\"%s\"}", request->scenario);
    else
        buf_str(out, "null}");
}

void recorder_json(const struct recorder *recorder, uint64_t since, uint64_t last, struct buf *out)
{
    uint64_t from = since > recorder->first ? since : recorder->first;
    bool any = false;

    if (recorder->count - recorder->first > last && recorder->count - last > from)
        from = recorder->count - last;
    buf_printf(out, "{\"count\":%llu,\"connections\":%llu,\"requests\":[", (unsigned long long)recorder->count,
               (unsigned long long)recorder->connections);
    for (uint64_t i = from; recorder->keep > 0 && i < recorder->count; i++) {
        if (any)
            buf_str(out, ",");
        request_json(recorder->ring[i % recorder->keep], out);
        any = true;
    }
    buf_str(out, "]}");
}
