/* Files whole: read with a limit, written by replacing, and every refusal a sentence. */
#include "base/file.h"

#include "unit.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t entries_here(void)
{
    DIR *here = opendir(".");
    ck_assert_ptr_nonnull(here);
    size_t count = 0;
    for (const struct dirent *e; (e = readdir(here)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(here);
    return count;
}

static void assert_contents(const char *path, const char *text)
{
    struct buf b;
    buf_init(&b, 0);
    ck_assert(file_read(path, &b, NULL));
    ck_assert_str_eq(buf_text(&b), text);
    buf_free(&b);
}

START_TEST(what_is_written_is_read)
{
    struct diag why = {0};
    ck_assert(file_writable("new.json", &why));
    ck_assert_uint_eq(entries_here(), 0); /* asking leaves nothing behind */
    ck_assert(file_write("new.json", "one", 3, &why));
    ck_assert(file_writable("new.json", &why));
    assert_contents("new.json", "one");
    ck_assert(file_write("new.json", "", 0, &why));
    assert_contents("new.json", "");
    ck_assert_uint_eq(entries_here(), 1);
}
END_TEST

START_TEST(links_are_followed_and_modes_kept)
{
    ck_assert(file_write("real", "1", 1, NULL));
    ck_assert_int_eq(chmod("real", 0640), 0);
    ck_assert_int_eq(symlink("real", "link"), 0);
    ck_assert(file_write("link", "2", 1, NULL));
    struct stat status;
    ck_assert_int_eq(lstat("link", &status), 0);
    ck_assert(S_ISLNK(status.st_mode));
    ck_assert_int_eq(stat("real", &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0640);
    assert_contents("real", "2");
}
END_TEST

START_TEST(refusals_say_why)
{
    struct diag why = {0};
    struct buf b;
    buf_init(&b, 2);
    ck_assert(!file_read("no/such", &b, &why));
    ck_assert_str_eq(why.text, "cannot read no/such: No such file or directory");
    ck_assert(!file_writable("no/such", &why));
    ck_assert_int_eq(why.kind, DIAG_USAGE);
    ck_assert_str_eq(why.text, "cannot write no/such: No such file or directory");
    ck_assert(!file_write("no/such", "x", 1, &why));
    ck_assert(!file_write("/dev/full", "x", 1, &why));
    ck_assert_str_eq(why.text, "cannot write /dev/full: No space left on device");
    ck_assert(file_write("long", "abc", 3, &why));
    ck_assert(!file_read("long", &b, &why));
    ck_assert_str_eq(why.text, "cannot read long: larger than 2 bytes");
    buf_free(&b);
}
END_TEST

UNIT_MAIN("file", what_is_written_is_read, links_are_followed_and_modes_kept, refusals_say_why)
