/*
 * secret_file.c - the content of a file that holds a secret, as Docker, Kubernetes and systemd hand
 * them over: a small regular file (or a link to one), often with a newline at its end.
 */
#include "config_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "onput/encoding.h"
#include "onput/fd.h"

enum { SECRET_FILE_MAX_BYTES = 16384 };

/* O_NONBLOCK: a pipe that nobody writes must not stop the start. */
static int open_regular(const char *path, const char *shown, int *out_fd, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat st;

    if (fd < 0)
        return error_set_errno(err, ERROR_IO, "cannot open the file %s", shown);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        fd_close(&fd);
        return error_set(err, ERROR_INVALID, "%s is not a regular file", shown);
    }
    if ((st.st_mode & S_IWOTH) != 0) {
        fd_close(&fd);
        return error_set(err, ERROR_INVALID, "%s may be written by everybody; hint: chmod o-w",
                         shown);
    }
    *out_fd = fd;
    return 0;
}

static int take_content(struct text content, const char *shown, struct arena *a, struct text *out,
                        struct error *err)
{
    while (content.len > 0 && strchr("\r\n", content.ptr[content.len - 1]) != NULL)
        content.len--;
    if (memchr(content.ptr, '\0', content.len) != NULL)
        return error_set(err, ERROR_INVALID, "%s holds a NUL character", shown);
    *out = arena_text(a, content);
    return 0;
}

int secret_file_read(const char *path, struct arena *a, struct text *out, struct error *err)
{
    AUTO_BUFFER struct buffer shown = {0};
    AUTO_BUFFER struct buffer content = {0};
    AUTO_CLOSE int fd = -1;
    int result;

    buffer_init(&shown, ERROR_MESSAGE_BYTES);
    buffer_init(&content, SECRET_FILE_MAX_BYTES);
    append_found(&shown, text_of(path));
    if (open_regular(path, shown.data, &fd, err) != 0)
        return -1;
    /* All the room at once: growing would leave pieces of the secret behind. */
    buffer_reserve(&content, SECRET_FILE_MAX_BYTES);
    result = fd_read_all(fd, &content, err);
    if (result != 0)
        error_prefix(err, "%s", shown.data);
    else
        result = take_content(buffer_text(&content), shown.data, a, out, err);
    explicit_bzero(content.data, content.len);
    return result;
}
