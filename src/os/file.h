/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files: read within a limit, written all or not at all. E_IO carries the path and the
 * system's reason in err->text. Calls interrupted by a signal go on.
 */
#ifndef PINTLE_SRC_OS_FILE_H
#define PINTLE_SRC_OS_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include <pintle/status.h>

/* --- reading; in libpintle and in pintle_os ------------------------------------------------------
 */

/*
 * Read a file, or what comes through a pipe, to its end. The caller frees *out with free(); it is
 * NUL-terminated behind *out_len bytes.
 *
 * E_LIMIT before reading more than max_len, E_IO (also for a directory), E_NOMEM.
 */
PINTLE_MUST_USE enum pintle_status pintle__os_read_file(char **out, size_t *out_len,
                                                        const char *path, size_t max_len,
                                                        struct pintle_error *err);

/* The same from an open file, which stays open; `name` is for the error. */
PINTLE_MUST_USE enum pintle_status pintle__os_read_fd(char **out, size_t *out_len, int fd,
                                                      const char *name, size_t max_len,
                                                      struct pintle_error *err);

/* Say that `path` failed for the reason in `code` (errno), and which: E_IO. */
void pintle__os_error(struct pintle_error *err, const char *path, int code);

/* --- for programs; in pintle_os alone ------------------------------------------------------------
 */

/* As pintle__os_read_file(); "-" is standard input. */
PINTLE_MUST_USE enum pintle_status os_read_file(char **out, size_t *out_len, const char *path,
                                                size_t max_len, struct pintle_error *err);

/*
 * Put a file in place with these contents, or change nothing: whatever fails, the old file stays as
 * it was and nothing else is left behind. As os_output_open(), os_output_write() and
 * os_output_commit() in one.
 */
PINTLE_MUST_USE enum pintle_status os_write_file(const char *path, const void *data, size_t len,
                                                 mode_t mode, struct pintle_error *err);

/*
 * The same for a file that must not be there yet: E_IO if it is. A device or pipe is written to as it
 * is: it holds nothing that could be lost.
 */
PINTLE_MUST_USE enum pintle_status os_create_file(const char *path, const void *data, size_t len,
                                                  mode_t mode, struct pintle_error *err);

/*
 * A file being written. Until os_output_commit() it has another name in the same directory; whoever
 * opens `path` meanwhile finds the old file.
 */
struct os_output;

/*
 * Begin.
 *
 * path  a symbolic link is followed and stays: what it leads to is replaced. A device, pipe or
 *       terminal is written to as it is, at once. E_IO for a directory or a link to nowhere
 * mode  permissions at most: the umask, and the permissions of a file that is replaced, may take
 *       from them
 */
PINTLE_MUST_USE enum pintle_status os_output_open(struct os_output **out, const char *path,
                                                  mode_t mode, struct pintle_error *err);

/*
 * Begin a file that is not there yet, for what must never be overwritten: E_IO if anything has that
 * name now, or when os_output_commit() puts it in place.
 */
PINTLE_MUST_USE enum pintle_status os_output_create(struct os_output **out, const char *path,
                                                    mode_t mode, struct pintle_error *err);

/* Write all of it. After a failure only os_output_discard() is left to call. */
PINTLE_MUST_USE enum pintle_status os_output_write(struct os_output *output, const void *data,
                                                   size_t len, struct pintle_error *err);

/*
 * Bring it safely to the disk and put it in place. Frees `output`, also on failure: then it is
 * discarded.
 */
PINTLE_MUST_USE enum pintle_status os_output_commit(struct os_output *output,
                                                    struct pintle_error *err);

/* Give it up and free it; the old file stays. NULL is allowed. */
void os_output_discard(struct os_output *output);

#endif
