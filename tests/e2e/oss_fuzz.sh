#!/bin/bash
# fuzz/oss-fuzz/build.sh in a clean tree, with the variables that OSS-Fuzz sets,
# and what its bad-build check asks of $OUT. Then some planted bugs, over the same objects.
. "$(dirname "$0")/checks.sh"

mkdir -p "$dir/src/wsgauntlet"
git ls-files -co --exclude-standard | grep -v '^tests/peers' | while read -r file; do [ -f "$file" ] && echo "$file"; done |
    tar -cf - -T - | tar -xf - -C "$dir/src/wsgauntlet"
cp fuzz/oss-fuzz/build.sh "$dir/src/"

# Of project.yaml: their flags, and what the check counts in a program that is instrumented, so many at least.
plain="-O1 -fno-omit-frame-pointer -gline-tables-only"
address="-fsanitize=address -fsanitize-address-use-after-scope"
fatal=array-bounds,bool,builtin,enum,function,integer-divide-by-zero,null,object-size,return,returns-nonnull-attribute
fatal=$fatal,shift,signed-integer-overflow,unreachable,vla-bound,vptr
undefined="-fsanitize=$fatal,unsigned-integer-overflow -fno-sanitize-recover=$fatal"
edges=-fsanitize=fuzzer-no-link

built() { # ENGINE SANITIZER CC LIB_FUZZING_ENGINE CFLAGS
    mkdir -p "$dir/out-here" "$dir/work"
    env SRC="$dir/src" OUT="$dir/out-here" WORK="$dir/work" FUZZING_ENGINE="$1" SANITIZER="$2" ARCHITECTURE=x86_64 \
        CC="$3" CXX="$3++" LIB_FUZZING_ENGINE="$4" CFLAGS="$plain $5" CXXFLAGS="$plain $5" "$dir/src/build.sh" >"$out" 2>&1
    verdict $? "build.sh builds in a clean tree for $1 with the $2 sanitizer"
    rm -rf "$dir/elsewhere" "$dir/work"
    mv "$dir/out-here" "$dir/elsewhere" # it must not matter where it lies
}

# Whole, and alone: nothing of this machine is needed but what theirs has.
is_whole() { # PROGRAM
    test -x "$1" && grep -q LLVMFuzzerTestOneInput "$1" && grep -q '^\[libfuzzer\]' "$1.options" &&
        ! ldd "$1" | grep -vE 'linux-vdso|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|resolv)\.so|ld-linux|elsewhere/lib/' &&
        python3 -c 'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.exit(bool(z.testzip()) or not z.namelist())' \
            "$1_seed_corpus.zip"
}

is_instrumented() { # PROGRAM FUNCTIONS CALLS
    test "$(objdump -d "$1" | grep -cE "call.*<$2")" -gt "$3"
}

starts_in_libfuzzer() { # PROGRAM
    (cd / && env -i "$1" -runs=4 -seed=1337 -rss_limit_mb=2560) &&
        { ! [ -f "$1.dict" ] || env -i "$1" -dict="$1.dict" -runs=0; }
}

starts_in_afl() { # PROGRAM
    nm "$1" | grep -q __afl_manual_init && env -i "$1" "corpus/${1##*/fuzz_}"/* # its driver plays files
}

checked() { # FUNCTIONS CALLS HOW-IT-STARTS
    count=0
    for program in "$dir"/elsewhere/fuzz_*; do
        name=$(basename "$program")
        case $name in *.*) continue ;; esac
        count=$((count + 1))
        { is_whole "$program" && is_instrumented "$program" "$1" "$2" && "$3" "$program"; } >"$out" 2>&1
        verdict $? "    $name starts, is instrumented, and needs nothing that is not there"
    done
    test "$count" -eq $(($(ls fuzz/fuzz_*.c | wc -l) - 1)); verdict $? "all $count targets but the canary"
}

built libfuzzer address clang -fsanitize=fuzzer "$address $edges"
checked __asan 1000 starts_in_libfuzzer
built libfuzzer undefined clang -fsanitize=fuzzer "$undefined $edges"
checked __ubsan 169 starts_in_libfuzzer
built afl address afl-clang-fast "$(dirname "$(command -v afl-clang-fast)")/../lib/afl/libAFLDriver.a" "$address"
checked __asan 1000 starts_in_afl

# The plan of planted bugs holds: each text stands where it is said to; some of them are looked for.
fuzz/plant --quick --seconds 60 >"$out" 2>&1; verdict $? "planted bugs are found: $(sed -n 's/^planted: //p' "$out")"

end oss-fuzz
