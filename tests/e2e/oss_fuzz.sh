#!/bin/bash
# fuzz/oss-fuzz/build.sh in a clean tree, with the variables that OSS-Fuzz sets,
# and what its bad-build check asks of $OUT. Then some planted bugs, over the same objects.
. "$(dirname "$0")/checks.sh"

mkdir -p "$dir/src/wsgauntlet" "$dir/out-here" "$dir/work"
git ls-files -co --exclude-standard | grep -v '^tests/peers' | while read -r file; do [ -f "$file" ] && echo "$file"; done |
    tar -cf - -T - | tar -xf - -C "$dir/src/wsgauntlet"
cp fuzz/oss-fuzz/build.sh "$dir/src/"
env SRC="$dir/src" OUT="$dir/out-here" WORK="$dir/work" SANITIZER=address FUZZING_ENGINE=libfuzzer ARCHITECTURE=x86_64 \
    CC=clang CXX=clang++ LIB_FUZZING_ENGINE=-fsanitize=fuzzer \
    CFLAGS="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link" \
    CXXFLAGS="-O1 -fno-omit-frame-pointer -gline-tables-only -fsanitize=address -fsanitize-address-use-after-scope -fsanitize=fuzzer-no-link" \
    "$dir/src/build.sh" >"$out" 2>&1
verdict $? "build.sh builds in a clean tree"
mv "$dir/out-here" "$dir/elsewhere" # it must not matter where it lies

count=0
for program in "$dir"/elsewhere/fuzz_*; do
    name=$(basename "$program")
    case $name in *.*) continue ;; esac
    count=$((count + 1))
    {
        test -x "$program" && grep -q LLVMFuzzerTestOneInput "$program" &&
            [ "$(objdump -d "$program" | grep -cE 'call.*<__asan')" -gt 1000 ] && # instrumented
            ! ldd "$program" | grep -vE 'linux-vdso|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|resolv)\.so|ld-linux|elsewhere/lib/' &&
            (cd / && env -i "$program" -runs=4 -seed=1337 -rss_limit_mb=2560) &&
            python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.exit(bool(z.testzip()) or not z.namelist())' \
                "$dir/elsewhere/${name}_seed_corpus.zip" &&
            grep -q '^\[libfuzzer\]' "$dir/elsewhere/$name.options" &&
            { ! [ -f "$dir/elsewhere/$name.dict" ] ||
                env -i "$program" -dict="$dir/elsewhere/$name.dict" -runs=0; }
    } >"$out" 2>&1
    verdict $? "    $name starts, is instrumented, and needs nothing that is not there"
done
test "$count" -eq $(($(ls fuzz/fuzz_*.c | wc -l) - 1)); verdict $? "all $count targets but the canary"

# The plan of planted bugs holds: each text stands where it is said to; some of them are looked for.
fuzz/plant --quick --seconds 60 >"$out" 2>&1; verdict $? "planted bugs are found: $(sed -n 's/^planted: //p' "$out")"

end oss-fuzz
