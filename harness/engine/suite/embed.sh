#!/bin/sh
# Prints a C file that carries the files named into the program: their bytes by
# .incbin (gcc and clang, any ELF machine), their names and sizes as a table.
# usage: embed.sh ROOT FILE...      names are written relative to ROOT
set -eu
root=$1
shift
cat <<'HEAD'
/* Made by harness/engine/suite/embed.sh; not to be edited. */
#include "engine/suite/embedded.h"

#define EMBED(name, path)                                                       \
    __asm__(".section .rodata\n" #name ":\n.incbin \"" path "\"\n.byte 0\n.previous\n"); \
    extern const char name[] __attribute__((visibility("hidden")))

HEAD
n=0
for file in "$@"; do
    echo "EMBED(embedded_$n, \"$file\");"
    n=$((n + 1))
done
echo
echo "const struct embedded_file embedded_files[] = {"
n=0
for file in "$@"; do
    echo "    {\"${file#"$root"/}\", embedded_$n, $(wc -c <"$file")},"
    n=$((n + 1))
done
echo "    {0},"
echo "};"
