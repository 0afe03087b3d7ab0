/* Replays files, and folders of files, through a fuzz target built by any
 * compiler: no fuzzing engine is needed. Each input runs in a child, so that
 * one that dies is named and the others run too. Ends with `NAME: N passed, N failed`. */
#include "fuzz.h"

#include <ftw.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_S = 60, FILES_AT_ONCE = 16 };

static struct {
    char **paths;
    size_t count, capacity;
} inputs;

static void add(const char *path)
{
    if (inputs.count == inputs.capacity) {
        inputs.capacity = inputs.capacity ? 2 * inputs.capacity : 256;
        inputs.paths = realloc(inputs.paths, inputs.capacity * sizeof *inputs.paths);
    }
    char *copy = inputs.paths ? strdup(path) : NULL;
    must(copy != NULL, "no memory");
    inputs.paths[inputs.count++] = copy;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status;
    (void)ftw;
    if (type == FTW_F)
        add(path);
    return 0;
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void play(const char *path)
{
    FILE *file = fopen(path, "rb");
    must(file != NULL && fseek(file, 0, SEEK_END) == 0, "%s cannot be read", path);
    long size = ftell(file);
    must(size >= 0 && fseek(file, 0, SEEK_SET) == 0, "%s cannot be read", path);
    uint8_t *bytes = malloc((size_t)size + (size == 0));
    must(bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size, "%s cannot be read", path);
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
}

/* In a child: plays from *next on, which says how far it came. */
static _Noreturn void play_from(volatile size_t *next)
{
    for (; *next < inputs.count; ++*next) {
        alarm(HANG_S);
        play(inputs.paths[*next]);
    }
    exit(0); /* leaks are looked for behind this */
}

int main(int argc, char **argv)
{
    size_t failed = 0;
    for (int i = 1; i < argc; i++)
        if (nftw(argv[i], visit, FILES_AT_ONCE, FTW_PHYS) != 0) {
            fprintf(stderr, "%s: there is no such file or folder\n", argv[i]);
            return 2;
        }
    if (inputs.count == 0) {
        fprintf(stderr, "usage: %s FILE|DIR...\nreplays fuzz inputs; none given\n", argv[0]);
        return 2;
    }
    qsort(inputs.paths, inputs.count, sizeof *inputs.paths, by_name);
    volatile size_t *next = mmap(NULL, sizeof *next, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(next != MAP_FAILED, "no shared memory");
    for (*next = 0; *next < inputs.count;) {
        int status = 0;
        pid_t child = fork();
        must(child >= 0, "no process");
        if (child == 0)
            play_from(next);
        must(waitpid(child, &status, 0) == child, "the child is gone");
        if (status == 0)
            break;
        bool whole = *next >= inputs.count; /* what died behind the last input is the leak check */
        printf("FAIL %s: %s %d\n", whole ? "(after all inputs: a leak)" : inputs.paths[*next],
               WIFSIGNALED(status) ? "signal" : "exit", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        failed++;
        if (!whole)
            ++*next;
    }
    const char *slash = strrchr(argv[0], '/');
    printf("%s: %zu passed, %zu failed\n", slash ? slash + 1 : argv[0],
           failed > inputs.count ? 0 : inputs.count - failed, failed);
    for (size_t i = 0; i < inputs.count; i++)
        free(inputs.paths[i]);
    free(inputs.paths);
    return failed != 0;
}
