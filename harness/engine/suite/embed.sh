#!/bin/sh
# Prints a C file that carries the files named into the program: their bytes by
# .incbin (gcc and clang, any ELF machine), their names and sizes as a table.
# usage: embed.sh TABLE HEADER ROOT FILE...      HEADER declares TABLE; names are written relative to ROOT
set -eu
table=$1 header=$2 root=$3
shift 3
cat <<'HEAD'
/* Made by harness/engine/suite/embed.sh; not to be edited. */
#define EMBED(name, path)                                                       \
    __asm__(".section .rodata\n" #name ":\n.incbin \"" path "\"\n.byte 0\n.previous\n"); \
    extern const char name[] __attribute__((visibility("hidden")))

HEAD
echo "#include \"$header\""
echo
n=0
for file in "$@"; do
    echo "EMBED(${table}_$n, \"$file\");"
    n=$((n + 1))
done
echo
echo "const struct embedded_file ${table}[] = {"
n=0
for file in "$@"; do
    echo "    {\"${file#"$root"/}\", ${table}_$n, $(wc -c <"$file")},"
    n=$((n + 1))
done
echo "    {0},"
echo "};"
