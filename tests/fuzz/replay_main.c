/*
 * replay_main.c - main() of a fuzz target that is built without libFuzzer: feeds every file below a
 * folder to LLVMFuzzerTestOneInput(), so that the corpus is a regression test for each compiler.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPEN_FOLDERS = 16 };

/* nftw() hands no context to its callback. */
static unsigned replayed;

static uint8_t *read_whole(const char *path, size_t size)
{
    FILE *file = fopen(path, "rbe");
    uint8_t *data;

    if (file == NULL)
        return NULL;
    /* Exactly as many bytes as the file has, so that a sanitizer sees a read behind the end. */
    data = malloc(size == 0 ? 1 : size);
    if (data != NULL && fread(data, 1, size, file) != size) {
        free(data);
        data = NULL;
    }
    fclose(file);
    return data;
}

static int replay(const char *path, const struct stat *st, int type, struct FTW *where)
{
    uint8_t *data;

    (void)where;
    if (type != FTW_F)
        return 0;
    data = read_whole(path, (size_t)st->st_size);
    if (data == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        return -1;
    }
    LLVMFuzzerTestOneInput(data, (size_t)st->st_size);
    free(data);
    replayed++;
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    if (nftw(argv[1], replay, OPEN_FOLDERS, FTW_PHYS) != 0) {
        fprintf(stderr, "cannot walk through %s\n", argv[1]);
        return 1;
    }
    if (replayed == 0) {
        fprintf(stderr, "%s holds no file\n", argv[1]);
        return 1;
    }
    printf("replayed %u files\n", replayed);
    return 0;
}
