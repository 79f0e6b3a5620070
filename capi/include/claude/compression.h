/*
 * compression.h - bodies in gzip (RFC 1952): of requests and answers where the options ask for it, and of any bytes.
 *
 * `compression.enabled` sends JSON bodies compressed where that makes them smaller, `compression.responses` asks for
 * compressed answers; both on the configuration, or on a request. Nothing is compressed without them.
 * docs/compression.md says what happens on the wire, and what a server that does not read compressed bodies leads to.
 *
 * Bytes are handed out as a claude_response_t without status and headers: claude_response_json() gives them and how
 * many there are.
 */
#ifndef CLAUDE_COMPRESSION_H
#define CLAUDE_COMPRESSION_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Compress bytes, if that makes them smaller.
 *
 * @param bytes   anything; may be NULL if len is 0
 * @param len     how many there are
 * @param config  whose options `compression.level` and `compression.min_size` it takes; NULL: the defaults.
 *                `compression.enabled` does not matter here
 * @param out     receives the result; release with claude_response_unref()
 * @return 1: *out is gzip; CLAUDE_OK: *out has the bytes as they were, since they are fewer than
 *         `compression.min_size`, would not be fewer, or the level is 0; CLAUDE_E_INVALID, CLAUDE_E_NOMEM,
 *         CLAUDE_E_UNSUPPORTED
 * @threads A; B for the configuration
 * @since 0.8
 *
 * @code
 * const char text[] = "to be, or not to be, that is the question: to be, or not to be, that is the question";
 * claude_config_t *config = NULL;
 * claude_response_t *packed = NULL, *back = NULL;
 * size_t len = 0;
 * if (claude_config_new(&config, NULL) >= 0 && claude_config_set(config, "compression.min_size", "0", NULL) >= 0 &&
 *     claude_compress(text, sizeof text - 1, config, &packed, NULL) == 1) {
 *     const char *bytes = claude_response_json(packed, &len);
 *     printf("%zu bytes\n", len);
 *     if (claude_decompress(bytes, len, 0, &back, NULL) == 1)
 *         printf("%s\n", claude_response_json(back, NULL));
 * }
 * claude_response_unref(back);
 * claude_response_unref(packed);
 * claude_config_unref(config);
 * @endcode
 */
CLAUDE_API claude_code_t claude_compress(const void *bytes, size_t len, const claude_config_t *config,
                                         claude_response_t **out, claude_error_t **err);

/**
 * Decompress gzip. Checksums and lengths are compared. Several members one after another are the bytes of all; anything
 * else behind a member is an error.
 *
 * @param bytes    what claude_compress() made, or any gzip; what claude_is_gzip() does not know is handed out as it is
 * @param len      how many there are
 * @param max_len  most bytes that may be in it; 0: 67108864, the default of `limit.message_bytes`
 * @param out      receives the bytes, with a NUL behind them; release with claude_response_unref()
 * @return 1: *out is what was in the gzip; CLAUDE_OK: *out has the bytes as they were; CLAUDE_E_INVALID: the gzip is
 *         damaged; CLAUDE_E_TRUNCATED: its end is missing; CLAUDE_E_TOO_LARGE: more than max_len; CLAUDE_E_NOMEM,
 *         CLAUDE_E_UNSUPPORTED
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_decompress(const void *bytes, size_t len, size_t max_len, claude_response_t **out,
                                           claude_error_t **err);

/**
 * Whether bytes begin as gzip does: 1f 8b 08.
 *
 * @param bytes  any; NULL is answered 0
 * @param len    how many bytes there are
 * @return 1 yes, 0 no
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_is_gzip(const void *bytes, size_t len);

/**
 * Let one request be compressed both ways: sets its options `compression.enabled` and `compression.responses`. Its
 * attempts then have `Accept-Encoding: gzip`, unless they are streams, and those whose body is compressed have
 * `Content-Encoding: gzip`. A server that has refused compressed bodies before is asked again.
 *
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM, CLAUDE_E_UNSUPPORTED
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_add_compression_headers(claude_request_t *request, claude_error_t **err);

#ifdef __cplusplus
}
#endif

#endif
