/*
 * trail.h - the trail of keys: who used which secret when, and from where. It answers the question that comes up after
 * a key was seen in a wrong place.
 *
 * Off until a program starts it, and then one list for all secrets of the process: the last so many uses, each with
 * its time, the secret's fingerprint, what it was for, the thread and the return addresses of its callers. Nothing is
 * written anywhere, and no key is in it. Off, it costs the reading of one flag for each use.
 *
 * Return addresses are kept as they are and become "module + offset" when the trail is read, so that
 * `addr2line -e MODULE OFFSET` tells the line. A module that was unloaded in between is not known any more. Where the C
 * library has no backtrace() there are no addresses.
 */
#ifndef CLAUDE_TRAIL_H
#define CLAUDE_TRAIL_H

#include <claude/error.h>
#include <claude/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Limits of the trail. */
enum {
    /** Most uses that a trail can hold. */
    CLAUDE_TRAIL_MAX = 16384,
    /** Most return addresses of each. */
    CLAUDE_TRAIL_FRAMES_MAX = 24
};

/**
 * Start to keep the trail, or give it another size: what it held is forgotten then.
 *
 * @param capacity  uses to keep, 1 to CLAUDE_TRAIL_MAX; the oldest go first. About 250 bytes each
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_code_t claude_trail_start(size_t capacity, claude_error_t **err);

/**
 * Stop, and forget what was kept.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_trail_stop(void);

/**
 * Forget what was kept, and go on.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_trail_clear(void);

/**
 * Take a copy of the trail. It never changes, and the trail goes on. In a process made by fork() it begins with what
 * its parent had kept.
 *
 * @param out  receives the copy; release with claude_trail_unref()
 * @return CLAUDE_OK, CLAUDE_E_INVALID, CLAUDE_E_STATE (it was not started), CLAUDE_E_NOMEM
 * @threads A
 * @since 0.8
 *
 * @code
 * claude_trail_t *trail = NULL;
 * claude_error_t *err = NULL;
 * if (claude_trail_start(256, &err) < 0 || claude_trail_read(&trail, &err) < 0) {
 *     fprintf(stderr, "%s\n", claude_error_message(err));
 *     claude_error_unref(err);
 * } else {
 *     printf("%s\n", claude_trail_json(trail, NULL));
 *     claude_trail_unref(trail);
 * }
 * @endcode
 */
CLAUDE_API claude_code_t claude_trail_read(claude_trail_t **out, claude_error_t **err);

/**
 * How many uses a copy of the trail has.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API size_t claude_trail_count(const claude_trail_t *trail);

/**
 * How many older uses there was no more room for.
 *
 * @return the number; 0 for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API uint64_t claude_trail_dropped(const claude_trail_t *trail);

/**
 * One use, the oldest first. Any of the outputs may be NULL; texts are borrowed from the copy.
 *
 * @param index        from 0
 * @param time_ms      receives the time, in milliseconds since 1970-01-01 UTC
 * @param operation    receives "expose" (the program asked for the text) or "header" (it was put into a request)
 * @param fingerprint  receives the secret's, see claude_secret_fingerprint()
 * @param thread       receives the system's number of the thread
 * @param frames       receives how many return addresses there are
 * @return 1; 0 beyond the last one, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_trail_at(const claude_trail_t *trail, size_t index, int64_t *time_ms, const char **operation,
                                   const char **fingerprint, int64_t *thread, size_t *frames);

/**
 * One return address of a use, the innermost first; those of the library itself are the first ones.
 *
 * @param index   of the use
 * @param frame   of the address, from 0
 * @param module  receives the file name of the shared library, "(program)", or "" where it is not known; borrowed from
 *                the copy; may be NULL
 * @param offset  receives the offset in that file's addresses, or the address where the module is not known; may be
 *                NULL
 * @return 1; 0 beyond the last one, and for NULL
 * @threads A
 * @since 0.8
 */
CLAUDE_API int32_t claude_trail_frame_at(const claude_trail_t *trail, size_t index, size_t frame, const char **module,
                                         uint64_t *offset);

/**
 * The trail as JSON: {"capacity", "dropped", "exposures": [{"time_ms", "operation", "fingerprint", "thread",
 * "backtrace": ["libclaude.so.0.8+0x1234", ...]}]}.
 *
 * @param len  receives the length in bytes; may be NULL
 * @return text borrowed from the copy; "" for NULL and when memory is out
 * @threads A
 * @since 0.8
 */
CLAUDE_API const char *claude_trail_json(const claude_trail_t *trail, size_t *len);

/**
 * Add a reference.
 *
 * @return its argument
 * @threads A
 * @since 0.8
 */
CLAUDE_API claude_trail_t *claude_trail_ref(claude_trail_t *trail);

/**
 * Drop a reference. NULL is accepted.
 *
 * @threads A
 * @since 0.8
 */
CLAUDE_API void claude_trail_unref(claude_trail_t *trail);

#ifdef __cplusplus
}
#endif

#endif
