/*
 * block.h - content blocks built by hand: what messages, tool results, documents and system prompts are made of.
 *
 * A block is copied into what it is added to, so it may be added again, changed and released afterwards. What has no
 * constructor is made by claude_block_json(); any further field is set by claude_block_set_field().
 *
 * Constructors refuse what can never be right: empty or malformed data, text that is not UTF-8, a media type that is
 * not that of the data. Sizes and fields are checked by claude_block_validate() alone.
 */
#ifndef CLAUDE_BLOCK_H
#define CLAUDE_BLOCK_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a block of text.
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @param out   receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_text(const char *text, size_t len, claude_block_t **out, claude_error_t **err);

/**
 * Make an image of data that is base64 already.
 *
 * @param media_type  "image/jpeg", "image/png", "image/gif" or "image/webp", as the data begins; NULL: by the data
 * @param data        standard base64, padded, without line ends
 * @param len         bytes of data, or CLAUDE_NTS
 * @param out         receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (with claude_error_error_code(): "image_media_type",
 *         "image_media_type_mismatch", "image_empty", "image_base64"), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_image_base64(const char *media_type, const char *data, size_t len,
                                                   claude_block_t **out, claude_error_t **err);

/**
 * Make an image of bytes, which are encoded at once.
 *
 * @param bytes       the content of the image; copied
 * @param len         how many bytes
 * @param media_type  as for claude_block_image_base64()
 * @param out         receives the block; release with claude_block_unref()
 * @return as claude_block_image_base64()
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_image_bytes(const void *bytes, size_t len, const char *media_type,
                                                  claude_block_t **out, claude_error_t **err);

/**
 * Make an image of a file. Its media type is told by its first bytes; its content is read and encoded while it is sent.
 *
 * @param path  of a regular file, NUL-terminated
 * @param out   receives the block; release with claude_block_unref()
 * @return as claude_block_image_base64(), CLAUDE_E_IO (it cannot be read, and why)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_image_path(const char *path, claude_block_t **out, claude_error_t **err);

/**
 * Make an image of an open file, as claude_block_image_path() does.
 *
 * @param file  kept by the block and by the requests it is added to
 * @param out   receives the block; release with claude_block_unref()
 * @return as claude_block_image_base64()
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_image_file(claude_file_t *file, claude_block_t **out, claude_error_t **err);

/**
 * Make an image that the server fetches.
 *
 * @param url  where it is, NUL-terminated
 * @param out  receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_image_url(const char *url, claude_block_t **out, claude_error_t **err);

/**
 * Make an image of a file that was uploaded before.
 *
 * @param file_id  what the upload has answered, NUL-terminated
 * @param out      receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_image_file_id(const char *file_id, claude_block_t **out, claude_error_t **err);

/**
 * Make a document of data that is base64 already. Plain text is decoded and sent as text.
 *
 * @param media_type  "application/pdf" or "text/plain"; NULL: by the data, text if it does not tell
 * @param data        standard base64, padded, without line ends
 * @param len         bytes of data, or CLAUDE_NTS
 * @param out         receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (with claude_error_error_code(): "document_media_type",
 *         "document_media_type_mismatch", "document_empty", "document_base64"), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_base64(const char *media_type, const char *data, size_t len,
                                                      claude_block_t **out, claude_error_t **err);

/**
 * Make a document of bytes, which are encoded at once.
 *
 * @param bytes       the content of the document; copied
 * @param len         how many bytes
 * @param media_type  as for claude_block_document_base64()
 * @param out         receives the block; release with claude_block_unref()
 * @return as claude_block_document_base64()
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_bytes(const void *bytes, size_t len, const char *media_type,
                                                     claude_block_t **out, claude_error_t **err);

/**
 * Make a document of a file. A PDF is read and encoded while it is sent; anything else must be a text in UTF-8, which
 * is read at once, because it is sent as text.
 *
 * @param path  of a regular file, NUL-terminated
 * @param out   receives the block; release with claude_block_unref()
 * @return as claude_block_document_base64(), CLAUDE_E_IO (it cannot be read, and why)
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_path(const char *path, claude_block_t **out, claude_error_t **err);

/**
 * Make a document of an open file, as claude_block_document_path() does.
 *
 * @param file  kept by the block and by the requests it is added to
 * @param out   receives the block; release with claude_block_unref()
 * @return as claude_block_document_path()
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_file(claude_file_t *file, claude_block_t **out, claude_error_t **err);

/**
 * Make a document that the server fetches.
 *
 * @param url  where it is, NUL-terminated
 * @param out  receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_url(const char *url, claude_block_t **out, claude_error_t **err);

/**
 * Make a document of a file that was uploaded before.
 *
 * @param file_id  what the upload has answered, NUL-terminated
 * @param out      receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_file_id(const char *file_id, claude_block_t **out, claude_error_t **err);

/**
 * Make a document of plain text.
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @param out   receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_text(const char *text, size_t len, claude_block_t **out,
                                                    claude_error_t **err);

/**
 * Make a document of blocks: texts and images. More can be added by claude_block_add().
 *
 * @param blocks  copied; NULL if there are none yet
 * @param count   how many
 * @param out     receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_document_content(claude_block_t *const *blocks, size_t count,
                                                       claude_block_t **out, claude_error_t **err);

/**
 * Make a search result.
 *
 * @param source  where it was found, for example a URL; NUL-terminated, not empty
 * @param title   NUL-terminated, not empty
 * @param texts   its texts, each NUL-terminated and not empty; NULL if they are added by claude_block_add()
 * @param count   how many texts
 * @param out     receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_search_result(const char *source, const char *title, const char *const *texts,
                                                    size_t count, claude_block_t **out, claude_error_t **err);

/**
 * Make the model's wish to use a tool, for a history that is made up. Real ones are sent back by
 * claude_request_add_response().
 *
 * @param id     NUL-terminated, not empty
 * @param name   of the tool, NUL-terminated, not empty
 * @param input  JSON, sent byte for byte; NULL or empty with len 0: {}
 * @param len    bytes of input, or CLAUDE_NTS
 * @param out    receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_tool_use(const char *id, const char *name, const char *input, size_t len,
                                               claude_block_t **out, claude_error_t **err);

/**
 * Make the use of a tool that the server runs; otherwise as claude_block_tool_use().
 *
 * @param id     NUL-terminated, not empty
 * @param name   of the tool, NUL-terminated, not empty
 * @param input  JSON, sent byte for byte; NULL or empty with len 0: {}
 * @param len    bytes of input, or CLAUDE_NTS
 * @param out    receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_server_tool_use(const char *id, const char *name, const char *input, size_t len,
                                                      claude_block_t **out, claude_error_t **err);

/**
 * Make a tool's result. Further blocks (texts, images, documents, search results) can be added by claude_block_add().
 *
 * @param tool_use_id  id of the block that asked for it, NUL-terminated, not empty
 * @param text         UTF-8, may be empty; NULL with len 0: no content yet
 * @param len          bytes of text, or CLAUDE_NTS
 * @param is_error     1: the tool has failed; 0
 * @param out          receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_tool_result(const char *tool_use_id, const char *text, size_t len,
                                                  int32_t is_error, claude_block_t **out, claude_error_t **err);

/**
 * Make a block of thinking, to send back what the model has thought.
 *
 * @param thinking   UTF-8; may be empty, as it is where it was not shown
 * @param len        bytes of thinking, or CLAUDE_NTS
 * @param signature  as it was received, NUL-terminated, not empty
 * @param out        receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_thinking(const char *thinking, size_t len, const char *signature,
                                               claude_block_t **out, claude_error_t **err);

/**
 * Make a block of thinking that the server has encrypted.
 *
 * @param data  as it was received, NUL-terminated, not empty
 * @param out   receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_redacted_thinking(const char *data, claude_block_t **out, claude_error_t **err);

/**
 * Make a block that puts an uploaded file into the container.
 *
 * @param file_id  what the upload has answered, NUL-terminated, not empty
 * @param out      receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_container_upload(const char *file_id, claude_block_t **out, claude_error_t **err);

/**
 * Make any block of JSON, which is kept byte for byte.
 *
 * @param json  an object; copied
 * @param len   bytes of json, or CLAUDE_NTS
 * @param out   receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (names the offset), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_json(const char *json, size_t len, claude_block_t **out, claude_error_t **err);

/**
 * A block of an answer, to be sent back unchanged, byte for byte, but for what the API would refuse:
 * claude_request_add_response() says what that is, and does it for all blocks.
 *
 * @param response  the answer to a message; not needed afterwards
 * @param index     0, 1, 2, ... in its content
 * @param out       receives the block; release with claude_block_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID (no content, or not so many blocks), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_from_response(const claude_response_t *response, size_t index,
                                                    claude_block_t **out, claude_error_t **err);

/**
 * Let the server cache everything up to this block.
 *
 * @param ttl  "5m" or "1h": how long; NULL: the server's default, 5 minutes
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_set_cache_control(claude_block_t *block, const char *ttl, claude_error_t **err);

/**
 * Set any field by JSON pointer (RFC 6901), as claude_request_set_field() does.
 *
 * @param pointer  "/title", "/source/media_type", "/content/-"; not ""
 * @param json     the value as JSON
 * @param len      bytes of json, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_set_field(claude_block_t *block, const char *pointer, const char *json,
                                                size_t len, claude_error_t **err);

/**
 * Set the title of a document.
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_set_title(claude_block_t *block, const char *text, size_t len,
                                                claude_error_t **err);

/**
 * Set the context of a document: what the model should know about it, but not cite.
 *
 * @param text  UTF-8, not empty
 * @param len   bytes of text, or CLAUDE_NTS
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_set_context(claude_block_t *block, const char *text, size_t len,
                                                  claude_error_t **err);

/**
 * Let the model cite a document or a search result, or not.
 *
 * @param enabled  0 or 1
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_set_citations(claude_block_t *block, int32_t enabled, claude_error_t **err);

/**
 * Append a block to the content of a tool result, a search result or a document made of blocks. A text that is there
 * becomes the first block.
 *
 * @param child  copied
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_add(claude_block_t *block, const claude_block_t *child, claude_error_t **err);

/**
 * The block as JSON. Where a file is in it, its token stands for the content.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return JSON borrowed from the block until it is changed; NULL for NULL
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_block_to_json(const claude_block_t *block, size_t *len);

/**
 * Type of a block: "text", "image", "tool_use", ...
 *
 * @return text borrowed from the block until the next call; NULL if it has none, or memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_block_type(claude_block_t *block);

/**
 * Media type of the source of an image or a document.
 *
 * @return "image/png", ..., borrowed from the block until the next call; NULL if it has none (a URL, a file id, another
 *         block), or memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API const char *claude_block_media_type(claude_block_t *block);

/**
 * Ask whether a block is an image.
 *
 * @return 1 it is, 0 it is not
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_block_is_image(const claude_block_t *block);

/**
 * Ask whether an image or a document has base64 in it that is right: the standard alphabet, padded, not empty.
 *
 * @return 1 it has, also if a file stands for it; 0 it has not
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_block_is_valid_base64(const claude_block_t *block);

/**
 * Bytes of an image or a document before they are encoded: by the length of the base64, or the size of the file.
 *
 * @return the number; -1 if it is not known (a URL, a file id, another block)
 * @threads B
 * @since 0.8
 */
CLAUDE_API int64_t claude_block_estimated_size_bytes(const claude_block_t *block);

/**
 * Check a block and the blocks inside of it: fields that are missing or empty; of images and documents the base64, the
 * media type against the data, and the size against `validate.max_image_bytes` and `validate.max_document_bytes`. Types
 * and fields that are not known are never wrong.
 *
 * @param request  whose options set the limits; NULL: the defaults
 * @return CLAUDE_OK, CLAUDE_E_INVALID (with a permanent code as claude_error_error_code(): "missing_field",
 *         "wrong_type", "empty_content", "image_too_large", ...; those of claude_request_validate()), CLAUDE_E_NOMEM
 * @threads B
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_block_validate(const claude_block_t *block, const claude_request_t *request,
                                               claude_error_t **err);

/**
 * Ask whether claude_block_validate() finds nothing within the default limits.
 *
 * @return 1 it finds nothing, 0 it finds something, or memory is out
 * @threads B
 * @since 0.8
 */
CLAUDE_API int32_t claude_block_is_valid(const claude_block_t *block);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_block_t *claude_block_ref(claude_block_t *block);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_block_unref(claude_block_t *block);

#ifdef __cplusplus
}
#endif

#endif
