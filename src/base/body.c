#include "base/base.h"

#include <stdlib.h>

enum { BLOCK = 48 * 1024, GROUP = 3, GROUP_ENCODED = 4 };

struct cl_pieces {
    _Atomic uint32_t refs;
    size_t count;
    cl_piece items[];
};

/* ---- bodies ---- */

cl_body cl_body_of(cl_blob *blob)
{
    cl_body body = {.blob = blob};

    if (blob) {
        body.parts[0] = cl_str_n(blob->bytes, blob->len);
        body.count = 1;
        body.len = blob->len;
    }
    return body;
}

static size_t piece_len(const cl_piece *piece)
{
    if (!piece->file)
        return piece->text.len;
    return piece->base64 ? cl_base64_len((size_t)piece->file->size) : (size_t)piece->file->size;
}

claude_code_t cl_body_of_pieces(cl_blob *blob, const cl_piece *pieces, size_t count, cl_body *out, cl_err *err)
{
    cl_pieces *list = malloc(sizeof *list + count * sizeof *pieces);
    cl_body body = {.blob = blob, .files = list, .count = count};

    if (!list) {
        cl_blob_unref(blob);
        return cl_fail_nomem(err);
    }
    atomic_init(&list->refs, 1);
    list->count = count;
    for (size_t i = 0; i < count; i++) {
        list->items[i] = pieces[i];
        cl_file_ref(pieces[i].file);
        body.len += piece_len(&pieces[i]);
    }
    *out = body;
    return CLAUDE_OK;
}

cl_body cl_body_copy(const cl_body *body)
{
    cl_blob_ref(body->blob);
    if (body->files)
        atomic_fetch_add_explicit(&body->files->refs, 1, memory_order_relaxed);
    return *body;
}

void cl_body_splice(cl_body *body, size_t at, cl_str text)
{
    cl_str whole = body->parts[0];

    body->parts[0] = cl_str_n(whole.ptr, at);
    body->parts[1] = text;
    body->parts[2] = cl_str_n(whole.ptr + at, whole.len - at);
    body->count = 3;
    body->len += text.len;
}

void cl_body_free(cl_body *body)
{
    cl_pieces *files = body->files;

    cl_blob_unref(body->blob);
    if (files && atomic_fetch_sub_explicit(&files->refs, 1, memory_order_acq_rel) == 1) {
        for (size_t i = 0; i < files->count; i++)
            cl_file_unref(files->items[i].file);
        free(files);
    }
    *body = (cl_body){.blob = NULL};
}

static size_t copy_slice(cl_str text, size_t at, char *out, size_t size)
{
    size_t n = text.len - at < size ? text.len - at : size;

    memcpy(out, text.ptr + at, n);
    return n;
}

size_t cl_body_read(const cl_body *body, size_t offset, char *out, size_t size)
{
    size_t done = 0;

    for (size_t i = 0; i < body->count && done < size; i++) {
        cl_str part = body->parts[i];
        if (offset >= part.len) {
            offset -= part.len;
            continue;
        }
        done += copy_slice(part, offset, out + done, size - done);
        offset = 0;
    }
    return done;
}

/* ---- readers ---- */

static cl_piece piece_at(const cl_body *body, size_t index)
{
    if (body->files)
        return body->files->items[index];
    return (cl_piece){.text = body->parts[index]};
}

size_t cl_body_text_len(const cl_body *body, size_t *files)
{
    size_t len = 0;

    *files = 0;
    for (size_t i = 0; i < body->count; i++) {
        cl_piece piece = piece_at(body, i);
        len += piece.file ? 0 : piece.text.len;
        *files += piece.file ? 1 : 0;
    }
    return len;
}

static size_t add_text(cl_piece *list, size_t count, const char *from, const char *to)
{
    if (from == to)
        return count;
    list[count] = (cl_piece){.text = cl_str_n(from, (size_t)(to - from))};
    return count + 1;
}

static bool holds(const cl_piece *piece, cl_str slice)
{
    uintptr_t from = (uintptr_t)piece->text.ptr;
    uintptr_t at = (uintptr_t)slice.ptr;

    return !piece->file && at >= from && at + slice.len <= from + piece->text.len;
}

claude_code_t cl_body_replace(const cl_body *body, cl_str old, cl_str text, cl_body *out, cl_err *err)
{
    cl_piece *list = malloc((body->count + 2) * sizeof *list);
    size_t count = 0;
    claude_code_t rc;

    if (!list)
        return cl_fail_nomem(err);
    for (size_t i = 0; i < body->count; i++) {
        cl_piece piece = piece_at(body, i);
        if (!holds(&piece, old)) {
            list[count++] = piece;
            continue;
        }
        count = add_text(list, count, piece.text.ptr, old.ptr);
        list[count++] = (cl_piece){.text = text};
        count = add_text(list, count, old.ptr + old.len, piece.text.ptr + piece.text.len);
    }
    cl_blob_ref(body->blob);
    rc = cl_body_of_pieces(body->blob, list, count, out, err);
    free(list);
    return rc;
}

/* Moves on to the piece that the offset is in; false at the end. */
static bool find_piece(cl_body_reader *reader, const cl_body *body, cl_piece *piece)
{
    if (reader->offset < reader->start)
        reader->piece = reader->start = 0;
    for (; reader->piece < body->count; reader->piece++) {
        size_t len;
        *piece = piece_at(body, reader->piece);
        len = piece_len(piece);
        if (reader->offset - reader->start < len)
            return true;
        reader->start += len;
    }
    return false;
}

/* The file's bytes from a group on. A block of groups is read at once, wherever the pieces that are asked for end. */
static claude_code_t load_groups(cl_body_reader *reader, size_t group, cl_str *bytes, cl_err *err)
{
    size_t from = group * GROUP;
    size_t rest = (size_t)reader->file.file->size - from;
    claude_code_t rc = CLAUDE_OK;

    if (!reader->block && !(reader->block = malloc(BLOCK)))
        return cl_fail_nomem(err);
    if (from < reader->block_start || from - reader->block_start >= reader->block_len) {
        reader->block_start = from;
        reader->block_len = rest < BLOCK ? rest : BLOCK;
        rc = cl_file_reader_read(&reader->file, from, reader->block, reader->block_len, err);
    }
    if (rc < 0)
        reader->block_len = 0;
    *bytes = cl_str_n(reader->block + (from - reader->block_start), reader->block_start + reader->block_len - from);
    return rc;
}

static claude_code_t read_base64(cl_body_reader *reader, size_t at, char *out, size_t size, size_t *got, cl_err *err)
{
    char group[GROUP_ENCODED];
    size_t within = at % GROUP_ENCODED;
    bool whole = within == 0 && size >= GROUP_ENCODED;
    size_t most = whole ? size / GROUP_ENCODED * GROUP : GROUP;
    cl_str bytes = {NULL, 0};
    claude_code_t rc = load_groups(reader, at / GROUP_ENCODED, &bytes, err);

    if (rc < 0)
        return rc;
    if (bytes.len > most)
        bytes.len = most;
    *got = cl_base64_encode(bytes.ptr, bytes.len, whole ? out : group);
    if (!whole)
        *got = copy_slice(cl_str_n(group, GROUP_ENCODED), within, out, size);
    return CLAUDE_OK;
}

static void put_commas(char *bytes, size_t len)
{
    char *end = bytes + len;
    char *p = bytes;

    while ((p = memchr(p, '\n', (size_t)(end - p))) && ++p < end) {
        if (*p == '{')
            p[-1] = ',';
    }
}

/* One byte more is read than handed out: what follows a line feed decides whether it is sent as a comma. */
static claude_code_t read_lines(cl_body_reader *reader, size_t at, char *out, size_t size, size_t *got, cl_err *err)
{
    size_t rest = (size_t)reader->file.file->size - at;
    size_t len = rest < size ? rest : size;
    char pair[2];
    claude_code_t rc;

    if (len == 1 && rest > 1) {
        rc = cl_file_reader_read(&reader->file, at, pair, 2, err);
        put_commas(pair, 2);
        *out = pair[0];
        *got = 1;
        return rc;
    }
    rc = cl_file_reader_read(&reader->file, at, out, len, err);
    put_commas(out, len);
    *got = len < rest ? len - 1 : len;
    return rc;
}

static claude_code_t open_file(cl_body_reader *reader, const claude_file_t *file, cl_err *err)
{
    reader->block_len = 0;
    return cl_file_reader_open(&reader->file, file, err);
}

static claude_code_t read_file(cl_body_reader *reader, const cl_piece *piece, char *out, size_t size, size_t *got,
                               cl_err *err)
{
    size_t at = reader->offset - reader->start;
    size_t rest;
    claude_code_t rc = CLAUDE_OK;

    if (reader->file.file != piece->file || at == 0)
        rc = open_file(reader, piece->file, err);
    if (rc < 0)
        return rc;
    if (piece->file->lines)
        return read_lines(reader, at, out, size, got, err);
    if (piece->base64)
        return read_base64(reader, at, out, size, got, err);
    rest = (size_t)piece->file->size - at;
    *got = rest < size ? rest : size;
    return cl_file_reader_read(&reader->file, at, out, *got, err);
}

claude_code_t cl_body_reader_read(cl_body_reader *reader, const cl_body *body, char *out, size_t size, size_t *got,
                                  cl_err *err)
{
    size_t done = 0;
    cl_piece piece;

    while (done < size && find_piece(reader, body, &piece)) {
        size_t n = 0;
        claude_code_t rc = CLAUDE_OK;
        if (piece.file)
            rc = read_file(reader, &piece, out + done, size - done, &n, err);
        else
            n = copy_slice(piece.text, reader->offset - reader->start, out + done, size - done);
        if (rc < 0)
            return rc;
        done += n;
        reader->offset += n;
    }
    *got = done;
    return CLAUDE_OK;
}

void cl_body_reader_seek(cl_body_reader *reader, size_t offset)
{
    reader->offset = offset;
    cl_file_reader_close(&reader->file);
}

void cl_body_reader_free(cl_body_reader *reader)
{
    cl_file_reader_close(&reader->file);
    free(reader->block);
    reader->block = NULL;
}
