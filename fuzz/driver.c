/* Replays files, and folders of files, through a fuzz target built by any
 * compiler: no fuzzing engine is needed. Each input runs in a child, so that
 * one that dies is named and the others run too. Ends with `NAME: N passed, N failed`.
 * With --trim it makes a failing input smaller instead, by the mutator's units. */
#include "fuzz.h"

#include "mutator.h"

#include <fcntl.h>
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

/* The whole file; free() it. */
static uint8_t *file_bytes(const char *path, size_t *bytes_size)
{
    FILE *file = fopen(path, "rb");
    must(file != NULL && fseek(file, 0, SEEK_END) == 0, "%s cannot be read", path);
    long size = ftell(file);
    must(size >= 0 && fseek(file, 0, SEEK_SET) == 0, "%s cannot be read", path);
    uint8_t *bytes = malloc((size_t)size + (size == 0));
    must(bytes != NULL && fread(bytes, 1, (size_t)size, file) == (size_t)size, "%s cannot be read", path);
    fclose(file);
    *bytes_size = (size_t)size;
    return bytes;
}

static void play(const char *path)
{
    size_t size;
    uint8_t *bytes = file_bytes(path, &size);
    LLVMFuzzerTestOneInput(bytes, size);
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

/* ---- trimming ---- */

/* In a child that says nothing. */
static bool fails(const uint8_t *bytes, size_t size)
{
    int status = 0;
    pid_t child = fork();
    must(child >= 0, "no process");
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        alarm(HANG_S);
        LLVMFuzzerTestOneInput(bytes, size);
        _exit(0);
    }
    must(waitpid(child, &status, 0) == child, "the child is gone");
    return status != 0;
}

/* Beside the file, as FILE.trimmed. */
static int trim(const char *path)
{
    struct trimmer t;
    char trimmed[4096];
    unsigned tries = 0;
    size_t size;
    uint8_t *bytes = file_bytes(path, &size);
    if (!fails(bytes, size)) {
        fprintf(stderr, "%s does not fail: nothing to trim\n", path);
        free(bytes);
        return 2;
    }
    must(trimmer_start(&t, mutator_find(fuzz_target), bytes, size), "no memory");
    for (; trimmer_next(&t); tries++)
        trimmer_tell(&t, fails(t.candidate, t.candidate_size));
    snprintf(trimmed, sizeof trimmed, "%s.trimmed", path);
    FILE *out = fopen(trimmed, "wb");
    must(out != NULL && fwrite(t.best, 1, t.size, out) == t.size && fclose(out) == 0, "%s cannot be written", trimmed);
    printf("%s: %zu bytes, of %zu, after %u tries\n", trimmed, t.size, size, tries);
    trimmer_end(&t);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    size_t failed = 0;
    if (argc == 3 && strcmp(argv[1], "--trim") == 0)
        return trim(argv[2]);
    for (int i = 1; i < argc; i++)
        if (nftw(argv[i], visit, FILES_AT_ONCE, FTW_PHYS) != 0) {
            fprintf(stderr, "%s: there is no such file or folder\n", argv[i]);
            return 2;
        }
    if (inputs.count == 0) {
        fprintf(stderr, "usage: %s FILE|DIR...\n       %s --trim FILE\nreplays fuzz inputs; none given\n", argv[0],
                argv[0]);
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
