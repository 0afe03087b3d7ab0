#!/bin/bash -eu
# Builds every target as OSS-Fuzz and ClusterFuzzLite want them: with their
# compiler, flags and engine, into $OUT, each with its seeds, dictionary and
# options. What runs there has none of our libraries, so they are linked in, or
# (wslay, which comes only shared) lie in $OUT/lib.
cd "$SRC/wsgauntlet"

# The static form of each library, by the first of its names that is there.
static() {
    local library name
    for library in "$@"; do
        for name in "lib$library.a" "lib${library}_a.a"; do
            [ -f "$($CC -print-file-name="$name")" ] && break
        done
        printf -- '-l:%s ' "$name"
    done
}

targets=()
for file in fuzz/fuzz_*.c; do
    target=$(basename "$file" .c)
    [ "$target" = fuzz_canary ] || targets+=("$target") # its bugs are meant
done
build=$WORK/wsgauntlet
make -s -j"$(nproc)" BUILD="$build" CC="$CC" FUZZ_LINK="$CXX" CFLAGS= STRICT='-std=c17 -D_GNU_SOURCE' SANFLAGS="$CFLAGS" \
    LIB_FUZZING_ENGINE="$LIB_FUZZING_ENGINE" LIBS_wire="$(static z crypto)" \
    LIBS_socketio="$(static jansson)" \
    LIBS_engine="$(static jansson uv ssl crypto z pcre2-8) -lm -ldl -lpthread" \
    LIBS_report="$(static jansson uv ssl crypto z pcre2-8) -lm -ldl -lpthread" \
    LIBS_fuzz_diff_frame="-lwslay -Wl,-rpath,'\$\$ORIGIN/lib'" LIBS_fuzz_diff_head="$(static http_parser)" \
    "${targets[@]/#/$build/fuzz/}"

mkdir -p "$OUT/lib"
cp -L "$(dirname "$($CC -print-file-name=libwslay.so)")"/libwslay.so.* "$OUT/lib/"
. fuzz/build
for target in "${targets[@]}"; do
    name=${target#fuzz_}
    cp "$build/fuzz/$target" "$OUT/"
    python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" corpus/"$name"/*
    words=$(dictionary "$name")
    [ -z "$words" ] || cp "$words" "$OUT/$target.dict"
    printf '[libfuzzer]\nmax_len = 4096\ntimeout = 20\n' > "$OUT/$target.options"
done
